# SPDX-License-Identifier: GPL-2.0-only
"""Taking over what people hold: a patch, a mail, a thread, a queue, put right against its base.

A patch that fits its base is placed by the engine of `port` and stays as it is; only one that does
not fit is mended. In both the lines that it adds are judged by the files that it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_bytes, to_text
from zpmaint.diffs import others
from zpmaint.diffs.mail import is_mail
from zpmaint.diffs.member import Member, Series
from zpmaint.diffs.reader import read_patch
from zpmaint.mend.judge import Judged, judge
from zpmaint.mend.mend import mend
from zpmaint.mend.posting import message_of, paths_in
from zpmaint.port.overlay import Overlay
from zpmaint.port.sections import Effect, perform
from zpmaint.port.series import port_series
from zpmaint.port.values import Fate, MemberPort

Files = Mapping[str, bytes | None]


@dataclass(frozen=True)
class Imported:
    """One patch as it goes onto its base."""

    name: str
    patch: str
    """Header and message as they came, and diffs that `patch -p1 -F0` takes."""
    is_mended: bool
    notes: tuple[str, ...]
    """What was put right, what is in doubt, as lines for people."""


def import_series(series: Series, blobs: Callable[[Iterable[str]], Files]) -> tuple[Imported, ...]:
    """Every patch of a series, each on the base with those before it.

    `blobs` gives the base's files. Raises UserError, naming patch and line, for the first that
    cannot be put right: nothing of the series is taken then."""
    if series.missing:
        raise UserError(
            f"{series.name}: missing: {', '.join(series.missing)}", "save the whole thread"
        )
    wanted = sorted({path for member in series.members for path in _paths(member)})
    state = Overlay(blobs(wanted))
    done = []
    for member in series.members:
        files = {path: state.get(path) for path in _paths(member)}
        one = _import(member, files)
        for part in read_patch(one.patch, member.name).diffs:
            effect = perform(part, state)
            if not isinstance(effect, Effect):
                raise UserError(f"{member.name}: {part.new or part.old}: {effect}", _ANOTHER)
            for path, data in effect.files.items():
                state.put(path, data)
        done.append(one)
    return tuple(done)


_ANOTHER = "if the patch was made for another kernel, name that one with --base"


def _paths(member: Member) -> tuple[str, ...]:
    if member.fault:
        raise UserError(f"{member.name}: {member.fault}")
    if not member.unreadable:
        return tuple(sorted(member.paths))
    return paths_in(to_text(member.data), member.name)


def _import(member: Member, files: Files) -> Imported:
    placed = None if member.unreadable else _placed(member, files)
    if placed is not None and placed.fate is Fate.APPLIES:
        judged = judge(to_text(placed.data), files, member.name)
        return _told(member, judged, placed)
    try:
        out = mend(to_text(member.data), files, name=member.name, base="the base")
    except UserError as error:
        if placed is not None and placed.fate in (Fate.REVERSED, Fate.UPSTREAM):
            raise UserError(f"{member.name}: {placed.why}") from None
        raise error
    head = message_of(to_text(member.data), is_mail(member.data))
    head, quoted = others.quoted(head, is_first=True)
    text = head + out.patch
    diffs = [diff.text() for diff in read_patch(out.patch, member.name).diffs]
    if wrong := others.misread(text, diffs, member.name, 1):
        raise UserError(f"{member.name}: what would be written: {wrong}")
    notes = [*member.said, *out.notes]
    if quoted:
        notes.append(f"{quoted} lines of the message quoted: patch(1) would act on them")
    return Imported(member.name, text, True, tuple(notes))


def _placed(member: Member, files: Files) -> MemberPort:
    """The patch on its base, as `port` has it."""
    alone = Series(member.name, (member,), ((member.name, member.name),))
    return next(iter(port_series(alone, files, files)))


def _told(member: Member, judged: Judged, placed: MemberPort) -> Imported:
    hunks = [hunk for file in placed.files for hunk in file.hunks]
    offsets = sorted({hunk.offset or 0 for hunk in hunks})
    notes = list(placed.notes)
    if offsets not in ([], [0]):
        notes.append(f"placed {offsets[0]:+d} to {offsets[-1]:+d} lines off its headers")
    notes += [f"mended: {kind}: {count}" for kind, count in sorted(judged.damage.items())]
    notes += map(str, judged.doubts)
    return Imported(member.name, judged.patch, bool(judged.damage), tuple(notes))


def series_table(done: Iterable[Imported]) -> str:
    """The file `series` of the patches."""
    return "".join(f"{one.name}\n" for one in done)


def written(out: Path, tag: str, done: tuple[Imported, ...]) -> list[tuple[Path, bytes]]:
    """The files that an anchor consists of: one patch, or a folder with a table."""
    if len(done) == 1:
        return [(out / f"{tag}.patch", to_bytes(done[0].patch))]
    folder = out / tag
    patches = [(folder / one.name, to_bytes(one.patch)) for one in done]
    return [*patches, (folder / "series", to_bytes(series_table(done)))]
