# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint import`: take over a patch that people hold, put right what damaged it."""

from __future__ import annotations

from pathlib import Path

import click

from zpmaint.cli import options, writable
from zpmaint.cli.context import CommandContext, pass_context


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--base", required=True, metavar="VERSION", help="The kernel it was made for.")
@options.source
@click.option(
    "--out",
    type=writable.FOLDER,
    help="The patch set's folder: gets vVERSION.patch (of several patches the folder vVERSION) "
    "and, where it has none, a patch.toml. Default: standard output.",
)
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    file: Path,
    base: str,
    sources: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Take over the patch, mail, thread or queue in FILE, made for the kernel VERSION.

    Whatever lies around a patch is taken off: compression, an encoding, a mail's parts, a page's
    markup. A patch that fits its base stays as it is, with author, subject and message; one that
    does not is mended: lost indentation, tabs turned to spaces, wrapped lines, HTML entities,
    quote marks, lost trailing blanks, CRLF. Context and removed lines are taken from the base
    itself, added lines are judged by it; a line that cannot be placed is named, and nothing is
    written.

    \b
    Example:
      zpmaint import posting.txt --base 2.6.20 --source git:/srv/linux --out patches/mine/
    """
    from zpmaint.app.import_ import import_series, written  # noqa: PLC0415
    from zpmaint.app.new_set import patch_toml  # noqa: PLC0415
    from zpmaint.app.patch_files import read_file  # noqa: PLC0415
    from zpmaint.core.files import write_whole  # noqa: PLC0415
    from zpmaint.core.text import to_bytes  # noqa: PLC0415
    from zpmaint.core.versions import KernelVersion  # noqa: PLC0415
    from zpmaint.diffs.series import read_series  # noqa: PLC0415

    session = context.new_session
    version = KernelVersion.parse(base)
    series = read_series(file, read_file)
    name = file.name or file.resolve().name
    chain = session.chain(sources)
    with session.reporter.step(f"import {name} against {version}"):
        done = import_series(series, lambda paths: chain.blobs(version, paths))
    notes = [
        *series.notes,
        *(f"left out: {name}: {why}" for name, why in series.left_out),
        *(f"{one.name}: {note}" if len(done) > 1 else note for one in done for note in one.notes),
    ]
    made: list[Path] = []
    if out:
        files = written(out, version.tag, done)
        named = files[0][0].name if len(done) == 1 else version.tag
        table = out / "patch.toml"
        if not table.exists():
            files.append((table, to_bytes(patch_toml(done, version, name, named))))
        elif named not in table.read_text(encoding="utf-8", errors="replace"):
            notes.append(f"{table} is there: add an [[anchor]] with file = {named!r} to it")
        for place, data in files:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, data)
            made.append(place)
    whole = "".join(one.patch for one in done)
    if as_json:
        context.json(
            {
                "base": str(version),
                "patches": [
                    {"name": one.name, "mended": one.is_mended, "notes": list(one.notes)}
                    for one in done
                ],
                "patch": whole,
                "written": made[0] if made else None,
                "files": made,
                "notes": notes,
            }
        )
        return
    if not made:
        click.echo(to_bytes(whole), nl=False)
    for note in notes:
        context.err.print(note, markup=False)
    for place in made:
        context.out.print(f"written: {place}", markup=False)
