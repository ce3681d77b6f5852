# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint bench`: the full memory benchmark."""

from __future__ import annotations

import re
from pathlib import Path

import click

from zpmaint.app.bench import Asked, measure
from zpmaint.app.benchmarks import document, judged, recorded
from zpmaint.app.job import Job
from zpmaint.build.options import BuildOptions
from zpmaint.cli import bench_tables, options, writable
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.core.errors import UserError
from zpmaint.core.files import write_whole
from zpmaint.publish.bench import trade_svg
from zpmaint.publish.facts import facts_of
from zpmaint.publish.kernels import lines_of, picture
from zpmaint.publish.kernels import table as kernels_table
from zpmaint.vm.profiles import Accelerator

_SIZES = "1M,4M,16M,64M,128M,512M"
_PAGE = 4096
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_KVM_RUNS = 11


def _sizes(_: click.Context, __: click.Parameter, text: str) -> tuple[int, ...]:
    pages = set()
    for word in text.split(","):
        found = re.fullmatch(r"(\d+)([KMG])", word.strip(), re.I)
        size = int(found[1]) * _UNITS[found[2].upper()] if found else 0
        if not size or size % (16 * _PAGE):
            raise UserError(f"--size: {word!r} is no size", "write multiples of 64K as 1M,16M,1G")
        pages.add(size // _PAGE)
    return tuple(sorted(pages))


@click.command()
@click.argument("version", required=False)
@click.option("--pattern", default="*", metavar="GLOB", show_default=True, help="Which patterns.")
@click.option(
    "--size", "pages", default=_SIZES, metavar="SIZE,...", show_default=True, callback=_sizes,
    help="Sizes of memory; what a guest cannot hold is left out with its reason.",
)  # fmt: skip
@click.option("--thp", is_flag=True, help="Measure with huge pages, too.")
@click.option("--runs", type=click.IntRange(min=1), help=f"With --accel kvm: how often "
              f"(default: {_KVM_RUNS}). Counted instructions are the same each time.")  # fmt: skip
@click.option("--again", is_flag=True, help="Measure even what is known: it has to repeat.")
@click.option(
    "--svg", type=writable.FILE,
    help="Write the break-even as a picture; without VERSION all recorded kernels side by side.",
)  # fmt: skip
@click.option("--table", is_flag=True, help="All recorded kernels as a Markdown table.")
@options.booting
@pass_context
def command(
    context: CommandContext,
    *,
    version: str | None,
    pattern: str,
    pages: tuple[int, ...],
    thp: bool,
    runs: int | None,
    again: bool,
    svg: Path | None,
    table: bool,
    build: BuildOptions,
    patch: str | None,
    sources: tuple[str, ...],
    accelerator: Accelerator,
    as_json: bool,
) -> int:
    """Measure VERSION stock and patched: reads, writes, copies, forks, a sparse matrix, sizes from
    1 MB to what the guest holds, and from which share of later-written pages on the patch pays.

    One boot of each kernel; what was measured is kept, and the same is not measured twice.
    Instructions are counted, so that a run repeats to the digit, and so does the JSON.

    \b
    Examples:
      zpmaint bench 6.12.y --thp
      zpmaint bench v2.6.21 --pattern 'mixed*' --size 16M --svg break-even.svg
      zpmaint bench --table > BENCHMARK.md
      zpmaint bench --svg kernels.svg
    """
    if version is None:
        return _all(context, patch, svg=svg, table=table, as_json=as_json)
    if table:
        raise UserError("--table is of all recorded kernels", "leave VERSION out")
    if runs and accelerator.is_deterministic:
        raise UserError("--runs: counted instructions are the same each time", "--accel kvm")
    job = Job.take(context.session, version, patch, sources)
    record = measure(
        job,
        Asked(pattern, pages, thp, 1 if accelerator.is_deterministic else runs or _KVM_RUNS),
        build=build,
        accelerator=accelerator,
        again=again,
    )
    found = judged(record)
    if svg:
        write_whole(svg, trade_svg(record, found))
    if as_json:
        context.json(document(record))
    else:
        bench_tables.benchmark(context.out, record, found)
    return errors.EXIT_KERNEL if found.failures else errors.EXIT_OK


def _all(
    context: CommandContext, patch: str | None, *, svg: Path | None, table: bool, as_json: bool
) -> int:
    if not (svg or table or as_json):
        raise UserError("which kernel?", "name one, or ask for --table, --svg or --json of all")
    session = context.session
    name = session.patchset(patch).name
    records = recorded(session, name)
    both = [(record, judged(record)) for record in records]
    verified = [
        (record.version, record.arch, facts_of(record).passes)
        for record in session.ledger.all_latest()
        if record.patchset == name
    ]
    lines = lines_of(both, verified)
    if not lines:
        raise UserError(f"no benchmark of {name} yet", "begin with: zpmaint bench 6.12.y --thp")
    if svg:
        write_whole(svg, picture(lines))
    if table:
        click.echo(kernels_table(lines), nl=False)
    if as_json:
        context.json([document(record) for record in records])
    return errors.EXIT_KERNEL if any(found.failures for _, found in both) else errors.EXIT_OK
