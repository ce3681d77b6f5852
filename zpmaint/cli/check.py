# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint check`: whether a downloaded file is what was published."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from zpmaint.app.applying import Files, applies, of_tree
from zpmaint.app.vouching import trusted, vouched
from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core.checked import Check, State
from zpmaint.publish.archive import unpacked
from zpmaint.publish.checks import Checked, worst
from zpmaint.publish.hold import held, read_file
from zpmaint.publish.offer import ARCHIVE, PATCH

_SIGNS = {State.GOOD: "\N{CHECK MARK}", State.BAD: "\N{MULTIPLICATION X}", State.UNKNOWN: "?"}
_STYLES = {State.GOOD: "green", State.BAD: "bold red", State.UNKNOWN: "yellow"}


@click.command(
    epilog="Exit status: 0 all good, 1 a file is not what was published or does not apply, 2 a "
    "mistake in the words, 3 it cannot be told: no key, no list, a program that is missing."
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option(
    "--against", type=click.Path(path_type=Path), metavar="DIR|SHA256SUMS|STATEMENT",
    help="A downloaded site or list, or a statement (.intoto.json). Default: the nearest "
    "SHA256SUMS above FILE, and the statement beside it.",
)  # fmt: skip
@click.option(
    "--key", "keys", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
    help="A public key that you trust, of gpg or minisign; may be given several times. Default: "
    "all of the folder keys/ in zpmaint's state.",
)  # fmt: skip
@click.option(
    "--tree", type=click.Path(path_type=Path), help="Also try it on this kernel's sources.",
)  # fmt: skip
@click.option("--version", "version", metavar="VERSION", help="Also try it on this kernel's files.")
@options.source
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    files: tuple[Path, ...],
    against: Path | None,
    keys: tuple[Path, ...],
    tree: Path | None,
    version: str | None,
    sources: tuple[str, ...],
    as_json: bool,
) -> int:
    """Say whether a downloaded patch, archive or SHA256SUMS is what was published: its digest, the
    signature of the list of digests, the statement. Nothing is fetched, but for --version.

    \b
    Examples:
      zpmaint check site/SHA256SUMS --key operator.asc
      zpmaint check 6.12.107-x86_64.patch --against SHA256SUMS --key operator.asc
      zpmaint check 6.12.107-x86_64.patch --against SHA256SUMS --tree ~/linux-6.12.107
    """
    if tree and version:
        raise click.UsageError("--tree and --version are two kernels")
    vouch = partial(vouched, keys=trusted(keys))
    found = [held(file, against, vouch) for file in files]
    if tree or version:
        kernel = of_tree(tree) if tree else _of_version(context, version or "", sources)
        onto = str(tree or version)
        found = [_tried(one, file, kernel, onto) for one, file in zip(found, files, strict=True)]
    if as_json:
        context.json([one.as_json() for one in found])
    else:
        _show(context, found)
    return worst(found)


def _of_version(context: CommandContext, version: str, sources: tuple[str, ...]) -> Files:
    session = context.session
    chain = session.chain(sources, () if sources else session.names_for(version))
    return partial(chain.blobs, session.resolve(version, chain))


def _tried(one: Checked, file: Path, kernel: Files, onto: str) -> Checked:
    """With whether it applies; a list and a statement have nothing to apply."""
    if not file.name.endswith((PATCH, ARCHIVE)):
        return one
    data = read_file(file)
    try:
        patches = unpacked(data) if file.name.endswith(ARCHIVE) else [data]
    except ValueError as error:
        check = Check("applies", State.BAD, str(error))
    else:
        check = applies(patches, kernel, onto)
    return replace(one, checks=(*one.checks, check))


def _show(context: CommandContext, found: list[Checked]) -> None:
    table = Table(box=tables.BOX)
    for title in ("file", "check", "state", "what is known"):
        table.add_column(title, overflow="fold")
    for one in found:
        for number, check in enumerate(one.checks):
            words = f"{check.words} ({check.hint})" if check.hint else check.words
            state = Text(f"{_SIGNS[check.state]} {check.state}", _STYLES[check.state])
            table.add_row(Text("" if number else one.name), Text(check.what), state, Text(words))
    context.out.print(table)
