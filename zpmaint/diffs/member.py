# SPDX-License-Identifier: GPL-2.0-only
"""Patches in their order: what every form that people hold them in is read into. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_text
from zpmaint.diffs.reader import PatchText, read_patch


@dataclass(frozen=True)
class Member:
    """One patch of a series."""

    name: str
    """Its file, as `series` names it: features/all/x.patch."""
    data: bytes
    """The whole file; a mail's body is no longer encoded (quoted-printable, base64)."""
    strip: int = 1
    """How many parts of a file name -p takes off."""
    said: tuple[str, ...] = ()
    """What was undone to read it: an encoding, a page's markup."""
    fault: str = ""
    """Why its text cannot be had at all; '' where it can."""

    @cached_property
    def patch(self) -> PatchText:
        """Its pieces. Raises UserError where it is no patch."""
        if self.fault:
            raise UserError(f"{self.name}: {self.fault}")
        return read_patch(to_text(self.data), self.name, self.strip)

    @cached_property
    def unreadable(self) -> str:
        """Why it cannot be carried: it is damaged, holds no diff, or a part of one that is not
        read. '' where every line of it is diff or message."""
        try:
            read = self.patch
        except UserError as error:
            return error.what.removeprefix(f"{self.name}: ")
        if read.unread:
            return str(read.unread[0])
        return "" if read.diffs else "it holds no diff that can be read"

    @property
    def paths(self) -> frozenset[str]:
        """The files of the kernel that it reads or writes; none where it cannot be read."""
        if self.unreadable:
            return frozenset()
        return frozenset(path for diff in self.patch.diffs for path in diff.paths)

    @property
    def notes(self) -> tuple[str, ...]:
        """All that was put right in reading it, as lines for people."""
        read = () if self.unreadable else self.patch.notes
        return (*self.said, *(str(note) for note in read))


@dataclass(frozen=True)
class Series:
    """Patches in the order in which they go onto a kernel."""

    name: str
    members: tuple[Member, ...]
    table: tuple[tuple[str, str], ...]
    """The lines of the file `series` as they stand, each with the member it names, or ''."""
    left_out: tuple[tuple[str, str], ...] = ()
    """What stands among the patches and is none, with the reason: cover letters, replies, older
    versions, lines that a guard turns off."""
    missing: tuple[str, ...] = ()
    """Patches that the others speak of and that are not there: 2/7."""
    notes: tuple[str, ...] = ()
    """What was made out about the whole: the layout, the version that was taken."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file of the kernel that any patch reads or writes."""
        return tuple(sorted({path for member in self.members for path in member.paths}))

    @property
    def said(self) -> tuple[str, ...]:
        """All that reading it has to say, as lines for people."""
        return (
            *self.notes,
            *(f"{m.name}: {what}" for m in self.members for what in m.notes),
            *(f"missing: {what}" for what in self.missing),
        )
