# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint works`: does the patch work on the kernel that runs here?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from zpmaint.app.running_kernel import identified, own_answer
from zpmaint.cli import options, writable
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.core.errors import UserError, cause
from zpmaint.core.files import write_whole
from zpmaint.core.kernel_names import KernelName
from zpmaint.core.shown import visible
from zpmaint.publish.known import Found, How, found_for, known_in_status, known_of, parsed
from zpmaint.publish.offer import attempt_of, patch_file
from zpmaint.publish.reading import InLedger
from zpmaint.publish.rows import Row, rows_of


@click.command(
    epilog="Exit status 0: the patch holds on this very kernel; 1: it does not; 3: that is not "
    "known. Without WORDS it is asked of this machine."
)
@click.argument("words", nargs=-1, metavar="[WORDS]...")
@click.option(
    "--status",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Ask this status.json of a published page in place of the ledger.",
)
@options.patch
@click.option(
    "--out",
    type=writable.FOLDER,
    help="Write the patch that was verified on the nearest kernel to this folder.",
)
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    words: tuple[str, ...],
    status: Path | None,
    patch: str | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Say whether the patch works on a kernel: this machine's, or the one that WORDS name.

    WORDS are what `uname -r`, `uname -a`, /proc/version or /proc/version_signature answer, or the
    name of a distribution's package. Told are the kernel that it stands on and how that is known,
    what was found on it, the file, its checksum, what it costs and how to apply it.

    \b
    Examples:
      zpmaint works
      zpmaint works 6.12.107+deb13-amd64
      zpmaint works --status site/status.json Ubuntu 6.8.0-64.67-generic 6.8.12
    """
    answer = " ".join(words) if words else own_answer()
    name = identified(answer)
    if status:
        if out:
            raise UserError("--out takes the patch from the ledger", "leave --status out")
        known = known_in_status(_document(status), _set_name(context, status, patch))
        found, rows = found_for(name, known), []
    else:
        rows = _rows(context, patch, name.series)
        found = found_for(name, known_of(rows))
    written = _write(found, rows, out) if out else None
    if as_json:
        context.json(_as_json(answer, name, found))
    else:
        for line in _lines(answer, name, found, from_status=bool(status), written=written):
            click.echo(visible(line))
    if found.holds is None:
        return errors.EXIT_INFRA
    return errors.EXIT_OK if found.holds else errors.EXIT_KERNEL


def _lines(
    answer: str, name: KernelName, found: Found, *, from_status: bool, written: Path | None
) -> list[str]:
    base = (
        f", {name.base_text}{'.y' if name.exactness == 'series only' else ''}" if name.base else ""
    )
    lines = [f"kernel   {answer}", f"         {name.exactness}{base}: {name.how}"]
    facts = [name.distribution, name.arch]
    lines += [f"         {', '.join(filter(None, facts))}"] if any(facts) else []
    lines += [f"better   {name.better}"] if name.better and found.how is not How.THIS else []
    lines += [f"note     {name.warning}"] if name.warning else []
    lines += [f"found    {found.words}"]
    for one in found.kernels:
        profile = f" {one.profile}" if one.profile else ""
        lines.append(f"         {one.version} {one.arch}{profile}: {one.look}  ({one.verified})")
        lines += [f"           why    {one.why}"] if one.why and not one.patch else []
        lines += [f"           costs  {one.cost}"] if one.cost else []
        if one.patch and one.good:
            lines.append(f"           file   {one.patch}")
            lines += [f"           sha256 {one.sha256}"] if one.sha256 else []
    good = next((one for one in found.kernels if one.good and one.patch), None)
    if good and from_status:
        lines.append(f"apply    patch -p1 -F0 < {good.patch}   (in the kernel's source)")
    elif good:
        where = written or f"ported/v{good.version}.patch"
        lines += [] if written else [f"get      zpmaint works {good.version} --out ported/"]
        lines.append(f"apply    patch -p1 -F0 < {where}   (in the kernel's source)")
    return lines


def _as_json(answer: str, name: KernelName, found: Found) -> dict[str, Any]:
    return {
        "answer": answer,
        "kernel": {
            "exactness": str(name.exactness),
            "base": name.base_text or None,
            "series": name.series or None,
            "package": str(name.package) if name.package else None,
            "likely": str(name.likely) if name.likely else None,
            "distribution": name.distribution or None,
            "tree": str(name.tree) if name.base else None,
            "arch": name.arch or None,
            "how": name.how,
            "better": name.better or None,
            "warning": name.warning or None,
        },
        "found": str(found.how),
        "words": found.words,
        "holds": found.holds,
        "kernels": [
            {
                "version": str(one.version),
                "arch": one.arch,
                "profile": one.profile or None,
                "state": one.state,
                "good": one.good,
                "why": one.why or None,
                "verified": one.verified,
                "costs": one.cost or None,
                "patch": one.patch or None,
                "sha256": one.sha256 or None,
                "page": one.page or None,
            }
            for one in found.kernels
        ],
    }


def _rows(context: CommandContext, patch: str | None, series: str) -> list[Row]:
    """The rows of the asked patch set in one series; none where it is not told which."""
    session = context.session
    name = session.patchset(patch).name
    kernels = InLedger(session.ledger)
    asked = [
        one
        for one in kernels.states
        if one[2] == name and (version := parsed(one[0])) and version.series == series
    ]
    return rows_of(session.config, kernels.of(asked, {}), name)


def _write(found: Found, rows: Sequence[Row], out: Path) -> Path:
    """Write the patch of the first kernel that it holds on, as the page would offer it."""
    good = next((one for one in found.kernels if one.patch), None)
    row = next((row for row in rows if good and row.patch_file == good.patch), None)
    if row is None or row.kernel is None or not row.offer.patches:
        raise UserError("no patch that holds is known for it", "see what is known: leave --out out")
    tried = attempt_of(row.kernel.attempts, row.offer.patches[0])
    port = row.kernel.read_port(tried)
    if port is None:
        raise UserError("no patch that holds is known for it", "see what is known: leave --out out")
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"v{row.version}.patch"
    write_whole(path, patch_file(port))
    return path


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            f"{path}: {cause(error)}", "name a status.json of a published page"
        ) from None


def _set_name(context: CommandContext, status: Path, patch: str | None) -> str:
    """The asked patch set; else the first of the file: no project is needed then."""
    if patch:
        return patch
    document = _document(status)
    try:
        return str(document["patchsets"][0]["name"])
    except (KeyError, TypeError, IndexError):
        raise UserError(
            f"{status}: no patch set in it", "name a status.json of a published page"
        ) from None
