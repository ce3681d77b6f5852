# SPDX-License-Identifier: GPL-2.0-only
"""A series of patches, whatever form it is held in: docs/forms.md lists them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_bytes, to_text
from zpmaint.diffs import layouts
from zpmaint.diffs.member import Member, Series

__all__ = [
    "TABLE", "Member", "Series", "joined", "load_series", "one_text", "read_series", "shares",
]  # fmt: skip

TABLE = "series"
"""The table of a folder that is written."""
_WHAT = (
    "name a patch, a mail, an mbox, a folder with a file `series` (quilt) or series.conf, or a "
    "folder of NNNN-*.patch files"
)


def one_text(patches: Iterable[bytes]) -> bytes:
    """Several patch files one after the other, as `patch` and `git am` take them from a pipe."""
    return to_bytes("".join(shares([to_text(data) for data in patches])))


def shares(patches: Sequence[str]) -> list[str]:
    """What each of them is in that text: all but the last end in a newline."""
    last = max((n for n, text in enumerate(patches) if text), default=0)
    return [
        f"{text}\n" if text and n < last and not text.endswith("\n") else text
        for n, text in enumerate(patches)
    ]


def load_series(place: Path, read: layouts.Read = Path.read_bytes) -> Series:
    """Read the series at `place`: a folder with a table of patches, that table itself, a folder of
    numbered patches, OpenWrt's folders, or one file with a patch, mails or a page in it.

    A patch that cannot be read stays a member that says so; what is no patch is in `left_out`.
    `read` reads a file; one that knows zstd has those unpacked, too. Raises UserError (file, line,
    what would be right) where no patch at all can be read."""
    found = read_series(place, read)
    if all(member.unreadable for member in found.members):
        why = next((f"{m.name}: {m.unreadable}" for m in found.members), "")
        raise _nothing(place, found, why)
    return found


def _nothing(place: Path, read: Series, why: str = "") -> UserError:
    why = why or next((f"{name}: {said}" for name, said in read.left_out), "")
    return UserError(f"{place}: holds no patch{f' ({why})' if why else ''}", _WHAT)


def read_series(place: Path, read: layouts.Read = Path.read_bytes) -> Series:
    """The series at `place`, whether or not its patches can be read as they are: what a page or a
    mailer damaged can be mended. Raises UserError where there is nothing that could be one."""
    try:
        if place.is_dir():
            found = _folder(place, read)
        elif place.is_file():
            is_table = place.name in (TABLE, "series.conf") or layouts.is_table(place)
            found = (
                layouts.quilt(place.parent, place, read) if is_table else layouts.file(place, read)
            )
        else:
            raise UserError(f"{place}: not there", _WHAT)
    except OSError as error:
        raise UserError(f"{error.filename or place}: {error.strerror}") from None
    if not found.members:
        raise _nothing(place, found)
    return found


def _folder(place: Path, read: layouts.Read) -> Series:
    if table := layouts.table_in(place):
        return layouts.quilt(table.parent, table, read)
    if stages := layouts.stages(place):
        return layouts.staged(place, stages, read)
    return layouts.numbered(place, read)


def joined(several: list[Series]) -> Series:
    """One series of several, each on top of the one before, as Debian's patches and patches-rt:
    its patches are below a folder of the series' name. Raises UserError for two of one name."""
    if len(several) == 1:
        return several[0]
    names = [series.name for series in several]
    if len(set(names)) < len(names):
        raise UserError(f"two series of one name: {', '.join(names)}", "rename a folder")
    return Series(
        "+".join(names),
        tuple(replace(m, name=f"{s.name}/{m.name}") for s in several for m in s.members),
        tuple(
            (f"{s.name}/{line.lstrip()}", f"{s.name}/{name}") if name else (line, "")
            for s in several
            for line, name in s.table
        ),
        tuple((f"{s.name}/{name}", why) for s in several for name, why in s.left_out),
        tuple(f"{s.name}: {what}" for s in several for what in s.missing),
        tuple(f"{s.name}: {what}" for s in several for what in s.notes),
    )
