# SPDX-License-Identifier: GPL-2.0-only
"""One file of a patch of a series: done where the patch was cut, and carried to where it goes.

A section is a `FileDiff`: besides changed lines it may create, delete, rename or copy a file,
change its mode, or hold a binary change. What patch and git do with it on its own base is
`perform`; what becomes of it on the target is `carry`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from zpmaint.diffs import binary, writer
from zpmaint.diffs.reader import FileDiff, read_patch
from zpmaint.merge.lines import join, squeezed
from zpmaint.merge.tokens import identifiers
from zpmaint.patchset.values import Resolution
from zpmaint.port import deletion, upstream
from zpmaint.port.conflicts import settled
from zpmaint.port.held_names import brings_lost, held_to_tree
from zpmaint.port.hunks import Change
from zpmaint.port.one_file import jobs_of, port_file
from zpmaint.port.overlay import Overlay, applied, fits_at, places
from zpmaint.port.placed import Placed
from zpmaint.port.scopes import source
from zpmaint.port.terms import STRICT, Terms
from zpmaint.port.values import FilePort, HunkPort

_SPECIAL = ("120000", "160000")
"""Modes of links and submodules."""
_PARTLY = 0.75
"""How sure a hunk is that goes alone, the others of its file being in the target already."""


@dataclass(frozen=True)
class Effect:
    """What a section does to the files it names."""

    files: Mapping[str, bytes | None]
    at: tuple[int, ...] = ()
    """The lines at which its hunks stand before it."""
    changes: tuple[Change, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Carried:
    """A section on the target."""

    port: FilePort
    effect: Effect | None
    """None where it could not be placed, or there is nothing left to do."""
    text: str
    """The section as it is to be written; '' where there is no effect."""
    parts: tuple[Carried, ...] = ()
    """The same file by file, where upstream moved what it changes to other files."""

    @property
    def each(self) -> tuple[Carried, ...]:
        """What it became, one of each file."""
        return self.parts or (self,)

    @property
    def held(self) -> bool:
        """Whether the target has it already."""
        return bool(self.port.hunks) and all(h.placed is Placed.UPSTREAM for h in self.port.hunks)


def perform(part: FileDiff, files: Overlay) -> Effect | str:
    """Do a section as it stands, all context with it; why not where it does not fit."""
    for path in part.paths:
        if not files.knows(path):
            return f"{path} is not known"
    changes = _changes(part)
    read, made = part.old, part.new
    if read is None or _creates(part, files):
        if files.get(made) is not None:
            return "there is a file of this name"
        if part.binary:
            return _binary(part, None)
        if any(change.pre for change in changes):
            return "lines are taken from a file that is to be new"
        return Effect(
            {str(made): join(t for c in changes for t in c.post)}, (0,) * len(changes), changes
        )
    before = files.get(read)
    if before is None:
        return f"there is no file {read}"
    if made is not None and made != read and files.get(made) is not None:
        return f"there is a file {made}"
    if part.binary:
        return _binary(part, before)
    lines = source(before).lines
    at = places(lines, changes)
    if at is None:
        return "its lines do not stand there"
    after = applied(lines, changes, at) if changes else before
    if after is None:
        return "a line without its end would be inside the file"
    if made is None:
        return Effect({read: None}, tuple(at), changes) if not after else "the file holds more"
    gone: dict[str, bytes | None] = {read: None} if part.is_rename else {}
    return Effect({**gone, made: after}, tuple(at), changes)


def carry(
    part: FileDiff,
    base: Overlay,
    there: Effect | str,
    target: Overlay,
    *,
    terms: Terms = STRICT,
    resolutions: Sequence[Resolution] = (),
    known: tuple[str, ...] = (),
) -> Carried:
    """Do a section on the target; `there` is what it did to its base, `base` the state before.
    A conflict that is among `resolutions` is solved as it was before. `known` says for each hunk
    why the target is known to have it, or ''."""
    changes = _changes(part)
    if isinstance(there, Effect) and all(base.get(p) == target.get(p) for p in part.paths):
        told = _told(
            part, changes, Placed.EXACT, "the file is as the patch's base has it", there.at
        )
        done = Carried(_with(told, there), there, _rewritten(part, there, target))
        return _asked(part, done, target, terms)
    if special := _special(part):
        return _stuck(part, changes, special)
    if part.binary or part.old is None or _creates(part, target) or part.new is None:
        return _asked(part, _whole(part, changes, there, base, target), target, terms)
    before = target.get(part.old)
    if before is None:
        if part.is_rename and _has(there, target):
            return _held(part, changes, f"the target has {part.new} as the patch leaves it")
        return _stuck(part, changes, f"the target does not have {part.old}")
    if part.new != part.old and target.get(part.new) is not None:
        if part.is_copy and _has(there, target):
            return _held(part, changes, f"the target has {part.new} as the patch leaves it")
        return _stuck(part, changes, f"the target has a file {part.new} already")
    if not changes:
        return _moved(part, before)
    was = base.get(part.old) if isinstance(there, Effect) else None
    memories = tuple(resolutions)
    has = known if any(known) else ()
    return _lines(part, changes, was, before, terms=terms, resolutions=memories, has=has)


def _asked(part: FileDiff, done: Carried, target: Overlay, terms: Terms) -> Carried:
    """A file may be new, or the very one that the patch was made from, and what it calls be gone
    from others."""
    if done.effect is None or part.binary:
        return done
    added = "".join(text for hunk in part.hunks for text in hunk.lines if text[0] == "+")
    if not brings_lost(added, terms):
        return done
    port = held_to_tree(part.parsed, done.port, target.get(part.old), terms)
    return done if port is done.port else Carried(port, None, "")


def held(part: FileDiff, why: str) -> Carried:
    """A section that the target is known to have."""
    return _held(part, _changes(part), why)


def stuck(part: FileDiff, why: str) -> Carried:
    """A section that goes nowhere."""
    return _stuck(part, _changes(part), why)


def left_over(
    part: FileDiff, base: Overlay, there: Effect | str, target: Overlay
) -> tuple[FileDiff, bytes | None, bytes] | None:
    """Of a section in conflict what a person would have to place: its hunks without those that the
    target has, and the file they go from and to. None for one that no merge of lines can hold."""
    before = target.get(part.old)
    plain = not (_special(part) or part.binary or part.new is None or _creates(part, target))
    if before is None or not plain or not part.hunks:
        return None
    known = base.get(part.old) if isinstance(there, Effect) else None
    changes = _changes(part)
    held, _ = _tried(part, changes, known, before, STRICT)
    return _left(part, held), _with_held(changes, held, known), before


def _changes(part: FileDiff) -> tuple[Change, ...]:
    return tuple(Change.of(hunk) for hunk in part.parsed) if part.hunks else ()


def _creates(part: FileDiff, files: Overlay) -> bool:
    """A diff that is not git's tells of a new file by its hunk alone."""
    if part.is_git or len(part.hunks) != 1 or part.new is None:
        return False
    hunk = part.hunks[0]
    return (hunk.old_start, hunk.old_count) == (0, 0) and files.get(part.new) is None


def _special(part: FileDiff) -> str:
    for key in ("old mode", "new mode", "new file mode", "deleted file mode"):
        if part.said(key) in _SPECIAL and part.old is not None:
            return "it changes a link or a submodule, whose contents are not read"
    return ""


def _binary(part: FileDiff, before: bytes | None) -> Effect | str:
    after = binary.after(part.binary, before)
    if isinstance(after, str):
        return after
    if part.new is None:
        return Effect({str(part.old): None})
    gone: dict[str, bytes | None] = {str(part.old): None} if part.is_rename else {}
    return Effect({**gone, part.new: after})


def _whole(
    part: FileDiff,
    changes: Sequence[Change],
    there: Effect | str,
    base: Overlay,
    target: Overlay,
) -> Carried:
    """A file that comes or goes whole, or is binary: only on what the patch was cut from, but for
    a file that goes and is the same file still."""
    done = perform(part, target)
    if isinstance(done, Effect):
        why = "as the patch has it" if part.old else "a new file, not in the target"
        told = _told(part, changes, Placed.EXACT, why, done.at)
        return Carried(_with(told, done), done, _rewritten(part, done, target))
    made = part.new
    if made is None:
        if target.get(part.old) is None:
            return _held(part, changes, "the file is gone from the target")
        return _dropped(part, changes, there, base, target)
    if isinstance(there, Effect) and target.get(made) == there.files.get(made):
        return _held(part, changes, "the target has this very file")
    if part.old is None or _creates(part, target):
        wanted = None if part.binary else join(t for c in changes for t in c.post)
        if wanted is not None and target.get(made) == wanted:
            return _held(part, changes, "the target has this very file")
        return _stuck(part, changes, "the target has another file of this name")
    return _stuck(part, changes, f"a binary change, and {done}")


def _dropped(
    part: FileDiff,
    changes: Sequence[Change],
    there: Effect | str,
    base: Overlay,
    target: Overlay,
) -> Carried:
    """A file that goes although the target's is not the base's: what is in it goes with it."""
    changed = "upstream changed the file that the patch deletes"
    was, now = base.get(part.old), target.get(part.old)
    if part.binary or not isinstance(there, Effect) or was is None or now is None:
        return _stuck(part, changes, changed)
    going = deletion.of_file(str(part.old), was, now)
    if isinstance(going, str):
        return _stuck(part, changes, f"{changed}: {going}")
    effect = Effect({str(part.old): None})
    told = _told(part, changes, Placed.SCOPE, f"{changed}; {going.why}")
    told = replace(told, hunks=tuple(replace(hunk, confidence=going.sure) for hunk in told.hunks))
    text = "".join([*part.head, *writer.hunks(list(source(now).lines), [])])
    return Carried(told, effect, _indexed(text, part, now, b""))


def _has(there: Effect | str, target: Overlay) -> bool:
    return isinstance(there, Effect) and all(
        target.get(path) == data for path, data in there.files.items()
    )


def _moved(part: FileDiff, before: bytes) -> Carried:
    """A rename, a copy or a change of mode that leaves the contents alone."""
    assert part.old is not None and part.new is not None
    gone: dict[str, bytes | None] = {part.old: None} if part.is_rename else {}
    effect = Effect({**gone, part.new: before})
    what = "renamed" if part.is_rename else "copied" if part.is_copy else "only its mode changes"
    return Carried(_with(_told(part, (), Placed.EXACT, what), effect), effect, part.text())


@lru_cache(maxsize=512)  # from commit to commit most files of a series stay the same
def _lines(
    part: FileDiff,
    changes: tuple[Change, ...],
    known: bytes | None,
    before: bytes,
    *,
    terms: Terms,
    resolutions: tuple[Resolution, ...],
    has: tuple[str, ...],
) -> Carried:
    """Changed lines, placed by the engine."""
    held, ported = _tried(part, changes, known, before, terms, has=has)
    if ported.result is None and resolutions and not all(held):
        rest, base = _left(part, held), _with_held(changes, held, known)
        path = str(rest.new)
        memory = settled(str(rest.parsed), {path: base}, {path: before}, resolutions).get(path)
        if memory is not None:
            ported = _partly(changes, memory, held) if any(held) else memory
    if all(held):
        return _held(part, changes, "; ".join(dict.fromkeys(held)))
    if ported.result is None:
        return Carried(ported, None, "")
    made = str(part.new)
    gone: dict[str, bytes | None] = {str(part.old): None} if part.is_rename else {}
    files = {**gone, made: ported.result}
    if all(hunk.placed.is_literal for hunk in ported.hunks):
        at = tuple(c.start + (h.offset or 0) for c, h in zip(changes, ported.hunks, strict=True))
        lines = source(before).lines
        if applied(lines, changes, at) == ported.result and _fit(changes, at, lines):
            effect = Effect(files, at, changes)
            text = _indexed(_renumbered(part, effect), part, before, ported.result)
            return Carried(ported, effect, text)
    text = _indexed(_anew(part, before, ported.result), part, before, ported.result)
    return Carried(ported, Effect(files), text)


def _tried(
    part: FileDiff,
    changes: tuple[Change, ...],
    known: bytes | None,
    before: bytes,
    terms: Terms,
    *,
    has: tuple[str, ...] = (),
) -> tuple[list[str], FilePort]:
    """For each hunk why the target has it already, or ''; and the port of the others. `has` is
    what is known of that beforehand."""
    held = _there_already(part, changes, known, before, has=has)
    ported = _rest(part, changes, held, known, before, terms=terms)
    if ported.result is None:
        # What could not be placed may be there already, and its lines of before, too.
        stuck = [hunk.placed.is_conflict for hunk in ported.hunks]
        held = _there_already(part, changes, known, before, stuck=stuck, has=has)
        ported = _rest(part, changes, held, known, before, terms=terms)
    return held, ported


def _left(part: FileDiff, held: Sequence[str]) -> FileDiff:
    """The section without the hunks that the target has."""
    hunks = (hunk for hunk, done in zip(part.hunks, held, strict=True) if not done)
    return replace(part, hunks=tuple(hunks))


def _there_already(
    part: FileDiff,
    changes: tuple[Change, ...],
    known: bytes | None,
    before: bytes,
    *,
    stuck: Sequence[bool] = (),
    has: tuple[str, ...] = (),
) -> list[str]:
    """For each hunk why the target has it already, or ''. One that is there may be what shows that
    another is: a line that the patch moves, and upstream did. `has` is known beforehand."""
    held = list(has) or [""] * len(changes)
    while True:
        left = [n for n, done in enumerate(held) if not done]
        if not left:
            return held
        rest = replace(part, hunks=tuple(part.hunks[n] for n in left)).parsed
        jobs = jobs_of(rest, _with_held(changes, held, known), before)
        for n, job in zip(left, jobs, strict=True):
            held[n] = upstream.there_by_merge(job, even_so=bool(stuck) and stuck[n])
        if not any(held[n] for n in left):
            return held


def _with_held(
    changes: tuple[Change, ...], held: Sequence[str], known: bytes | None
) -> bytes | None:
    """The base with those hunks done that the target has already: what is left to do is told
    from them so."""
    if known is None or not any(held):
        return known
    lines = source(known).lines
    at = places(lines, changes)
    done = [n for n, one in enumerate(held) if one]
    if at is None:
        return None
    return applied(lines, [changes[n] for n in done], [at[n] for n in done])


def _rest(
    part: FileDiff,
    changes: tuple[Change, ...],
    held: Sequence[str],
    known: bytes | None,
    before: bytes,
    *,
    terms: Terms,
) -> FilePort:
    """The port of the hunks that the target does not have yet."""
    if not any(held):
        return port_file(part.parsed, known, before, terms)
    left = _left(part, held)
    if not left.hunks:
        return _told(part, changes, Placed.UPSTREAM, "")
    base = _with_held(changes, held, known)
    rest = port_file(left.parsed, base, before, terms)
    # Upstream has some of the patch: where it has brought a line of the rest, too, that is no
    # coincidence, and a merge that took it for another would bring it twice.
    twice = _brought_by_both(
        [c for c, done in zip(changes, held, strict=True) if not done], base, before
    )
    if rest.result is not None and twice:
        why = f"upstream has other hunks of this file already, and has brought {twice!r} as well"
        stuck = (replace(h, placed=Placed.CONFLICT, confidence=0.0, why=why) for h in rest.hunks)
        rest = replace(rest, hunks=tuple(stuck), result=None)
    return _partly(changes, rest, held)


def _brought_by_both(changes: Sequence[Change], base: bytes | None, target: bytes) -> str:
    """A line that hunks add and that upstream has added since the base; '' if there is none."""
    old = Counter(map(squeezed, source(base).lines)) if base is not None else Counter[str]()
    new = Counter(map(squeezed, source(target).lines))
    added = (line for change in changes for line in change.added)
    return next((line for line in added if identifiers(line) and new[line] > old[line]), "")


def _partly(changes: Sequence[Change], rest: FilePort, held: Sequence[str]) -> FilePort:
    """The hunks that the target does not have yet, and of the others that it has them."""
    others = iter(rest.hunks)
    hunks = []
    for change, done in zip(changes, held, strict=True):
        if done:
            hunks.append(HunkPort(change.header, "", Placed.UPSTREAM, 1.0, done))
            continue
        other = next(others)
        why = f"{other.why}; other hunks of this file are in the target already"
        hunks.append(replace(other, confidence=min(other.confidence, _PARTLY), why=why))
    return FilePort(rest.path, tuple(hunks), rest.result, rest.conflict)


def _told(
    part: FileDiff, changes: Sequence[Change], placed: Placed, why: str, at: Sequence[int] = ()
) -> FilePort:
    path = part.new or str(part.old)
    sure = 0.0 if placed.is_conflict else 1.0
    if not changes:
        return FilePort(path, (HunkPort("@@", "", placed, sure, why),))
    offsets = (
        [place - change.start for change, place in zip(changes, at, strict=True)]
        if len(at) == len(changes)
        else [None] * len(changes)
    )
    hunks = []
    for change, offset in zip(changes, offsets, strict=True):
        way = Placed.OFFSET if placed is Placed.EXACT and offset else placed
        hunks.append(HunkPort(change.header, "", way, sure, why, offset))
    return FilePort(path, tuple(hunks))


def _with(told: FilePort, effect: Effect) -> FilePort:
    return replace(told, result=effect.files.get(told.path))


def _stuck(part: FileDiff, changes: Sequence[Change], why: str) -> Carried:
    return Carried(_told(part, changes, Placed.CONFLICT, why), None, "")


def _held(part: FileDiff, changes: Sequence[Change], why: str) -> Carried:
    return Carried(_told(part, changes, Placed.UPSTREAM, why), None, "")


def _fit(changes: Sequence[Change], at: Sequence[int], lines: Sequence[str]) -> bool:
    return all(fits_at(c, n, len(lines)) for c, n in zip(changes, at, strict=True))


def _anew(part: FileDiff, before: bytes, after: bytes) -> str:
    """The section with hunks of its own making, three lines of context around each."""
    old, new = source(before).lines, source(after).lines
    return "".join([*part.head, *writer.hunks(list(old), list(new))])


def _rewritten(part: FileDiff, effect: Effect, target: Overlay) -> str:
    """The section as it stands, with the lines that its hunks have now."""
    before = target.get(part.old)
    after = effect.files.get(str(part.new))
    if before is None or after is None or not effect.changes:
        return _renumbered(part, effect)
    if not _fit(effect.changes, effect.at, source(before).lines):
        return _anew(part, before, after)
    return _renumbered(part, effect)


def _renumbered(part: FileDiff, effect: Effect) -> str:
    """The section with the lines that its hunks have now; byte for byte where they had them."""
    if len(effect.at) != len(part.hunks):
        return part.text()
    out = list(part.head)
    moved = 0
    for hunk, at in zip(part.hunks, effect.at, strict=True):
        old = at + 1 if hunk.old_count else at
        new = at + moved + 1 if hunk.new_count else at + moved
        out += [hunk.at(old, new), *hunk.lines]
        moved += hunk.new_count - hunk.old_count
    return "".join([*out, *part.binary])


def rewritten(part: FileDiff, path: str, before: bytes, after: bytes) -> str:
    """The section as one of another file, from what that is before to what it is after."""
    head = (line.replace(str(part.old), path) for line in part.head)
    return _indexed(_anew(replace(part, head=tuple(head)), before, after), part, before, after)


def _indexed(text: str, part: FileDiff, before: bytes, after: bytes) -> str:
    """The section with git's names of the contents that it goes from and to, as `git am -3` looks
    them up; only where it named them before."""
    said = part.said("index")
    if said is None or ".." not in said:
        return text
    names, _, mode = said.partition(" ")
    old, new = names.split("..", 1)
    now = f"index {_blob_id(before)[: len(old)]}..{_blob_id(after)[: len(new)]}"
    line = next(line for line in part.head if line.startswith("index "))
    end = line[len(line.rstrip("\r\n")) :]
    return text.replace(line, f"{now} {mode}".rstrip() + end, 1)


def _blob_id(data: bytes) -> str:
    head = b"blob %d\0" % len(data)
    return hashlib.sha1(head + data, usedforsecurity=False).hexdigest()


def proven(part: FileDiff, carried: Carried, name: str, strip: int, target: Overlay) -> bool:
    """Whether the written section, read again and done on the target without any offset, gives
    what the port says."""
    assert carried.effect is not None
    if carried.text == part.text() and carried.effect.at:
        changes = carried.effect.changes  # which fit there, or there would be others
        if all(c.start == at for c, at in zip(changes, carried.effect.at, strict=True)):
            return True  # it was done just so
    again = read_patch(carried.text, name, strip).diffs
    if len(again) != len(carried.each):
        return False
    files: dict[str, bytes | None] = {}
    for diff in again:
        done = perform(diff, target)
        if not isinstance(done, Effect):
            return False
        if any(c.start != at for c, at in zip(done.changes, done.at, strict=False)):
            return False
        files.update(done.files)
    return files == carried.effect.files
