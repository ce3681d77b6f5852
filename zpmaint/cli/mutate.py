# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint mutate`: how good the suite is, by the planted bugs that it notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from zpmaint.app.job import Job
from zpmaint.app.mutate import Bench, mutate
from zpmaint.build.options import BuildOptions
from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.cli.generated import Wanted, run_generated
from zpmaint.core import errors
from zpmaint.core.errors import UserError
from zpmaint.core.tools import need_for
from zpmaint.mutation.load import load_mutants, select
from zpmaint.mutation.values import Catch, Mutant, Placed, Score, State, Trial, score
from zpmaint.vm.profiles import Accelerator

_STYLES = {
    State.CAUGHT: "green",
    State.BOOT: "cyan",
    State.SURVIVED: "bold red",
    State.EQUIVALENT: "yellow",
    State.WRONG: "bold red",
    State.UNPLACED: "yellow",
    State.BROKEN: "bold red",
    State.UNDECIDED: "yellow",
}
_SHOWN = 3  # cases named in the table; the rest is counted


@click.command()
@click.argument("version", required=False)
@click.option(
    "--mutant",
    "globs",
    multiple=True,
    metavar="GLOB",
    help="Only the mutants with such a name; may be given several times.",
)
@click.option(
    "--list",
    "listed",
    is_flag=True,
    help="List the mutants (with a VERSION: whether each can be placed there); plant none.",
)
@click.option(
    "--brief",
    is_flag=True,
    help="Go no further than to the first cases that notice: quicker, and the table names fewer.",
)
@click.option(
    "--generated",
    is_flag=True,
    help="Not the declared ones: bugs made of the patched source by operators.toml's operators.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Of --generated: which are drawn."
)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=400,
    show_default=True,
    help="Of --generated: how many; a greater count goes on from a smaller one.",
)
@click.option(
    "--functions",
    multiple=True,
    metavar="GLOB",
    help="Of --generated: only in functions of such a name; may be given several times.",
)
@options.booting
@pass_context
def command(
    context: CommandContext,
    *,
    version: str | None,
    globs: tuple[str, ...],
    listed: bool,
    brief: bool,
    generated: bool,
    seed: int,
    count: int,
    functions: tuple[str, ...],
    build: BuildOptions,
    patch: str | None,
    sources: tuple[str, ...],
    accelerator: Accelerator,
    as_json: bool,
) -> int:
    """Plant bugs in the patched kernel, one by one, and see which cases notice.

    The bugs are those of the patch set's mutants.toml. Each costs one object, a link and a boot
    with the suite; a mutant that was tried before with the same inputs is not tried again. Exits
    with 1 where a mutant survives that is not argued to change nothing, or one is caught that is.

    With --generated the bugs are made of the patched source, and each is tried until the first
    witness (docs/mutation.md).

    \b
    Examples:
      zpmaint mutate 7.2.8
      zpmaint mutate 2.6.21 --mutant 'cow-*' --json
      zpmaint mutate --list
      zpmaint mutate 6.12.y --generated --count 100 --functions 'do_wp_*'
    """
    if generated:
        if version is None or brief:
            raise UserError(
                "--generated wants a VERSION, and does not go with --brief: it is",
                "zpmaint mutate 6.12.y --generated [--seed N] [--count N] [--functions GLOB]",
            )
        job = Job.take(context.session, version, patch, sources)
        bench = Bench.lay(job, build=build, accelerator=accelerator)
        wanted = Wanted(seed, count, functions, globs)
        return run_generated(context, bench, wanted, listed=listed, as_json=as_json)
    patchset = context.session.patchset(patch)
    mutants = select(load_mutants(patchset.folder), globs)
    if version is None:
        if not listed:
            raise UserError("which kernel?", "name one: zpmaint mutate 6.12.y; or give --list")
        _list(context, mutants, None, as_json=as_json)
        return errors.EXIT_OK
    if not listed:
        need_for("verify", build.arch)
    job = Job.take(context.session, version, patch, sources)
    bench = Bench.lay(job, build=build, accelerator=accelerator, brief=brief)
    if listed:
        _list(context, mutants, bench, as_json=as_json)
        return errors.EXIT_OK
    trials = tuple(mutate(bench, mutants))
    result = score(trials)
    if as_json:
        context.json(
            {
                "version": str(job.version),
                "arch": build.arch,
                "patchset": patchset.name,
                "profile": build.profile or "default",
                "brief": brief,
                "score": result.as_json(),
                "mutants": [trial.as_json() for trial in trials],
                "cases": _by_case(trials),
            }
        )
    else:
        _table(context.out, trials)
        _score(context.out, str(job.version), result)
    return exit_status(trials)


def exit_status(trials: Sequence[Trial]) -> int:
    """2 if the data is wrong, else 1 if a mutant survives that matters, else 3 if one came to
    nothing."""
    states = {trial.state for trial in trials}
    if State.BROKEN in states:
        return errors.EXIT_USER
    if any(state.is_fault for state in states):
        return errors.EXIT_KERNEL
    return errors.EXIT_INFRA if State.UNDECIDED in states else errors.EXIT_OK


def _by_case(trials: Sequence[Trial]) -> dict[str, int]:
    """How many mutants each case caught."""
    found = Counter(c.case for trial in trials for c in trial.catches if c.case)
    return dict(sorted(found.items()))


def _list(
    context: CommandContext, mutants: Sequence[Mutant], bench: Bench | None, *, as_json: bool
) -> None:
    placed = {m.name: bench.place(m) if bench else None for m in mutants}
    if as_json:
        context.json(
            [
                {
                    "name": m.name,
                    "kind": m.kind,
                    "why": m.why,
                    "needs": dict(m.needs),
                    "texts": len(m.texts),
                }
                | ({"placed": isinstance(placed[m.name], Placed)} if bench else {})
                for m in mutants
            ]
        )
        return
    table = _columns("mutant", "kind", "placed" if bench else "texts", "why")
    for mutant in mutants:
        at = placed[mutant.name]
        where = "yes" if isinstance(at, Placed) else at
        table.add_row(
            mutant.name, mutant.kind, escape(where or str(len(mutant.texts))), escape(mutant.why)
        )
    context.out.print(table)


def _columns(*titles: str) -> Table:
    table = Table(box=tables.BOX)
    for title in titles:
        table.add_column(title, justify="right" if title == "wall" else "left")
    return table


def _table(out: Console, trials: Sequence[Trial]) -> None:
    table = _columns("mutant", "kind", "", "caught by", "how", "wall")
    for trial in trials:
        table.add_row(
            trial.mutant,
            trial.kind,
            Text(str(trial.state), style=_STYLES[trial.state]),
            escape(_cases(trial.catches)),
            escape(", ".join(dict.fromkeys(str(c.how) for c in trial.catches)))
            or ("same image" if trial.same_image else "-"),
            "known" if trial.known else f"{trial.build_seconds + trial.boot_seconds:.1f} s",
        )
    out.print(table)
    for trial in trials:
        if trial.why:
            out.print(f"  {trial.mutant}: {trial.why}", markup=False, soft_wrap=True)


def _cases(catches: Sequence[Catch]) -> str:
    names = list(dict.fromkeys(c.case for c in catches if c.case))
    if not names:
        return catches[0].said if catches else "-"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _score(out: Console, version: str, result: Score) -> None:
    parts = [
        f"{result.equivalent} argued equivalent",
        f"{result.unplaced} not placed",
        f"{result.boot} of the caught died before the first case",
    ]
    if result.undecided:
        parts.append(f"{result.undecided} not decided: the same command tries them again")
    if result.broken:
        parts.append(f"{result.broken} do not build")
    out.print(
        f"{version}: {result.caught} of {result.of} mutants caught "
        f"({100 * result.share:.1f}%); {', '.join(parts)}",
        markup=False,
        soft_wrap=True,
    )
