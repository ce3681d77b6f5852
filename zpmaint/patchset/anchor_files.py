# SPDX-License-Identifier: GPL-2.0-only
"""What an [[anchor]] names: one patch file, a folder of patches, or an mbox of them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from zpmaint.core.beneath import parts_of
from zpmaint.core.errors import UserError
from zpmaint.core.files import landing, write_whole
from zpmaint.core.text import to_bytes, to_text
from zpmaint.diffs import mail
from zpmaint.diffs.check import checked_patch
from zpmaint.diffs.series import TABLE, Series, read_series
from zpmaint.patchset.values import Anchor, single

MBOXES = (".mbox", ".mbx")
_THERE = "put the patch there, or name the one that is"


def anchor_series(path: Path, where: str) -> Series:
    """The patches at `path`; `where` is the row that names it, for errors. A .patch file of one
    mail or none is a single patch; one of several mails is an mbox.

    Raises UserError: what is not there, is no patch, or holds none, with file and line."""
    if path.is_dir():
        return _read(path, where)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{where}: {error.strerror}", _THERE) from None
    mails = len(mail.split(data)) if data.startswith(b"From ") else 0
    if path.suffix in MBOXES:
        if not mails:
            raise UserError(
                f"{where}: no mbox: no line `From ` with a date begins a mail",
                "make one with git format-patch --stdout; a single diff is a .patch file",
            )
        return _read(path, where)
    if path.suffix != ".patch":
        raise UserError(
            f"{where}: neither a .patch file, nor an mbox (.mbox, .mbx), nor a folder of patches",
            "rename it for what it is",
        )
    if mails > 1:
        return _read(path, where)
    text = to_text(data)
    checked_patch(text, str(path))
    return single(text)


def write_anchor(folder: Path, anchor: Anchor) -> Path:
    """Write an anchor into its set's folder: NAME.patch, or the folder NAME of a series with its
    patches and the file `series`. It lands whole, or not at all."""
    if anchor.is_single:
        path = folder / f"{anchor.name}.patch"
        write_whole(path, anchor.patch)
        return path
    path = folder / anchor.name
    with landing(path) as fresh:
        for member in anchor.series.members:
            place = fresh.joinpath(*parts_of(str(PurePosixPath(member.name))))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(member.data)
        lines = "".join(f"{line}\n" for line, _ in anchor.series.table)
        (fresh / TABLE).write_bytes(to_bytes(lines))
    return path


def _read(path: Path, where: str) -> Series:
    """A series with every patch of it read: a damaged one is told of before anything is done."""
    try:
        series = read_series(path)
        if not path.is_dir() and all(not m.fault and not m.patch.diffs for m in series.members):
            raise UserError(f"{path.name}: holds no patch", "put the mails with diffs there")
        for member in series.members:
            if not member.patch.diffs:
                raise UserError(f"{member.name}: holds no diff", "take it out of the series")
            if member.unreadable:
                raise UserError(f"{member.name}: {member.unreadable}", "mend it or take it out")
            for note in member.patch.notes:
                raise UserError(f"{member.name}: {note}", "zpmaint import puts it right")
        if series.missing:
            raise UserError(f"missing: {', '.join(series.missing)}", "put them there")
    except UserError as error:
        raise UserError(f"{where}: {error.what}", error.hint) from None
    return series
