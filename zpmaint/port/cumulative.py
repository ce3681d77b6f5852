# SPDX-License-Identifier: GPL-2.0-only
"""Which patches of a series a kernel has, judged by the effect of the whole run. Pure.

Upstream took patch after patch and went on from there, so that what one of them leaves stands
nowhere any more: the next one changed it, or upstream did later. So the series is woven
(weave.py), and its patches are asked from the last to the first; those that the kernel does not
have are left out of the text that the earlier ones are looked for in. Of a patch it counts what it
brings and no later patch that the kernel has takes away: that has to stand in the kernel's file, in
its order among the other lines, and to have come since the base; and what it takes has to be gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from zpmaint.core.versions import KernelVersion
from zpmaint.merge.align import align, gaps
from zpmaint.merge.lines import lines_of, squeezed
from zpmaint.merge.renames import pair_edited
from zpmaint.merge.tokens import contained, identifiers, similarity, tokens
from zpmaint.port.markers import Marks
from zpmaint.port.walk import Part, Walk
from zpmaint.port.weave import Line, Woof, Woven

_THERE = 0.8
"""So much of what a patch brings has to be there, and in every hunk something."""
_STANDS = 0.2
"""At most so much of what it takes away may still stand."""
_TRACE = 0.2
"""What does not stand there by its own lines at least so far is not looked at closer."""
_EDITED = 0.6
"""How much alike, by tokens, two lines must be for one to be the other edited."""
_FEW = 8.0
"""Tokens: a patch that says nothing, and whose whole change is less, is too little to go by."""
_MUCH = 16.0
"""Tokens: so much, all of it standing together, is no coincidence, even where a hunk's lines of
before stand there as well, as those at the end of a file do after each addition."""


@dataclass(frozen=True)
class Sign:
    """What a kernel shows of a change; weights are counted in tokens, of lines with a name."""

    brings: float = 0.0
    """What it brings and no later patch that the kernel has takes away."""
    there: float = 0.0
    """Of that, what stands in the kernel and came since the base; of an edited line a part."""
    together: float = 0.0
    """Of that, what stands to the letter, next to its neighbours."""
    takes: float = 0.0
    """What it takes away for good."""
    left: float = 0.0
    """Of that, what still stands."""
    passed: float = 0.0
    """What it brings and a later patch that the kernel has takes away."""

    def __add__(self, other: Sign) -> Sign:
        return Sign(
            self.brings + other.brings,
            self.there + other.there,
            self.together + other.together,
            self.takes + other.takes,
            self.left + other.left,
            self.passed + other.passed,
        )

    @property
    def share(self) -> float:
        """How much of what it brings is there; 1.0 where it brings nothing that would be."""
        return self.there / self.brings if self.brings else 1.0

    @property
    def standing(self) -> float:
        """How much of what it takes is still there."""
        return self.left / self.takes if self.takes else 0.0

    @property
    def is_whole(self) -> bool:
        """Whether the change is there to the letter."""
        shows = self.brings + self.takes > 0
        return shows and self.together == self.brings and not self.left

    @property
    def is_certain(self) -> bool:
        """Whether it is there though the patch may still apply: it would be there twice."""
        much = self.brings >= _FEW and self.brings + self.passed >= _MUCH
        return much and self.together >= _THERE * self.brings and not self.left

    @property
    def is_absent(self) -> bool:
        """Whether nothing of what it brings came, or nothing of what it takes went."""
        brought = not self.brings or self.there < _TRACE * self.brings
        return bool(self.brings + self.takes) and brought and self.left >= self.takes


class Claim(IntEnum):
    """What speaks for a kernel's having a patch, besides its lines; the more, the fewer lines."""

    NONE = 0
    LATER = 1
    """The patch says that upstream has it, in a later kernel."""
    HERE = 2
    """The patch says that this kernel has it."""
    COMMIT = 3
    """Its own commit is in the kernel's history, and no revert of it."""


def claim(marks: Marks, version: KernelVersion | None, *, is_taken: bool) -> Claim:
    """What speaks for it: what the patch says, and what a history shows (`is_taken`)."""
    if is_taken:
        return Claim.COMMIT
    if version is not None and marks.is_in(version):
        return Claim.HERE
    return Claim.LATER if marks.is_backport else Claim.NONE


_LEAST = {Claim.NONE: (_THERE, _STANDS), Claim.LATER: (0.6, 0.4), Claim.HERE: (0.3, 1.0)}
"""How much of what a patch brings has to be there, and of what it takes may still stand. OpenWrt's
477 patches for 6.12 at 6.18: 241 that its own queue for 6.18 dropped are told, and none that it
kept; without looking at what the patches say, 193 and none."""


class Answer(Enum):
    """Whether a kernel has a patch."""

    NO = "no"
    WHOLE = "whole"
    """To the letter, but for what later patches of the series changed that it has as well."""
    DEVELOPED = "developed since"
    """And upstream went on from there."""


_HELD = "what it brings came to the kernel since the base, and what it takes is gone"


@dataclass(frozen=True)
class Shown:
    """What a kernel shows of a patch."""

    answer: Answer
    hunks: tuple[tuple[Sign, ...], ...]
    """For each section; () where it cannot be told."""
    is_certain: bool
    """Whether it has it even where the patch goes in as it is: it would be there twice."""
    why: str

    def held(self, section: int, hunks: int) -> tuple[str, ...]:
        """For each of a section's hunks why the kernel has it; '' where it does not show that."""
        signs = self.hunks[section] if section < len(self.hunks) else ()
        if len(signs) != hunks:
            return ("",) * hunks
        return tuple(_HELD if sign.is_certain else "" for sign in signs)


def shown(
    done: Walk,
    base: Mapping[str, bytes | None],
    target: Mapping[str, bytes | None],
    claims: Sequence[Claim],
) -> tuple[Shown, ...]:
    """What `target` shows of each patch of a series that was walked through `base`."""
    question = _Question(base, target, set(range(len(done.parts))))
    answers: list[Shown] = []
    for number in reversed(range(len(done.parts))):
        answer = question.of(number, done.parts[number], claims[number])
        if answer.answer is Answer.NO:
            question.patches.discard(number)
        answers.append(answer)
    return tuple(reversed(answers))


@dataclass
class _Question:
    base: Mapping[str, bytes | None]
    target: Mapping[str, bytes | None]
    patches: set[int]
    """Those that the kernel has, as far as it is known."""
    _came: dict[str, frozenset[int]] = field(default_factory=dict)
    _counts: dict[str, tuple[Counter[str], Counter[str]]] = field(default_factory=dict)

    def of(self, number: int, parts: Sequence[Part | None], claimed: Claim) -> Shown:
        if claimed < Claim.HERE and not self._has_trace(parts):
            return Shown(Answer.NO, (), False, "")
        hunks = tuple(self._section(part, number) if part else () for part in parts)
        total = sum((sign for section in hunks for sign in section), self._moves(parts, number))
        answer = self._answer(total, hunks, parts, claimed)
        sure = claimed >= Claim.HERE and total.brings > 0 and _is_there(total)
        certain = total.is_certain or sure
        return Shown(answer, hunks, certain, _told(answer, total, claimed))

    def _answer(
        self,
        total: Sign,
        hunks: Sequence[Sequence[Sign]],
        parts: Sequence[Part | None],
        claimed: Claim,
    ) -> Answer:
        if claimed is Claim.COMMIT:
            return Answer.WHOLE if self._is_whole(hunks, parts) else Answer.DEVELOPED
        if total.brings + total.takes + total.passed == 0 or total.is_absent:
            return Answer.NO
        least, most = _LEAST[claimed]
        if total.share < least or total.standing > most:
            return Answer.NO
        if not total.brings and total.takes and total.standing > _STANDS:
            return Answer.NO
        if claimed is Claim.NONE:
            weight = total.brings + total.takes + total.passed
            absent = any(sign.is_absent for section in hunks for sign in section)
            if absent or None in parts or weight < _FEW or total.together < 0.5 * total.brings:
                return Answer.NO
            if not total.brings and self._reworded(parts):
                return Answer.NO
        return Answer.WHOLE if self._is_whole(hunks, parts) else Answer.DEVELOPED

    @staticmethod
    def _is_whole(hunks: Sequence[Sequence[Sign]], parts: Sequence[Part | None]) -> bool:
        signs = [sign for section in hunks for sign in section if sign.brings + sign.takes]
        return None not in parts and all(sign.is_whole for sign in signs)

    def _has_trace(self, parts: Sequence[Part | None]) -> bool:
        """Whether enough of a patch's lines stand anywhere in its files to look closer."""
        brings = there = takes = gone = 0.0
        for part in parts:
            if part is None:
                continue
            path = part.file.path(self.patches)
            if part.file.names:
                return True
            if self.target.get(path) == self.base.get(part.file.first):
                continue
            old, new = self._counted(part.file.first, path)
            for hunk in part.hunks:
                for line in hunk.brings:
                    weight = _weight(line)
                    text = squeezed(line.text)
                    if line.taker in self.patches or new[text] > old[text]:
                        there += weight
                    brings += weight
                for line in hunk.takes:
                    text = squeezed(line.text)
                    takes += _weight(line)
                    gone += _weight(line) if new[text] < max(1, old[text]) else 0.0
        return there >= _TRACE * brings if brings else gone > 0

    def _counted(self, first: str, path: str) -> tuple[Counter[str], Counter[str]]:
        if path not in self._counts:
            old, new = (_lines(tree.get(name)) for tree, name in
                        ((self.base, first), (self.target, path)))  # fmt: skip
            self._counts[path] = Counter(map(squeezed, old)), Counter(map(squeezed, new))
        return self._counts[path]

    def _moves(self, parts: Sequence[Part | None], number: int) -> Sign:
        """What the kernel shows of the files that a patch renames."""
        sign = Sign()
        for part in parts:
            names = dict(part.file.names) if part else {}
            if part is None or number not in names or not part.hunks:
                continue
            new, old = names[number], part.file.path(self.patches - {number})
            came = self.target.get(new) is not None and self.base.get(new) is None
            there = _MUCH if came and self.target.get(old) is None else 0.0
            sign += Sign(_MUCH, there, there)
        return sign

    def _section(self, part: Part, number: int) -> tuple[Sign, ...]:
        file = part.file
        path = file.path(self.patches)
        if self.target.get(path) is None:
            was_to_go = not file.with_(self.patches)
            return tuple(self._without_file(hunk, was_to_go) for hunk in part.hunks)
        now = self._standing(file, self.patches)
        takes = any(hunk.takes for hunk in part.hunks)
        before = self._standing(file, self.patches - {number}) if takes else _Standing({}, {})
        came = self._lines_that_came(path, file.first)
        again = Counter(squeezed(line.text) for hunk in part.hunks for line in hunk.brings)
        signs = []
        for hunk in part.hunks:
            sign = Sign()
            last = -2
            for line in hunk.brings:
                at = now.found.get(line)
                weight = _weight(line)
                if line.taker in self.patches:
                    sign += Sign(passed=weight)
                    last = -1
                elif at is not None:
                    beside = last < 0 or at == last + 1
                    last = at
                    if at in came and weight:
                        sign += Sign(weight, weight, weight if beside else 0.0)
                    else:
                        sign += Sign(weight)
                else:
                    sign += Sign(weight, weight * now.edited.get(line, 0.0))
            for line in hunk.takes:
                text, weight = squeezed(line.text), _weight(line)
                if again[text]:
                    again[text] -= 1  # it only moves, or is indented otherwise
                    continue
                sign += Sign(takes=weight, left=weight if line in before.found else 0.0)
            signs.append(sign)
        return tuple(signs)

    def _without_file(self, hunk: Woof, was_to_go: bool) -> Sign:
        """What a kernel shows without the file: a change of lines is not there, unless the patches
        that it has leave nothing of the file. It may stand elsewhere."""
        passed = sum(_weight(line) for line in hunk.brings if line.taker in self.patches)
        stays = sum(map(_weight, hunk.brings)) - passed
        taken = sum(map(_weight, hunk.takes))
        return Sign(stays, 0.0, 0.0, taken, 0.0 if was_to_go else taken, passed)

    def _lines_that_came(self, path: str, first: str) -> frozenset[int]:
        """The lines of the kernel's file that came since the base."""
        if path not in self._came:
            now = _lines(self.target.get(path))
            old = {j for _, j in align(_lines(self.base.get(first)), now)}
            was, standing = self._counted(first, path)
            # Of several equal lines it cannot be told which of them came.
            more = (n for n in old if standing[squeezed(now[n])] > was[squeezed(now[n])])
            self._came[path] = (frozenset(range(len(now))) - old).union(more)
        return self._came[path]

    def _standing(self, file: Woven, patches: set[int]) -> _Standing:
        lines = file.with_(patches)
        path = file.path(self.patches)
        one = [squeezed(line.text) for line in lines]
        other = [squeezed(text) for text in _lines(self.target.get(path))]
        pairs = align(one, other)
        edited: dict[Line, float] = {}
        came = self._lines_that_came(path, file.first)
        for a, b, c, d in gaps(one, other, pairs):
            if a < b and c < d and any(line.owner >= 0 for line in lines[a:b]):
                for i, j in pair_edited(one[a:b], other[c:d], _EDITED):
                    if c + j in came:
                        alike = similarity(tokens(one[a + i]), tokens(other[c + j]))
                        edited[lines[a + i]] = alike
        return _Standing({lines[i]: j for i, j in pairs}, edited)

    def _reworded(self, parts: Sequence[Part | None]) -> bool:
        """Whether a line that is gone may stand in the kernel in other words."""
        for part in parts:
            if part is None or not (takes := [ln for hunk in part.hunks for ln in hunk.takes]):
                continue
            path = part.file.path(self.patches)
            now = _lines(self.target.get(path))
            new = [tokens(now[n]) for n in self._lines_that_came(path, part.file.first)]
            if any(contained(tokens(ln.text), other) >= _EDITED for ln in takes for other in new):
                return True
        return False


@dataclass(frozen=True)
class _Standing:
    found: Mapping[Line, int]
    """The lines of a file that the kernel's has, each with its number there."""
    edited: Mapping[Line, float]
    """Those that it has in other words, with how much is left of each."""


def _lines(data: bytes | None) -> list[str]:
    return [] if data is None else lines_of(data)


def _weight(line: Line) -> float:
    return float(len(tokens(line.text))) if identifiers(line.text) else 0.0


def _is_there(sign: Sign) -> bool:
    return sign.share >= _THERE and sign.standing <= _STANDS


def _told(answer: Answer, sign: Sign, claimed: Claim) -> str:
    if answer is Answer.NO:
        return ""
    if answer is Answer.WHOLE and not sign.passed:
        return (
            "the kernel has it already: all that it brings came since the base, and what it takes "
            "is gone"
        )
    if answer is Answer.WHOLE:
        return (
            "the kernel has it already, and later patches that change its lines: what these leave "
            "of it stands there"
        )
    parts = []
    if sign.brings:
        parts.append(f"{sign.share:.0%} of what it brings came to the kernel since the base")
    if sign.takes:
        parts.append(f"{1 - sign.standing:.0%} of what it takes is gone")
    if sign.passed:
        parts.append("later patches that the kernel has changed its lines")
    if claimed is Claim.COMMIT:
        parts.insert(0, "its commit is in the kernel's history")
    return f"upstream has it and went on from there: {', '.join(parts)}"
