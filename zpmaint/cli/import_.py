"""`zpmaint import`: mend a patch that a web page or a mailer damaged."""

from __future__ import annotations

from pathlib import Path

import click

from zpmaint.cli import options
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core.files import write_whole
from zpmaint.core.text import to_bytes, to_text
from zpmaint.core.versions import KernelVersion
from zpmaint.mend.mend import mend, paths_in


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--base", required=True, metavar="VERSION", help="The kernel it was made for.")
@options.source
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for vVERSION.patch (default: standard output).",
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
    """Mend the patch in FILE against the blobs of the kernel it was made for.

    Lost indentation, tabs turned to spaces, wrapped lines, HTML entities, quote marks, lost
    trailing blanks, CRLF and text around the patch are put right. Context and removed lines are
    taken from the base itself; a line that cannot be placed is named, and nothing is written.

    \b
    Example:
      zpmaint import posting.txt --base 2.6.20 --source git:/srv/linux --out patches/mine/
    """
    session = context.session
    posting = to_text(file.read_bytes())
    version = KernelVersion.parse(base)
    paths = paths_in(posting, str(file))
    with session.reporter.step(f"mend {file.name} against {version}"):
        mended = mend(
            posting, session.chain(sources).blobs(version, paths), name=str(file), base=str(version)
        )
    written = None
    if out:
        written = out / f"{version.tag}.patch"
        write_whole(written, to_bytes(mended.patch))
    if as_json:
        context.json(
            {
                "base": str(version),
                "paths": list(paths),
                "patch": mended.patch,
                "written": written,
                "notes": list(mended.notes),
            }
        )
        return
    if not written:
        click.echo(to_bytes(mended.patch), nl=False)
    for note in mended.notes:
        context.err.print(note, markup=False)
    if written:
        context.out.print(f"written: {written}", markup=False)
