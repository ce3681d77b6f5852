# SPDX-License-Identifier: GPL-2.0-only
"""The patches of a mail thread: the newest complete version, in the order of its numbers. Pure.

A diff in a reply is a reviewer's suggestion: it is offered, and never taken. What reviewers sign
in their replies is collected.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_text
from zpmaint.diffs import mail
from zpmaint.diffs.member import Member
from zpmaint.diffs.subject import Subject, read_subject

_ID = re.compile(r"<[^<>\s]+>")
_SIGNED = re.compile(r"^[A-Z][A-Za-z]*(?:-[A-Za-z]+)*-by: \S.*<\S+@\S+>[ \t]*$", re.MULTILINE)
_LISTED = 20
"""Missing parts that are named, those beyond are counted."""
_TRAILER = re.compile(rb"^[A-Z][A-Za-z]*(?:-[A-Za-z]+)*: \S.*$")


@dataclass(frozen=True)
class Mail:
    """A mail of a thread."""

    member: Member
    subject: Subject

    @classmethod
    def of(cls, member: Member) -> Mail:
        return cls(member, read_subject(mail.field_of(member.data, "Subject")))

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(_ID.findall(mail.field_of(self.member.data, "Message-ID")))

    @cached_property
    def answers(self) -> tuple[str, ...]:
        return tuple(_ID.findall(mail.field_of(self.member.data, "In-Reply-To")))

    @cached_property
    def is_cover(self) -> bool:
        return self.subject.number == 0 or self.member.name.startswith("0000-")

    @cached_property
    def is_hollow(self) -> bool:
        """Whether there is nothing like a diff in it."""
        if self.member.fault:
            return False
        try:
            read = self.member.patch
        except UserError:  # a damaged diff is one
            return False
        return not read.diffs and not read.unread

    @property
    def label(self) -> str:
        """v2 3/7 or what it is called."""
        said = self.subject
        if said.number is None:
            return said.title
        major, minor = said.version
        version = f"v{major}.{minor} " if minor else f"v{major} " if major > 1 else ""
        return f"{version}{said.number}/{said.total}"


@dataclass(frozen=True)
class Chosen:
    """What is taken of a thread, and what is not."""

    members: tuple[Member, ...]
    left_out: tuple[tuple[str, str], ...]
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def chosen(found: Sequence[Member]) -> Chosen:
    """The patches of a thread or of any run of mails."""
    mails = [Mail.of(member) for member in found]
    out: dict[str, str] = {}
    if len(mails) == 1:
        return Chosen((mails[0].member,), ())
    patches = [one for one in mails if not _set_aside(one, out)]
    numbered: dict[tuple[int, int], list[Mail]] = defaultdict(list)
    for one in patches:
        if one.subject.number is not None:
            numbered[one.subject.version].append(one)
    notes: list[str] = []
    missing: list[str] = []
    taken = patches
    if numbered and not _repeats(numbered):
        taken, missing, notes = _newest(numbered, patches, out)
    singles = [one for one in taken if one.subject.number is None]
    newest = {one.subject.title: one.subject.version for one in sorted(singles, key=_version)}
    kept = []
    ids = {id_ for group in numbered.values() for one in group for id_ in one.ids}
    for one in taken:
        if one.subject.number is None and one.subject.is_patch:
            if newest[one.subject.title] > one.subject.version:
                out[one.member.name] = f"v{newest[one.subject.title][0]} is newer"
                continue
            if ids.intersection(one.answers):
                out[one.member.name] = "an answer with a diff of its own: offered, not taken"
                continue
        kept.append(one)
    signed = _collected(kept, mails)
    members = tuple(_signed(one.member, signed.get(one.member.name, ())) for one in kept)
    left_out = tuple((m.member.name, out[m.member.name]) for m in mails if m.member.name in out)
    return Chosen(members, left_out, tuple(missing), tuple(notes))


def _version(one: Mail) -> tuple[int, int]:
    return one.subject.version


def _set_aside(one: Mail, out: dict[str, str]) -> bool:
    """Whether a mail is no patch of the series, whatever else there is; `out` gets the reason."""
    said = one.subject
    if said.is_reply:
        out[one.member.name] = (
            "a reply: a message" if one.is_hollow else "a reply with a diff: offered, not taken"
        )
        return True
    if one.is_hollow and (one.is_cover or not said.is_patch):
        out[one.member.name] = "holds no diff"
        return True
    return False


def _repeats(numbered: dict[tuple[int, int], list[Mail]]) -> bool:
    """Whether numbers stand for other things than the parts of one series."""
    for group in numbered.values():
        seen: dict[tuple[int | None, int], tuple[str, ...]] = {}
        for one in group:
            key = (one.subject.number, one.subject.total)
            if key in seen and (seen[key] != one.ids or not one.ids):
                return True
            seen[key] = one.ids
    return False


def _newest(
    numbered: dict[tuple[int, int], list[Mail]], patches: Sequence[Mail], out: dict[str, str]
) -> tuple[list[Mail], list[str], list[str]]:
    """The newest version that is complete, in the order of its numbers; where none is, the newest
    with the parts that are missing. Patches without a number stay where they stand."""
    lacking = {version: _lacking(group) for version, group in numbered.items()}
    complete = [version for version, parts in lacking.items() if not parts]
    version = max(complete or numbered)
    group = sorted(numbered[version], key=lambda one: (one.subject.total, one.subject.number or 0))
    parts: list[Mail] = []
    for one in group:
        last = parts[-1].subject if parts else None
        if last and (last.number, last.total) == (one.subject.number, one.subject.total):
            out[one.member.name] = "the same mail as the one before it"
            continue
        parts.append(one)
    notes = []
    for other in sorted(numbered):
        if other == version:
            continue
        parts_there = ", ".join(lacking[other])
        why = f"{_v(version)} is newer"
        if other > version:
            why = f"{_v(other)} is not complete ({parts_there} missing): offered, not taken"
        for one in numbered[other]:
            out[one.member.name] = why
        if other > version:
            notes.append(
                f"{_v(other)}: {', '.join(lacking[other])} missing; {_v(version)} is taken"
            )
    if len(numbered) > 1:
        notes.append(f"of {len(numbered)} versions {_v(version)} is taken")
    ours = {id(one) for one in parts}
    if [id(one) for one in parts] != [id(one) for one in patches if id(one) in ours]:
        notes.append("put in the order of their numbers")
    taken: list[Mail] = []
    for one in patches:
        if one.subject.number is None:
            taken.append(one)
        elif one.subject.version == version and parts:
            taken += parts
            parts = []
    return taken, lacking[version], notes


def _v(version: tuple[int, int]) -> str:
    return f"v{version[0]}.{version[1]}" if version[1] else f"v{version[0]}"


def _lacking(group: Iterable[Mail]) -> list[str]:
    """The parts of a version that are not there: ["2/7"]; of many the first and how many more."""
    found: dict[int, set[int]] = defaultdict(set)
    for one in group:
        found[one.subject.total].add(one.subject.number or 0)
    return [part for total, there in sorted(found.items()) for part in _gone(total, there)]


def _gone(total: int, there: Collection[int]) -> Iterator[str]:
    gone = (n for n in range(1, total + 1) if n not in there)
    yield from (f"{n}/{total}" for n in islice(gone, _LISTED))
    left = total - sum(1 <= n <= total for n in there) - _LISTED
    if left > 0:
        yield f"{left} more of {total}"


def _collected(kept: Sequence[Mail], mails: Sequence[Mail]) -> dict[str, tuple[str, ...]]:
    """By patch, what was signed in replies to it, or to its cover letter."""
    of: dict[str, list[str]] = defaultdict(list)
    names = {id_: [one.member.name] for one in kept for id_ in one.ids}
    titles = {(one.subject.title, one.subject.version): one.member.name for one in kept}
    version = max((one.subject.version for one in kept if one.subject.number), default=None)
    all_parts = [one.member.name for one in kept if one.subject.number]
    for one in mails:
        if one.is_cover and one.subject.version == version:
            names |= dict.fromkeys(one.ids, all_parts)
    for one in mails:
        if not one.subject.is_reply:
            continue
        body = to_text(one.member.data).partition("\n\n")[2]
        signed = [found[0].rstrip() for found in _SIGNED.finditer(body)]
        same = titles.get((one.subject.title, one.subject.version))
        targets = [name for id_ in one.answers for name in names.get(id_, ())]
        for name in targets or ([same] if same and not one.answers else []):
            of[name] += [text for text in signed if text not in of[name]]
    return {name: tuple(texts) for name, texts in of.items() if texts}


def _signed(member: Member, trailers: Sequence[str]) -> Member:
    """The patch with the trailers behind its own, those left out that it has."""
    lines = member.data.split(b"\n")
    end = next(
        (n for n, line in enumerate(lines) if line.rstrip() == b"---" or line.startswith(b"diff ")),
        None,
    )
    fresh = [text for text in trailers if text.encode("utf-8", "surrogateescape") not in lines]
    if not fresh or end is None:
        return member
    at = end
    while at > 0 and not lines[at - 1].strip():
        at -= 1
    new = [text.encode("utf-8", "surrogateescape") for text in fresh]
    if at and not _TRAILER.match(lines[at - 1]):
        new.insert(0, b"")
    data = b"\n".join([*lines[:at], *new, *lines[at:]])
    said = tuple(f"collected: {text}" for text in fresh)
    return replace(member, data=data, said=(*member.said, *said))
