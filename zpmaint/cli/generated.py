# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint mutate --generated`: its run, its tables, its JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from zpmaint.app.generated import Field, try_generated
from zpmaint.app.mutate import Bench
from zpmaint.cli import tables
from zpmaint.cli.context import CommandContext
from zpmaint.core import errors
from zpmaint.core.errors import UserError
from zpmaint.core.tools import need_for
from zpmaint.mutation.generated import Generated
from zpmaint.mutation.tried import OwnLine, Tried, own_of, scores
from zpmaint.mutation.values import Score, State, score


@dataclass(frozen=True)
class Wanted:
    """Which of the bugs that can be made."""

    seed: int
    count: int
    functions: tuple[str, ...]
    """Globs of functions."""
    names: tuple[str, ...] = ()
    """Globs of the bugs' names."""

    def of(self, field: Field) -> list[Generated]:
        """Those of a field. Raises UserError where there are none."""
        found = [
            one
            for one in field.mutants[: self.count]
            if not self.names or any(fnmatchcase(one.name, glob) for glob in self.names)
        ]
        if not found:
            raise UserError(
                f"none of {self.count} generated mutants has a name like {', '.join(self.names)}",
                "--list shows them",
            )
        return found


def run_generated(
    context: CommandContext, bench: Bench, wanted: Wanted, *, listed: bool, as_json: bool
) -> int:
    """Try the bugs, or list them, and tell. Gives the exit status."""
    field = Field(bench, wanted.seed, wanted.functions)
    if listed:
        _list(context, field, wanted.of(field), as_json=as_json)
        return errors.EXIT_OK
    need_for("verify", bench.build.arch)
    tried = tuple(try_generated(field, wanted.of(field)))
    result = score(tuple(one.trial for one in tried))
    own = own_of(tried, field.own, field.files)
    seconds = _seconds(tried)
    if as_json:
        context.json(
            {
                "version": str(bench.job.version),
                "arch": bench.build.arch,
                "patchset": bench.job.patchset.name,
                "profile": bench.build.profile or "default",
                "seed": wanted.seed,
                "count": wanted.count,
                "functions": list(wanted.functions),
                "of": len(field.mutants),
                "seconds": round(seconds, 1),
                "score": result.as_json(),
                "by_kind": {k: s.as_json() for k, s in scores(tried, _kind).items()},
                "by_function": {k: s.as_json() for k, s in scores(tried, _function).items()},
                "by_ring": {k: s.as_json() for k, s in scores(tried, _ring).items()},
                "own_lines": [line.as_json() for line in own],
                "mutants": [one.as_json() for one in tried],
            }
        )
        return exit_status(tried)
    _table(context.out, "kind", scores(tried, _kind))
    _table(context.out, "function", scores(tried, _function))
    _survivors(context.out, tried)
    _own(context.out, own)
    _score(context.out, f"{bench.job.version}, seed {wanted.seed}", result, len(field.mutants))
    if seconds:
        context.out.print(f"{seconds / len(tried):.1f} s of builds and boots each", markup=False)
    return exit_status(tried)


def exit_status(tried: Sequence[Tried]) -> int:
    """1 if a bug survives that nobody argues away or one is caught that somebody does, else 3 if
    one came to nothing."""
    states = {one.trial.state for one in tried}
    if states & {State.SURVIVED, State.WRONG}:
        return errors.EXIT_KERNEL
    return errors.EXIT_INFRA if State.UNDECIDED in states else errors.EXIT_OK


def _kind(one: Tried) -> str:
    return one.mutant.kind


def _function(one: Tried) -> str:
    return one.mutant.function


def _ring(one: Tried) -> str:
    return one.ring.name.lower()


def _seconds(tried: Sequence[Tried]) -> float:
    """Of builds and boots, in this run or an earlier one."""
    return sum(one.trial.build_seconds + one.trial.boot_seconds for one in tried)


def _list(
    context: CommandContext, field: Field, chosen: Sequence[Generated], *, as_json: bool
) -> None:
    if as_json:
        context.json(
            [
                {
                    "name": one.name,
                    "kind": one.kind,
                    "operator": one.operator,
                    "file": one.file,
                    "function": one.function,
                    "line": one.line,
                    "ring": field.rings[one.name].name.lower(),
                    "diff": one.diff,
                }
                for one in chosen
            ]
        )
        return
    for one in chosen:
        context.out.print(f"{one.name}: {one.kind}\n{one.diff}", markup=False, soft_wrap=True)
    context.out.print(f"{len(chosen)} of {len(field.mutants)}", markup=False)


_COLUMNS: tuple[tuple[str, Callable[[Score], int]], ...] = (
    ("noticed", lambda one: one.caught),
    ("of", lambda one: one.of),
    ("equivalent", lambda one: one.equivalent),
    ("same object", lambda one: one.same),
    ("not run", lambda one: one.unrun),
    ("not compiled", lambda one: one.broken),
    ("not decided", lambda one: one.undecided),
)


def _table(out: Console, by: str, found: dict[str, Score]) -> None:
    table = Table(box=tables.BOX)
    table.add_column(by)
    for title, _ in _COLUMNS:
        table.add_column(title, justify="right")
    for word, one in found.items():
        table.add_row(escape(word), *(str(count(one)) for _, count in _COLUMNS))
    out.print(table)


def _survivors(out: Console, tried: Sequence[Tried]) -> None:
    titles = {
        State.SURVIVED: "nobody noticed",
        State.WRONG: "argued to change nothing, and noticed",
        State.EQUIVALENT: "argued to change nothing",
        State.UNDECIDED: "not decided",
    }
    for state, title in titles.items():
        for one in tried:
            if one.trial.state is state:
                why = f": {one.trial.why}" if one.trial.why else ""
                out.print(
                    f"{title}: {one.mutant.name} ({one.mutant.kind}){why}\n{one.mutant.diff}",
                    markup=False,
                    soft_wrap=True,
                )


def _own(out: Console, own: Sequence[OwnLine]) -> None:
    for line in own:
        if line.tried and not line.noticed:
            out.print(
                f"none of {line.tried} noticed: {line.file}:{line.line}: {line.text}",
                markup=False,
                soft_wrap=True,
            )
    if without := sum(not line.tried for line in own):
        out.print(
            f"{without} of the patch's {len(own)} lines, or beside what it takes away, had no "
            "bug to tell by",
            markup=False,
            soft_wrap=True,
        )


def _score(out: Console, what: str, result: Score, of: int) -> None:
    parts = [
        f"{result.equivalent} argued equivalent",
        f"{result.same} the same object",
        f"{result.unrun} in statements that no case runs",
        f"{result.broken} not compiled",
        f"{result.boot} of the noticed died before the first case",
    ]
    if result.undecided:
        parts.append(f"{result.undecided} not decided: the same command tries them again")
    out.print(
        f"{what}: {result.caught} of {result.of} generated mutants noticed "
        f"({100 * result.share:.1f}%); {', '.join(parts)}; {of} can be made",
        markup=False,
        soft_wrap=True,
    )
