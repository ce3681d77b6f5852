# SPDX-License-Identifier: GPL-2.0-only
"""A series on the kernel that it was cut against: what each section does there, and the files with
all of it woven in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zpmaint.diffs.reader import FileDiff
from zpmaint.diffs.series import Member, Series
from zpmaint.merge.align import align
from zpmaint.merge.lines import lines_of
from zpmaint.port.overlay import Overlay
from zpmaint.port.sections import Effect, perform
from zpmaint.port.weave import Line, Woof, Woven

_ALIKE = 0.5
"""So much of the longer of two files is in both, where the one was made of the other."""


@dataclass(frozen=True)
class Part:
    """A section in the weave."""

    file: Woven
    hunks: tuple[Woof, ...]
    """One for each hunk of the section; of a file that goes or comes whole one for all."""


@dataclass(frozen=True)
class Walk:
    """What a series does on its base, for each patch and section."""

    effects: tuple[tuple[Effect | str, ...], ...]
    """See sections.perform."""
    parts: tuple[tuple[Part | None, ...], ...]
    """None for a section that does not apply there, or is more than changed lines."""
    made: tuple[Mapping[str, str], ...]
    """By a file that a patch creates the one that it deletes and makes it of."""


def walk(series: Series, base: Mapping[str, bytes | None]) -> Walk:
    """Take a series through its base, whose files `base` holds as far as they can be had."""
    loom = _Loom(Overlay(base))
    effects: list[tuple[Effect | str, ...]] = []
    parts: list[tuple[Part | None, ...]] = []
    made: list[Mapping[str, str]] = []
    for number, member in enumerate(series.members):
        if member.unreadable:
            effects.append(())
            parts.append(())
            made.append({})
            continue
        made.append(loom.made_of(member))
        done = loom.member(number, member, made[-1])
        effects.append(tuple(effect for effect, _ in done))
        parts.append(tuple(part for _, part in done))
    return Walk(tuple(effects), tuple(parts), tuple(made))


@dataclass
class _Loom:
    files: Overlay
    woven: dict[str, Woven] = field(default_factory=dict)

    def member(
        self, number: int, member: Member, made_of: Mapping[str, str]
    ) -> list[tuple[Effect | str, Part | None]]:
        done: list[tuple[Effect | str, Part | None]] = []
        for section in member.patch.diffs:
            there = perform(section, self.files)
            if isinstance(there, Effect):
                part = self._part(section, there, number, made_of)
                for path, data in there.files.items():
                    self.files.put(path, data)
            else:
                part = None
                for path in section.paths:
                    self.files.lose(path)
                    self.woven.pop(path, None)
            done.append((there, part))
        for old in made_of.values():
            self.woven.pop(old, None)
        return done

    def made_of(self, member: Member) -> dict[str, str]:
        """By a file that the patch creates the one that it deletes and of which it is made: a
        rename, told as most of the line's tools tell it that know none."""
        gone = [str(d.old) for d in member.patch.diffs if d.new is None and d.hunks]
        made: dict[str, str] = {}
        for section in member.patch.diffs if gone else ():
            if section.new is None or self.files.get(section.new) is not None:
                continue
            new = [line[1:] for hunk in section.hunks for line in hunk.lines if line[0] == "+"]
            for old in gone:
                data = self.files.get(old)
                if data is None or old in made.values() or not section.hunks:
                    continue
                lines = lines_of(data)
                if len(align(lines, new)) >= _ALIKE * max(len(lines), len(new), 1):
                    made[section.new] = old
                    break
        return made

    def _part(
        self, section: FileDiff, there: Effect, number: int, made_of: Mapping[str, str]
    ) -> Part | None:
        old, new = section.old, section.new
        if section.binary or section.is_copy:
            return None
        if new is not None and new in made_of:
            file = self._file(made_of[new])
            self.woven[new] = file
            texts = lines_of(there.files[new] or b"")
            return Part(file, (file.become(texts, new, number),))
        if new is None and old in made_of.values():
            # All of it is told where the other file is made.
            return Part(self._file(str(old)), ())
        if old is None or self.files.get(old) is None:
            file = self.woven[str(new)] = Woven(str(new))
        else:
            file = self._file(old)
        hunks = file.change(zip(there.changes, there.at, strict=True), number)
        if section.is_rename:
            file.names.append((number, str(new)))
            self.woven[str(new)] = self.woven.pop(str(old))
        return Part(file, hunks)

    def _file(self, path: str) -> Woven:
        """The file of this name, as the patches so far left it."""
        if path not in self.woven:
            data = self.files.get(path)
            lines = [] if data is None else [Line(text, -1) for text in lines_of(data)]
            self.woven[path] = Woven(path, lines)
        return self.woven[path]
