# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint port`: carry the patch onto a kernel."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from zpmaint.app.compile import compiled_port, compiled_series
from zpmaint.app.job import Job
from zpmaint.app.patch_files import read_file
from zpmaint.app.series import check_out, port_series_onto, write_series
from zpmaint.app.written import write_port
from zpmaint.cli import options, series_tables, tables, writable
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.cli.kernel_asked import kernel_to_fetch
from zpmaint.core import errors
from zpmaint.diffs.series import joined, load_series
from zpmaint.port.values import Port, State


@click.command(
    epilog="The patch goes to DIR/vVERSION.patch with --out (a series to the folder DIR/vVERSION), "
    "else to standard output; the table goes to standard error then. Exit status 1 on a conflict."
)
@options.porting
@options.anchor
@click.option(
    "--min-confidence",
    type=click.FloatRange(0.0, 1.0),
    metavar="N",
    help="Hold back a port with a hunk that is less sure than this: a conflict that says so. "
    "Default: the min_confidence of patch.toml, else 0.",
)
@click.option("--out", type=writable.FOLDER, help="Folder for VERSION.patch.")
@click.option(
    "--series",
    "series",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Port this series in place of a patch set: a folder with a file `series` (quilt), a "
    "folder of `git format-patch`, or an mbox. Several go on top of one another.",
)
@click.option("--base", metavar="VERSION", help="The kernel that the series was cut against.")
@click.option(
    "--keep-going", is_flag=True, help="Of a series, also try the patches after a conflict."
)
@click.option(
    "--look-for-names/--no-look-for-names",
    default=None,
    help="Of a series, look in both kernels' trees for every name that a patch brings to a file: "
    "what upstream took away is a conflict then. Done where --base is given, unless it is "
    "refused; the first time a kernel is asked, its names are indexed, in a minute or two.",
)
@click.option(
    "--compile/--no-compile",
    "compiles",
    default=None,
    help="Compile the objects of the files that the port touches, of stock and of the port: what "
    "stock compiles and the port does not is a conflict. Done where the kernel's tree is at hand "
    "unpacked, unless it is refused; of a series then for the files of the patches that were "
    "carried on. --compile fetches and unpacks what is needed, and takes all files.",
)
@options.arch
@click.option(
    "-v", "--verbose", is_flag=True, help="Of a series that is a patch set, each hunk as well."
)
@click.option(
    "--branch",
    metavar="REPO[:NAME]",
    help="Write the ported patches as commits on top of the kernel's tag, in this git repository; "
    "no work tree, index or HEAD is touched. NAME is PATCHSET/{version} if not given. VERSION may "
    "be `tracked`: all kernels of kernels.toml.",
)
@click.option("--push", metavar="REMOTE", help="With --branch: push it to this remote, too.")
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    version: str,
    patch: str | None,
    sources: tuple[str, ...],
    anchor: str | None,
    min_confidence: float | None,
    out: Path | None,
    series: tuple[Path, ...],
    base: str | None,
    keep_going: bool,
    look_for_names: bool | None,
    compiles: bool | None,
    arch: str,
    verbose: bool,
    branch: str | None,
    push: str | None,
    as_json: bool,
) -> int:
    """Port the patch onto VERSION (also what `uname -r` answers) and say how each hunk was placed.

    States: applies (as it is, perhaps at an offset), ported (carried on to changed code),
    upstream (the kernel already behaves so), superseded (another anchor is the start), conflict.

    \b
    Examples:
      zpmaint port v2.6.21 --source git:/srv/linux --out ported/
      zpmaint port 6.12.y --json
      zpmaint port 6.12.y | patch -p1 -d linux-6.12
      zpmaint port 6.12.y --min-confidence 0.9
      zpmaint port 6.12.y --compile --out ported/
      zpmaint port 6.12.y --compile --arch arm64 --out ported/
      zpmaint port 6.12.107 --series debian/patches --base 6.12.94 --out ported/
      zpmaint port 6.12.107 --branch /srv/linux:mine-6.12
      zpmaint port tracked --branch /srv/linux --push origin
    """
    if push and not branch:
        raise click.UsageError("--push goes with --branch")
    if branch:
        from zpmaint.cli import port_branch  # noqa: PLC0415  (it knows the matrix)

        if series or out:
            raise click.UsageError("--branch writes a patch set's port; not with --series, --out")
        asked = port_branch.Asked(branch, patch, sources, push, as_json)
        every = version == port_branch.TRACKED
        versions = (
            port_branch.kernels(context.session, asked) if every else [kernel_to_fetch(version)]
        )
        held = (anchor, min_confidence, compiles, arch)
        return port_branch.run(context, asked, versions, lambda job: _ported(job, *held))
    version = kernel_to_fetch(version)
    if series:
        if patch or anchor:
            raise click.UsageError("--series takes the place of --patch and --anchor")
        return _series(
            context,
            version=version,
            sources=sources,
            places=series,
            base=base,
            min_confidence=min_confidence,
            out=out,
            keep_going=keep_going,
            look_for_names=look_for_names,
            compiles=compiles,
            arch=arch,
            as_json=as_json,
        )
    if base or keep_going or look_for_names is not None:
        raise click.UsageError("--base, --keep-going and --look-for-names are for --series")
    job = Job.take(context.session, version, patch, sources)
    result = _ported(job, anchor, min_confidence, compiles, arch)
    written = write_port(job.patchset, result, out) if out and result.patch else None
    if as_json:
        context.json(result.as_json())
    elif out or not result.patch:
        series_tables.port(context.out, result, each_hunk=verbose)
        if written:
            context.out.print(f"written: {written}", markup=False)
    else:
        series_tables.port(context.err, result, each_hunk=verbose)
        click.echo(result.patch.encode("utf-8", "surrogateescape"), nl=False)
    # What the options alone hold back is nothing that resolve would lay out.
    if result.state is State.CONFLICT and not (as_json or anchor or min_confidence):
        context.err.print(f"next: {job.command('resolve')}", markup=False, soft_wrap=True)
    return errors.EXIT_OK if result.state.leads_on else errors.EXIT_KERNEL


def _ported(
    job: Job, anchor: str | None, min_confidence: float | None, compiles: bool | None, arch: str
) -> Port:
    return compiled_port(
        job.session,
        job.held_to(min_confidence),
        job.chain,
        job.port(anchor, min_confidence),
        asked=compiles,
        arch=arch,
    )


def _series(
    context: CommandContext,
    *,
    version: str,
    sources: tuple[str, ...],
    places: tuple[Path, ...],
    base: str | None,
    min_confidence: float | None,
    out: Path | None,
    keep_going: bool,
    look_for_names: bool | None,
    compiles: bool | None,
    arch: str,
    as_json: bool,
) -> int:
    """Port a series; the folder is written whatever came of it, with what went in."""
    if out is None and not as_json:
        raise click.UsageError("--series wants --out FOLDER for the ported patches (or --json)")
    if out is not None:
        check_out(out)
    session = context.session
    chain = session.chain(sources, () if sources else session.names_for(version))
    carry = partial(
        port_series_onto,
        session,
        joined([load_series(place, read_file) for place in places]),
        session.resolve(version, chain),
        chain,
        base=session.resolve(base, chain) if base else None,
        keep_going=keep_going,
        look_for_names=look_for_names is not False,
        min_confidence=min_confidence or 0.0,
    )
    result = compiled_series(
        session,
        chain,
        carry(),
        lambda refused: carry(refused=refused),
        asked=compiles,
        min_confidence=min_confidence or 0.0,
        arch=arch,
    )
    if out is not None:
        write_series(result, out)
    if as_json:
        context.json(result.as_json())
    else:
        tables.series(context.out, result)
        context.out.print(f"written: {out}", markup=False)
    return errors.EXIT_OK if result.is_whole else errors.EXIT_KERNEL
