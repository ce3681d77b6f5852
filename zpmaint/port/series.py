# SPDX-License-Identifier: GPL-2.0-only
"""Carrying a series onto a kernel: each patch on the ported state of those before it. Pure.

Two states are kept in memory, file by file: that of the kernel the series was cut against, with
the patches so far, so that each patch has the very files it was made from; and that of the target.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from zpmaint.core.text import to_bytes
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs import others
from zpmaint.diffs.reader import FileDiff
from zpmaint.diffs.series import Member, Series
from zpmaint.merge.tokens import identifiers
from zpmaint.patchset.values import Resolution
from zpmaint.port import reversal, section_moves
from zpmaint.port.beside import drifted
from zpmaint.port.calibration import calibrated
from zpmaint.port.cumulative import Answer, Shown, claim, shown
from zpmaint.port.markers import marks
from zpmaint.port.overlay import Overlay
from zpmaint.port.own_names import of_lines
from zpmaint.port.placed import Placed
from zpmaint.port.remade import remade
from zpmaint.port.sections import Carried, Effect, carry, held, perform, proven, stuck
from zpmaint.port.terms import Moves, Terms
from zpmaint.port.threshold import held_back
from zpmaint.port.values import Fate, FilePort, MemberPort
from zpmaint.port.walk import Walk, walk


def port_series(
    series: Series,
    base: Mapping[str, bytes | None],
    target: Mapping[str, bytes | None],
    *,
    keep_going: bool = False,
    exists: Callable[[str], bool] | None = None,
    gone: Callable[[str], bool] | None = None,
    min_confidence: float = 0.0,
    resolutions: Sequence[Resolution] = (),
    version: KernelVersion | None = None,
    taken: Collection[str] = (),
    refused: Mapping[str, MemberPort] | None = None,
    moves: Moves | None = None,
) -> Iterator[MemberPort]:
    """Carry every patch of a series, in its order, giving each as it is done.

    `base` holds the files that the series was cut against as far as they can be had, `target` the
    kernel's own, each with None for a file that it does not have. After the first conflict the
    others are not tried, unless `keep_going`: then they go onto the target without the patch.
    `exists` and `gone` tell of names in the trees before the series (see Terms). A patch with a
    hunk that is less sure than `min_confidence` is a conflict. A conflict that is among
    `resolutions` is solved as it was before. `moves` tells which files of the target may hold what
    left the patches' own. `refused` names those that were ported before and are no good (they do
    not compile): the others are carried as if they conflicted.
    A patch that the target shows to have, by the effect of the whole series (cumulative.py), and
    onto which it does not go as it is, is dropped; `version` is the target's, for what the patches
    say of themselves, and `taken` names those whose own commit is in its history.
    A member that cannot be read whole is left out, and says so.
    """
    work = _Work.start(
        series, base, target, resolutions=resolutions, exists=exists, gone=gone,
        min_confidence=min_confidence, version=version, taken=taken, moves=moves,
    )  # fmt: skip
    stopped = ""
    for number, member in enumerate(series.members):
        if why := member.unreadable:
            yield MemberPort(member.name, Fate.UNREAD, (), b"", why, (), notes=member.notes)
            continue
        if refused and member.name in refused and (keep_going or not stopped):
            needs = work.member(number, member, try_it=False).needs
            done = replace(refused[member.name], needs=needs)
        else:
            done = work.next(number, member, try_it=keep_going or not stopped)
        if done.fate is Fate.CONFLICT and not keep_going:
            stopped = stopped or member.name
        yield done


@dataclass(frozen=True)
class Before:
    """A patch of a series, and the two states that it goes onto: those before it are done."""

    member: Member
    base: Overlay
    target: Overlay


def before(
    series: Series,
    base: Mapping[str, bytes | None],
    target: Mapping[str, bytes | None],
    name: str,
    resolutions: Sequence[Resolution] = (),
) -> Before:
    """Carry the patches before `name`; see `port_series`."""
    work = _Work.start(series, base, target, resolutions=resolutions)
    at = work.names.index(name)
    for number, member in enumerate(series.members[:at]):
        if member.unreadable:
            continue
        work.next(number, member, try_it=True)
    return Before(series.members[at], work.base, work.target)


@dataclass
class _Work:
    base: Overlay
    target: Overlay
    names: list[str]
    exists: Callable[[str], bool] | None
    gone: Callable[[str], bool] | None
    min_confidence: float
    resolutions: Sequence[Resolution]
    walked: Walk
    seen: Sequence[Shown]
    """What the target shows of each patch."""
    moves: Moves | None = None
    brought: set[str] = field(default_factory=set)
    """The names in the lines of the patches that went in."""

    @classmethod
    def start(
        cls,
        series: Series,
        base: Mapping[str, bytes | None],
        target: Mapping[str, bytes | None],
        *,
        resolutions: Sequence[Resolution],
        exists: Callable[[str], bool] | None = None,
        gone: Callable[[str], bool] | None = None,
        min_confidence: float = 0.0,
        version: KernelVersion | None = None,
        taken: Collection[str] = (),
        moves: Moves | None = None,
    ) -> _Work:
        names = [member.name for member in series.members]
        walked = walk(series, base)
        claims = [
            claim(marks(member), version, is_taken=member.name in taken)
            for member in series.members
        ]
        seen = shown(walked, base, target, claims)
        return cls(
            Overlay(base), Overlay(target), names, exists, gone, min_confidence, resolutions,
            walked, seen, moves,
        )  # fmt: skip

    def terms(self, member: Member) -> Terms:
        """What is known of the tree when a patch's turn has come."""
        there, taken = self.exists, self.gone
        brings = _defined(member)
        before = {path: self.base.get(path) for path in member.paths if self.base.knows(path)}
        beside = drifted(before, {path: self.target.get(path) for path in before})
        if there is None or taken is None:
            return Terms(brings=brings, beside=beside)
        own = _names(member)

        def exists(name: str) -> bool:
            return name in own or name in self.brought or there(name)

        def gone(name: str) -> bool:
            return name not in self.brought and taken(name)

        return Terms(exists=exists, gone=gone, brings=brings, beside=beside)

    def next(self, number: int, member: Member, *, try_it: bool) -> MemberPort:
        """The next patch: held where the target has it, else carried."""
        seen = self.seen[number]
        fate = Fate.UPSTREAM if seen.answer is Answer.WHOLE else Fate.DEVELOPED
        if seen.answer is Answer.NO or (not seen.is_certain and self.fits(member)):
            return self.member(number, member, try_it=try_it)
        return self.held(number, member, fate, seen.why)

    def fits(self, member: Member) -> bool:
        """Whether a patch goes onto the target as it is, all its context with it."""
        now = Overlay({path: self.target.get(path) for path in member.paths})
        for part in member.patch.diffs:
            there = perform(part, now)
            if not isinstance(there, Effect):
                return False
            for path, data in there.files.items():
                now.put(path, data)
        return True

    def held(self, number: int, member: Member, fate: Fate, why: str) -> MemberPort:
        """A patch that the target has: only the base goes on."""
        needs: set[int] = set()
        off_base: list[str] = []
        files = []
        for part, there in zip(member.patch.diffs, self.walked.effects[number], strict=True):
            needs |= self.pass_by(number, part, there, off_base)
            files.append(replace(held(part, why).port, patch=member.name))
        names = tuple(self.names[n] for n in sorted(needs - {number}))
        return MemberPort(
            member.name, fate, tuple(files), b"", why, names, tuple(off_base), member.strip,
            member.notes,
        )  # fmt: skip

    def member(self, number: int, member: Member, *, try_it: bool) -> MemberPort:
        off_base: list[str] = []
        needs: set[int] = set()
        carried: list[Carried] = []
        staged: dict[str, bytes | None] = {}
        is_base = all(
            self.base.knows(p) and self.base.get(p) == self.target.get(p) for p in member.paths
        )
        terms = self.terms(member)
        reversed_ = False
        seen = self.seen[number]
        anew = self.remade(number, member, terms) if try_it else {}
        for n, part in enumerate(member.patch.diffs):
            there = self.walked.effects[number][n]
            if part is member.patch.diffs[0] and not isinstance(there, Effect):
                reversed_ = reversal.stands_already(member.patch.diffs, self.base)
            if try_it:
                known = seen.held(n, len(part.hunks))
                done = anew.get(n) or self.carried(part, there, terms, known=known)
                carried.append(self.placed(part, done, member, staged))
            needs |= self.pass_by(number, part, there, off_base)
        files = tuple(
            replace(one.port, patch=member.name, renames=str(part.old) if part.is_rename else "")
            for part, done in zip(member.patch.diffs, carried, strict=False)
            for one in done.each
        )
        files = calibrated(files)
        files = held_back(files, self.min_confidence) or files
        fate, why = _judged(files) if try_it else (Fate.UNTRIED, "a patch before it conflicts")
        fate, why = _or_reversed(member, fate, why, stands=reversed_, is_base=is_base)
        data, notes, wrong = b"", member.notes, ""
        if fate in (Fate.APPLIES, Fate.PORTED):
            data, notes, wrong = _written(member, carried)
        if wrong:
            fate, why, data = Fate.CONFLICT, f"what would be written: {wrong}", b""
        if fate not in (Fate.APPLIES, Fate.PORTED):
            for path, was in staged.items():
                self.target.put(path, was)
        elif self.exists is not None:
            self.brought |= _names(member)
        return MemberPort(
            member.name,
            fate,
            files,
            data,
            why,
            tuple(self.names[n] for n in sorted(needs - {number})),
            tuple(off_base),
            member.strip,
            notes,
        )

    def remade(self, number: int, member: Member, terms: Terms) -> dict[int, Carried]:
        """By number the sections of a patch that make a file of one that they delete, where
        upstream changed that one since."""
        found: dict[int, Carried] = {}
        sections = member.patch.diffs
        for new, old in self.walked.made[number].items():
            gone = next(n for n, part in enumerate(sections) if part.old == old and not part.new)
            made = next(n for n, part in enumerate(sections) if part.new == new)
            pair = remade(sections[gone], sections[made], self.base, self.target, terms)
            if pair is not None:
                found[gone], found[made] = pair
        return found

    def carried(
        self, part: FileDiff, there: Effect | str, terms: Terms, *, known: tuple[str, ...]
    ) -> Carried:
        """A section on the target as it is now. `known` says for each hunk why the target is known
        to have it, or ''.

        A file may be in a patch twice: the second diff goes onto the first's result."""
        done = carry(
            part, self.base, there, self.target,
            terms=terms, resolutions=self.resolutions, known=known,
        )  # fmt: skip
        if done.effect is None and not done.held and isinstance(there, Effect):
            return self.followed(part, done, terms)
        return done

    def placed(
        self, part: FileDiff, done: Carried, member: Member, staged: dict[str, bytes | None]
    ) -> Carried:
        """What a section does is done to the target, and what its files were before the patch is
        put into `staged`."""
        if done.effect is not None:
            if not proven(part, done, member.name, member.strip, self.target):
                return stuck(part, "what would be written does not read as what was placed")
            for path, data in done.effect.files.items():
                staged.setdefault(path, self.target.get(path))
                self.target.put(path, data)
        return done

    def pass_by(
        self, number: int, part: FileDiff, there: Effect | str, off_base: list[str]
    ) -> set[int]:
        """Go on with the base, whatever became of a section on the target; the patches whose lines
        it speaks of. Why it does not apply to the base, if so, goes to `off_base`."""
        if isinstance(there, Effect):
            return self.advance(number, part, there)
        if self.base.knows(part.new or str(part.old)):
            off_base.append(f"{part.new or part.old}: {there}")
        for path in part.paths:
            self.base.lose(path)
        return set()

    def followed(self, part: FileDiff, stuck: Carried, terms: Terms) -> Carried:
        """A section in conflict, where upstream moved what it changes: in the files that hold it
        now, as the patches before this one leave them."""
        path = str(part.old)
        base, target = self.base.get(path), self.target.get(path)
        names = section_moves.left(part, base, target) if self.moves is not None else None
        if base is None or names is None or self.moves is None:
            return stuck
        offers = []
        for offer in self.moves(path, names):
            if not self.target.knows(offer.path):
                self.target.put(offer.path, offer.data)
            if (data := self.target.get(offer.path)) is not None:
                offers.append(replace(offer, data=data))
        if not offers:
            return stuck
        terms = replace(terms, offers=tuple(offers))
        return section_moves.followed(part, stuck, base, target, terms)

    def advance(self, number: int, part: FileDiff, there: Effect) -> set[int]:
        """Do a section on its base; the patches whose lines it speaks of."""
        if part.old is not None and self.base.get(part.old) is not None:
            places = zip(there.changes, there.at, strict=True)
            owners, needs = self.base.signed(part.old, places, number)
        else:
            owners, needs = [number] * sum(len(c.post) for c in there.changes), set()
        for path, data in there.files.items():
            self.base.put(path, data, owners)
        return needs


def _defined(member: Member) -> frozenset[str]:
    """The names that a patch defines."""
    return of_lines(
        (
            part.new or str(part.old),
            [line[1:] for hunk in part.hunks for line in hunk.lines if line[0] == "+"],
        )
        for part in member.patch.diffs
    )


def _names(member: Member) -> set[str]:
    """The names in the lines that a patch adds."""
    hunks = (hunk for part in member.patch.diffs for hunk in part.hunks)
    return identifiers("".join(line[1:] for hunk in hunks for line in hunk.lines if line[0] == "+"))


def _judged(files: Sequence[FilePort]) -> tuple[Fate, str]:
    hunks = [(file.path, hunk) for file in files for hunk in file.hunks]
    stuck = [(path, hunk) for path, hunk in hunks if hunk.placed.is_conflict]
    if stuck:
        path, hunk = stuck[0]
        why = f"{len(stuck)} of {len(hunks)} hunks: {path} {hunk.header} {hunk.why}"
        if all(one.is_held_back for _, one in stuck):
            why = f"held back: {why}; read it with a lower --min-confidence"
        return Fate.CONFLICT, why
    ways = {hunk.placed for _, hunk in hunks}
    if hunks and ways == {Placed.UPSTREAM}:
        return Fate.UPSTREAM, hunks[0][1].why
    if all(way.is_literal for way in ways):
        offsets = {hunk.offset or 0 for _, hunk in hunks} or {0}
        off = f", {min(offsets):+d} to {max(offsets):+d} lines off" if offsets != {0} else ""
        return Fate.APPLIES, f"it applies as it is{off}"
    told = ", ".join(sorted(ways - {Placed.UPSTREAM}))
    held = sum(hunk.placed is Placed.UPSTREAM for _, hunk in hunks)
    also = f"; {held} of {len(hunks)} hunks are in the target already" if held else ""
    return Fate.PORTED, f"carried on by {told}{also}"


def _or_reversed(
    member: Member, fate: Fate, why: str, *, stands: bool, is_base: bool
) -> tuple[Fate, str]:
    """The answer for a patch whose new lines are there already: the base's having them, too, is
    what a diff from the new tree to the old one looks like. `stands`: they are in its own base."""
    if fate not in (Fate.UPSTREAM, Fate.CONFLICT):
        return fate, why
    looks = reversal.looks_turned(member.patch.diffs)
    if stands and (is_base or looks):
        told = "" if looks else ", unless the base has the change already"
        return Fate.REVERSED, (
            f"this patch is reversed{told}: its own base has what it adds and lacks what it takes "
            f"away; {reversal.ADVICE}"
        )
    if fate is Fate.UPSTREAM and looks:
        return Fate.REVERSED, f"its names say that this patch is reversed; {reversal.ADVICE}"
    if fate is Fate.UPSTREAM and stands:
        return fate, f"{why}; its own base has it, too: it may be reversed"
    return fate, why


def _written(member: Member, carried: list[Carried]) -> tuple[bytes, tuple[str, ...], str]:
    """The patch file: all that stands around its diffs as it was, but for lines of the message
    that patch(1) would take for a diff. What is to be said of it, and why others would read the
    file otherwise ('' if they would not)."""
    texts = iter(carried)
    pieces: list[str] = []
    count = 0
    for n, piece in enumerate(member.patch.pieces):
        if isinstance(piece, str):
            text, quoted = others.quoted(piece, is_first=not n)
            count += quoted
            pieces.append(text)
        else:
            pieces.append(next(texts).text)
    text = "".join(pieces)
    data = to_bytes(text)
    if data == member.data:
        return data, member.notes, ""
    notes = member.notes
    if count:
        notes += (f"{count} lines of the message quoted: patch(1) would act on them",)
    diffs = [one.text for done in carried for one in done.each if one.text]
    return data, notes, others.misread(text, diffs, member.name, member.strip)


def dependents(ports: Sequence[MemberPort], name: str) -> list[str]:
    """The later patches that speak of lines that the patch `name` brings, and those that speak of
    these patches' lines in turn."""
    found = {name}
    for port in ports:
        if found.intersection(port.needs):
            found.add(port.name)
    return [port.name for port in ports if port.name in found and port.name != name]
