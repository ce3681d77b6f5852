"""Carrying a patch set onto a kernel: the anchor, the ladder, the checks, the state. Pure.

All or nothing: a patch is written only if every hunk was placed and every check holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile
from unidiff.patch import PatchSet as UnifiedDiff

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_bytes
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs import writer
from zpmaint.diffs.paths import NOWHERE
from zpmaint.merge import renames
from zpmaint.merge.lines import join, lines_of
from zpmaint.merge.tokens import KEYWORDS, identifiers
from zpmaint.patchset.values import Anchor, PatchSet, Resolution
from zpmaint.port import (
    checks,
    confidence,
    header,
    intent,
    leftovers,
    moved,
    numbering,
    resolution,
    sites,
    upstream,
    wholefile,
)
from zpmaint.port.everywhere import EVERYWHERE
from zpmaint.port.follow import Followed, Region, successors
from zpmaint.port.hunks import Change
from zpmaint.port.outlines import language
from zpmaint.port.placement import Job, Miss, Placement
from zpmaint.port.scopes import Source, locals_of, source
from zpmaint.port.strategies import LADDER
from zpmaint.port.terms import STRICT, Terms
from zpmaint.port.threshold import held_back
from zpmaint.port.values import FilePort, HunkPort, Port, State

Blobs = Mapping[str, bytes | None]
_Frozen = tuple[tuple[str, bytes | None], ...]


def candidates(patchset: PatchSet, version: KernelVersion) -> list[Anchor]:
    """The set's anchors, the right start first: those whose era holds the version, nearest first,
    then the others, nearest first.

    In a range that upstream adopted, older anchors come before younger ones: what upstream adopted
    is what they stand for.
    """
    adopted = any(version in adoption.era for adoption in patchset.adoptions)
    return sorted(
        patchset.anchors,
        key=lambda anchor: (
            version not in anchor.era,
            adopted and anchor.version > version,
            _distance(anchor.version, version),
        ),
    )


def _distance(one: KernelVersion, other: KernelVersion) -> tuple[int, ...]:
    """How far two kernels are apart, series before point release; linux-next is beyond all."""
    if one.next_date is not None or other.next_date is not None:
        return (one.next_date != other.next_date, *(-n for n in (*one.numbers, *other.numbers)))
    return tuple(
        abs(a - b) for a, b in zip((*one.numbers, 0)[:4], (*other.numbers, 0)[:4], strict=True)
    )


def port(
    patchset: PatchSet,
    version: KernelVersion,
    bases: Mapping[str, Blobs],
    target: Blobs,
    *,
    anchor: str | None = None,
    terms: Terms = STRICT,
) -> Port:
    """Carry a patch set onto a kernel.

    `bases` holds, by anchor name, the files an anchor was cut against, as far as they can be had;
    `target` the kernel's own, None for a file it does not have. `anchor` forces one by name.
    Raises UserError if there is no such anchor or an anchor is no unified writer.
    """
    if anchor is not None:
        chosen = next((a for a in patchset.anchors if a.name == anchor), None)
        if chosen is None:
            names = ", ".join(a.name for a in patchset.anchors)
            raise UserError(f"{patchset.name} has no anchor {anchor!r}", f"its anchors: {names}")
        if superseding := _superseding(patchset, chosen, version):
            return Port(
                version,
                patchset.name,
                State.SUPERSEDED,
                chosen.name,
                (),
                "",
                f"the era of {chosen.name} ended before {version}; start from {superseding.name}",
            )
        return _port(patchset, version, chosen, bases.get(chosen.name, {}), target, terms=terms)
    starts = candidates(patchset, version)
    if not starts:
        raise UserError(f"{patchset.name} has no anchor", "add one to the patch set")
    holding = [a for a in starts if version in a.era] or starts[:1]
    ports = []
    for start in holding:
        ports.append(
            _port(patchset, version, start, bases.get(start.name, {}), target, terms=terms)
        )
        if ports[-1].state is not State.CONFLICT:
            return ports[-1]
    return ports[0]


def paths(patch: str) -> tuple[str, ...]:
    """The files that a patch touches, as they are called under a kernel tree's top."""
    return tuple(file.path for file in _files(patch))


def touched_by(anchor: Anchor) -> tuple[str, ...]:
    """The files of the kernel that an anchor reads or writes."""
    return paths(anchor.patch) if anchor.is_single else anchor.series.paths


def port_file(
    file: PatchedFile, base: bytes | None, target: bytes, terms: Terms = STRICT
) -> FilePort:
    """The port of the changed lines of one file that stays a file under its name."""
    return _held_to_tree(file, _modified(file, base, target, terms), target, terms)


def jobs_of(file: PatchedFile, base: bytes | None, target: bytes) -> list[Job]:
    """What the ladder is given, hunk by hunk."""
    return _jobs(file, base, target)


def _superseding(patchset: PatchSet, chosen: Anchor, version: KernelVersion) -> Anchor | None:
    until = chosen.era.until
    if until is None or version.upstream < until:
        return None
    return next((a for a in candidates(patchset, version) if version in a.era), None)


def _port(
    patchset: PatchSet,
    version: KernelVersion,
    anchor: Anchor,
    base: Blobs,
    target: Blobs,
    *,
    terms: Terms,
) -> Port:
    if not anchor.is_single:
        from zpmaint.port.anchored import port_anchor  # noqa: PLC0415 - it stands on this file

        return port_anchor(patchset, version, anchor, base, target, terms=terms)
    wanted = paths(anchor.patch)
    carried = (
        anchor.patch,
        tuple((path, base.get(path)) for path in wanted),
        tuple((path, target.get(path)) for path in wanted),
    )
    adoption = next((a for a in patchset.adoptions if version in a.era), None)
    if adoption is not None:
        seen = _adopted(*carried)
        if seen.adopted:
            state, files = State.UPSTREAM, seen.files
            commits = ", ".join(sha[:12] for sha in adoption.commits)
            came = f" since {adoption.era.since}" if adoption.era.since else ""
            why = f"upstream has it{came} ({commits}): {seen.why}"
        else:
            state, files = State.CONFLICT, seen.files
            why = f"the set says that upstream has adopted the change here, but {seen.why}"
        return Port(version, patchset.name, state, anchor.name, files, "", why)
    # Asking the tree costs seconds; what is the same for many kernels is carried once.
    outcome = _carry(*carried, replace(terms, exists=None, gone=None))
    if terms.exists is not None and _rests_on_names(outcome):
        outcome = _carry.__wrapped__(*carried, replace(terms, gone=None))
    if terms.gone is not None and outcome.state in (State.APPLIES, State.PORTED):
        outcome = _bereft(anchor.patch, outcome, target, terms)
    if outcome.state is State.CONFLICT and patchset.resolutions:
        outcome = _recalled(*carried, patchset.resolutions)
    if outcome.state is State.CONFLICT:
        seen = _adopted(*carried)
        if seen.verbatim:
            return Port(
                version, patchset.name, State.UPSTREAM, anchor.name, seen.files, "", seen.why
            )
        why = outcome.why
        if seen.adopted:
            why = (
                f"it looks as if upstream had adopted the change ({seen.why}), but the set "
                f"declares no adoption here; {outcome.why}"
            )
        return Port(version, patchset.name, State.CONFLICT, anchor.name, outcome.files, "", why)
    if outcome.state is State.UPSTREAM:
        return Port(
            version, patchset.name, State.UPSTREAM, anchor.name, outcome.files, "", outcome.why
        )
    if unsure := held_back(outcome.files, patchset.min_confidence):
        files = _undone(unsure)
        why = (
            f"held back: {_first_stuck(files)}; read it with `zpmaint port {version} "
            "--min-confidence 0`: if it is right, make it an anchor"
        )
        return Port(version, patchset.name, State.CONFLICT, anchor.name, files, "", why)
    head = header.write(
        patchset, anchor, version, state=outcome.state, files=outcome.files, why=outcome.why
    )
    return Port(
        version,
        patchset.name,
        outcome.state,
        anchor.name,
        outcome.files,
        head + outcome.diff,
        outcome.why,
    )


@dataclass(frozen=True)
class _Outcome:
    state: State
    files: tuple[FilePort, ...]
    diff: str
    why: str


@dataclass(frozen=True)
class _Seen:
    adopted: bool
    verbatim: bool
    files: tuple[FilePort, ...]
    why: str


@lru_cache(maxsize=16)
def _files(patch: str) -> tuple[PatchedFile, ...]:
    try:
        files = tuple(UnifiedDiff.from_string(patch))
    except UnidiffParseError as error:
        raise UserError(f"the anchor is no unified diff: {error}", "cut it anew") from error
    if not files:
        raise UserError("the anchor holds no diff", "cut it with git diff or diff -u")
    return tuple(map(_as_p1, files))


def _as_p1(file: PatchedFile) -> PatchedFile:
    """The file with its names as git writes them: whatever stands first in a header's name
    (linux.orig/ as well as a/) is what -p1 takes off."""
    file.source_file = _renamed(file.source_file, "a")
    file.target_file = _renamed(file.target_file, "b")
    return file


def _renamed(name: str, side: str) -> str:
    first, slash, inside = name.partition("/")
    if name == NOWHERE or not slash or first == side:
        return name
    return f"{side}/{inside}"


@lru_cache(maxsize=512)
def _carry(patch: str, base: _Frozen, target: _Frozen, terms: Terms = STRICT) -> _Outcome:
    """The port of one patch between given contents: what a version's name has no part in."""
    before, now = dict(base), dict(target)
    ported: list[FilePort] = []
    diffs: list[str] = []
    for file in _files(patch):
        for done in _file(file, before[file.path], now[file.path], terms):
            ported.append(done)
            diffs.append(_diff(done, _there(done, now, terms)))
    ported = _one_each(ported)
    if stuck := _stuck(ported):
        return stuck
    hunks = [hunk for file in ported for hunk in file.hunks]
    held = [hunk for hunk in hunks if hunk.placed in _DROPPED]
    if held and terms.yields:
        return _without(held, len(hunks), ported, "".join(diffs))
    if held:
        why = f"{len(held)} of {len(hunks)} hunks are in the target already, the others are not"
        return _Outcome(State.CONFLICT, _undone(ported), "", why)
    if all(hunk.placed in ("exact", "offset") for hunk in hunks):
        offsets = {hunk.offset or 0 for hunk in hunks}
        why = "the anchor applies as it is"
        if offsets != {0}:
            why += f", {min(offsets):+d} to {max(offsets):+d} lines off"
        return _Outcome(State.APPLIES, tuple(ported), "".join(diffs), why)
    return _carried_on(ported, diffs)


def _bereft(patch: str, outcome: _Outcome, target: Blobs, terms: Terms) -> _Outcome:
    """The port, held against what upstream has taken away from the whole tree."""
    of = {file.path: file for file in _files(patch)}
    files = tuple(
        _held_to_tree(of[done.origin], done, _there(done, target, terms), terms)
        for done in outcome.files
    )
    return _stuck(files) or outcome


def _held_to_tree(
    file: PatchedFile, done: FilePort, target: bytes | None, terms: Terms
) -> FilePort:
    """A file's port, a conflict where a hunk's own lines call what upstream has taken away."""
    if done.result is None or terms.gone is None or language(file.path) != "c":
        return done
    known = source(target).names if target is not None else set()
    spoken = source(done.result).names  # some of the patch's words may be upstream's new ones
    of = {Change.of(hunk).header: hunk for hunk in file}
    hunks = []
    for told in done.hunks:
        hunk = of.get(told.header, ())
        added = "".join(line.value for line in hunk if line.is_added)
        own = (identifiers(added) & spoken) - known - EVERYWHERE - KEYWORDS
        own -= locals_of(to_bytes(added)) if own else frozenset()
        dead = sorted(name for name in own if not name.startswith("CONFIG_") and terms.gone(name))
        if dead and told.placed not in _DROPPED:
            why = f"{checks.DEAD} {', '.join(dead)}, which the hunk brings a use of"
            told = replace(told, placed="conflict", confidence=0.0, why=why)  # noqa: PLW2901
        hunks.append(told)
    if all(hunk.placed != "conflict" for hunk in hunks):
        return done
    return replace(done, hunks=tuple(hunks), result=None)


def _rests_on_names(outcome: _Outcome) -> bool:
    """Whether a port was held back, or less sure, for a name that its file does not use."""
    told = [hunk.why for file in outcome.files for hunk in file.hunks]
    return any(sign in why for why in told for sign in (checks.UNSEEN, checks.DEAD))


def _there(done: FilePort, target: Blobs, terms: Terms) -> bytes | None:
    """The target's file that a port changes."""
    if not done.moved_from:
        return target.get(done.path)
    return next(offer.data for offer in terms.offers if offer.path == done.path)


def _one_each(files: list[FilePort]) -> list[FilePort]:
    """The ports; conflicts where two of them would change one file, each without the other."""
    paths = Counter(file.path for file in files)
    moved_to = {file.path for file in files if file.moved_from}
    found = []
    for file in files:
        if file.path in moved_to and paths[file.path] > 1:
            why = f"two files of the patch go to {file.path} now"
            stuck = (replace(h, placed="conflict", confidence=0.0, why=why) for h in file.hunks)
            file = replace(file, hunks=tuple(stuck), result=None)  # noqa: PLW2901
        found.append(file)
    return found


def _diff(done: FilePort, there: bytes | None) -> str:
    if there is None and done.result is None:
        return ""
    return writer.unified(
        done.path,
        None if there is None else lines_of(there),
        None if done.result is None else lines_of(done.result),
    )


def _file(
    file: PatchedFile, base: bytes | None, target: bytes | None, terms: Terms
) -> list[FilePort]:
    """The ports of a file: more than one where upstream moved a part of it to other files."""
    stays = target is not None or file.is_added_file or file.is_removed_file
    done = wholefile.port(file, target, terms) if stays or not terms.offers else None
    if done is not None:
        return [done]
    if stays:
        done = _modified(file, base, target, terms)
        if done.result is not None or not terms.offers:
            return [done]
    left = _left(file, base, terms, target)
    if not isinstance(left, Miss):
        return left
    done = done or wholefile.port(file, target, terms)
    assert done is not None  # a file that is not there is always told of
    hunks = (
        replace(hunk, why=f"{hunk.why}; {left.why}") if hunk.placed == "conflict" else hunk
        for hunk in done.hunks
    )
    return [replace(done, hunks=tuple(hunks)) if left.why else done]


def _left(
    file: PatchedFile, base: bytes | None, terms: Terms, target: bytes | None
) -> list[FilePort] | Miss:
    """The ports of a file some or all of whose hunks have to go to other files; why not, where
    they do not find a place there."""
    if base is None:
        return Miss("without a base a function that moved is not told from another")
    jobs = _jobs(file, base, b"" if target is None else target, terms)
    taken: dict[str, list[tuple[Job, Placement | Miss]]] = {}
    for job in jobs:
        path: str = file.path
        attempt = Miss("") if target is None else _attempt(file.path, job)
        goes = target is None or moved.is_away(job)
        if isinstance(attempt, Miss) and not attempt.done:
            found = moved.place(file.path, job, terms.offers, _attempt) if goes else Miss("")
            if isinstance(found, Miss):
                return found
            path, job, attempt = found  # noqa: PLW2901  # the job goes on in the other file
        taken.setdefault(path, []).append((job, attempt))
    ports = []
    for path, pairs in taken.items():
        done = _together(path, file.path, pairs)
        if isinstance(done, Miss):
            return done
        ports.append(done)
    return ports


def _together(
    path: str, origin: str, pairs: Sequence[tuple[Job, Placement | Miss]]
) -> FilePort | Miss:
    """A file of the target with all hunks that go there, held to the checks of a whole file."""
    jobs = [job for job, _ in pairs]
    placed = sorted((a for _, a in pairs if isinstance(a, Placement)), key=lambda a: a.start)
    result = _applied(jobs[0].target, placed)
    if isinstance(result, Miss):
        return replace(result, why=f"{path}: {result.why}")
    if idle := _idle(path, jobs, placed, result):
        return Miss(f"{path}: {', '.join(idle)} would be left without a user")
    approved = [_approved(path, j, a, result) if isinstance(a, Placement) else a for j, a in pairs]
    for one in approved:
        if isinstance(one, Miss) and not one.done:
            return replace(one, why=f"{path}: {one.why}")
    hunks = tuple(map(_told, jobs, approved))
    return FilePort(path, hunks, result.data, moved_from=origin if path != origin else "")


def away(patch: str, base: Blobs, target: Blobs) -> dict[str, tuple[str, ...]]:
    """By path the functions (and other scopes) whose lines `patch` changes and that are not in
    that file of the target; all of them where there is no such file."""
    found: dict[str, tuple[str, ...]] = {}
    for file in _files(patch):
        old, blob = base.get(file.path), target.get(file.path)
        if old is None or file.is_added_file or file.is_removed_file or file.is_rename:
            continue
        jobs = [job for job in _jobs(file, old, blob or b"") if moved.is_away(job)]
        if jobs or blob is None:
            names = (job.home.name for job in jobs if job.home is not None)
            found[file.path] = tuple(dict.fromkeys(names))
    return found


_DROPPED = frozenset({"upstream", "gone"})


def _without(
    held: Sequence[HunkPort], count: int, ported: Sequence[FilePort], diffs: str
) -> _Outcome:
    """The port of a patch of which upstream has a part, or deleted what a part of it changes."""
    had = sum(hunk.placed == "upstream" for hunk in held)
    gone = len(held) - had
    parts = [f"{had} upstream has"] * bool(had) + [f"{gone} on what upstream deleted"] * bool(gone)
    why = f"dropped {' and '.join(parts)}, of {count} hunks: {held[0].why}"
    state = State.UPSTREAM if len(held) == count else State.PORTED
    return _Outcome(state, tuple(ported), "" if state is State.UPSTREAM else diffs, why)


def _stuck(files: Sequence[FilePort], unplaced: Collection[str] = ("conflict",)) -> _Outcome | None:
    """The conflict that hunks which went nowhere make of a port; None where there are none."""
    why = _first_stuck(files, unplaced)
    return _Outcome(State.CONFLICT, _undone(files), "", why) if why else None


def _first_stuck(files: Sequence[FilePort], unplaced: Collection[str] = ("conflict",)) -> str:
    """How many hunks went nowhere, and of the first why; '' where all did."""
    hunks = [hunk for file in files for hunk in file.hunks]
    stuck = [hunk for hunk in hunks if hunk.placed in unplaced]
    if not stuck:
        return ""
    return f"{len(stuck)} of {len(hunks)} hunks: {stuck[0].header} {stuck[0].why}"


def _carried_on(files: Sequence[FilePort], diffs: Sequence[str]) -> _Outcome:
    """A port whose hunks are all placed, not all of them as the anchor has them."""
    ways = ", ".join(sorted({hunk.placed for file in files for hunk in file.hunks}))
    return _Outcome(State.PORTED, tuple(files), "".join(diffs), f"carried on by {ways}")


def _undone(files: Sequence[FilePort]) -> tuple[FilePort, ...]:
    """All or nothing: files that went well give no result where another did not."""
    return tuple(replace(file, result=None) for file in files)


def _jobs(file: PatchedFile, base: bytes | None, target: bytes, terms: Terms = STRICT) -> list[Job]:
    tongue = language(file.path)
    before = None if base is None else source(base, tongue)
    wrote = frozenset(line.value for hunk in file for line in hunk if line.is_added)
    there = source(target, tongue)
    changes = tuple(Change.of(hunk, tongue) for hunk in file)
    return [Job(change, there, before, wrote, terms, changes) for change in changes]


def _modified(
    file: PatchedFile, base: bytes | None, target: bytes | None, terms: Terms = STRICT
) -> FilePort:
    """Port a file that stays a file under its name."""
    assert target is not None  # wholefile.port() has dealt with it
    jobs = _jobs(file, base, target, terms)
    attempts = [_attempt(file.path, job) for job in jobs]
    placements = [a for a in attempts if isinstance(a, Placement)]
    if all(isinstance(a, Placement) or a.done for a in attempts):
        result = _applied(jobs[0].target, placements)
        if isinstance(result, Source) and (idle := _idle(file.path, jobs, placements, result)):
            result = Miss(f"{', '.join(idle)} would be left without a user")
        if isinstance(result, Miss):
            attempts = [result for _ in attempts]
        else:
            attempts = [
                _approved(file.path, job, a, result) if isinstance(a, Placement) else a
                for job, a in zip(jobs, attempts, strict=True)
            ]
            if all(isinstance(a, Placement) or a.done for a in attempts):
                hunks = tuple(map(_told, jobs, attempts))
                return FilePort(file.path, hunks, result.data)
    conflict = "\n".join(a.conflict for a in attempts if isinstance(a, Miss) and a.conflict)
    return FilePort(file.path, tuple(map(_told, jobs, attempts)), None, conflict)


def _attempt(path: str, job: Job) -> Placement | Miss:
    """Climb the ladder until a strategy places the hunk and its placement holds."""
    if job.terms.yields and (held := upstream.there_by_count(job)):
        return Miss(held, done="upstream")
    nearest = Miss("no strategy took it", weight=-1)
    for place in LADDER:
        attempt = place(job)
        if isinstance(attempt, Placement):
            attempt = numbering.followed(job, _spoken_anew(job, attempt))
        if isinstance(attempt, Placement):
            reasons = checks.of_hunk(path, job, attempt)
            sure = _under_if(job, attempt)
            if sure is None:
                reasons.append("upstream has these lines under another #if")
            elif not reasons:
                return _doubted(job, sure)
            attempt = Miss(f"{attempt.placed}: {'; '.join(reasons)}", weight=4)
        if attempt.done and job.terms.yields:
            return attempt
        if attempt.weight > nearest.weight:
            conflict = attempt.conflict or nearest.conflict
            nearest = Miss(attempt.why, conflict, attempt.weight)
    return nearest


def _spoken_anew(job: Job, placement: Placement) -> Placement:
    """A placement in the target's words, where upstream has renamed what the patch speaks of."""
    outdated = checks.outdated(job, placement)
    if not outdated or job.base is None:
        return placement
    names = {old: new for old in outdated if (new := successors(job.base, job.target).get(old))}
    if not names:
        return placement
    told = ", ".join(f"{old} is called {new} by now" for old, new in names.items())
    return replace(
        placement,
        lines=tuple(renames.apply(placement.lines, names)),
        placed="identifiers",
        confidence=min(placement.confidence, confidence.RENAMED),
        why=f"{placement.why}; {told}",
        offset=None,
    )


def _doubted(job: Job, placement: Placement) -> Placement:
    """A placement as sure as what could be checked of it lets it be."""
    placement = _in_twin(job, placement)
    found = checks.doubts(job, placement)
    if not found:
        return placement
    why = "; ".join([placement.why, *found])
    return replace(placement, confidence=min(placement.confidence, 0.8), why=why)


def _in_twin(job: Job, placement: Placement) -> Placement:
    """Be less sure of a hunk in a scope that was known by its lines and not by its name."""
    if job.home is None or job.base is None:
        return placement
    there = job.target.scope_at(placement.start) or job.target.scope_between(placement.start)
    if there is None or there.name == job.home.name:
        return placement
    why = f"{placement.why}; {there.name} has the lines of {job.home.name}"
    return replace(placement, confidence=min(placement.confidence, confidence.TWIN), why=why)


def _under_if(job: Job, placement: Placement) -> Placement | None:
    """Be less sure of a hunk around whose lines upstream has put an #if more than in the base;
    None where they stand under another."""
    if job.base is None or job.base_at is None or placement.placed in ("exact", "offset"):
        return placement
    at = job.base_at + job.change.lead
    before, now = job.base.around(at), job.target.around(placement.start)
    if before == now or _same_openers(job, at, placement.start):
        return placement
    around = iter(now)
    if not all(condition in around for condition in before):
        return None
    why = f"{placement.why}; upstream has put these lines under one #if more"
    return replace(placement, confidence=min(placement.confidence, 0.6), why=why)


def _same_openers(job: Job, at: int, to: int) -> bool:
    """Whether the conditions around a place are those of the base, reworded by upstream."""
    assert job.base is not None
    before = job.base.openers[at - 1] if 0 < at <= len(job.base.lines) else ()
    now = job.target.openers[to - 1] if 0 < to <= len(job.target.lines) else ()
    if len(before) != len(now):
        return False
    whole = (Region(s, 0, len(s.lines)) for s in (job.base, job.target))
    followed = Followed(*whole)
    return all(followed.went(old) == new for old, new in zip(before, now, strict=True))


def _applied(target: Source, placements: Sequence[Placement]) -> Source | Miss:
    """The target with all placements done."""
    lines: list[str] = []
    at = 0
    for placement in placements:
        if placement.start < at:
            return Miss("two hunks would land on the same lines or in another order")
        lines += target.lines[at : placement.start]
        lines += placement.lines
        at = placement.end
    lines += target.lines[at:]
    if any(not line.endswith("\n") for line in lines[:-1]):
        return Miss("a line that ends the anchor's file, and has no line feed, would be inside")
    return source(join(lines), target.language)


def _idle(
    path: str, jobs: Sequence[Job], placements: Sequence[Placement], result: Source
) -> list[str]:
    # A header's static functions are there for others.
    return leftovers.of_file(jobs, placements, result) if path.endswith(".c") else []


def _approved(path: str, job: Job, placement: Placement, result: Source) -> Placement | Miss:
    reasons = checks.of_scope(path, job, placement, result)
    return Miss(f"{placement.placed}: {'; '.join(reasons)}") if reasons else placement


def _told(job: Job, attempt: Placement | Miss) -> HunkPort:
    if isinstance(attempt, Miss):
        scope = job.home.name if job.home else ""
        if attempt.done:
            sure = 0.9 if attempt.done == "upstream" else 0.6
            return HunkPort(job.change.header, scope, attempt.done, sure, attempt.why)
        return HunkPort(job.change.header, scope, "conflict", 0.0, attempt.why)
    where = job.target.scope_at(attempt.start) or job.target.scope_between(attempt.start)
    return HunkPort(
        job.change.header,
        where.name if where else "",
        attempt.placed,
        attempt.confidence,
        attempt.why,
        attempt.offset,
    )


@lru_cache(maxsize=512)
def _adopted(patch: str, base: _Frozen, target: _Frozen) -> _Seen:
    """Whether the target behaves as the patch wants, hunk by hunk; all hunks must agree."""
    before, now = dict(base), dict(target)
    files: list[FilePort] = []
    found: list[upstream.Evidence] = []
    for file in _files(patch):
        blob = now[file.path]
        if whole := wholefile.port(file, blob):
            held = all(hunk.placed == "upstream" for hunk in whole.hunks)
            found.append(upstream.Evidence(0.0, float(held), held, whole.hunks[0].why))
            files.append(whole)
            continue
        assert blob is not None
        jobs = _jobs(file, before[file.path], blob)
        signs = [upstream.evidence(job) for job in jobs]
        found += signs
        hunks = tuple(
            HunkPort(
                job.change.header,
                job.home.name if job.home else "",
                "upstream" if sign.adopted else "conflict",
                1.0 if sign.verbatim else min(1 - sign.left, sign.there) if sign.adopted else 0.0,
                sign.why,
            )
            for job, sign in zip(jobs, signs, strict=True)
        )
        files.append(FilePort(file.path, hunks, blob if all(s.adopted for s in signs) else None))
    return _Seen(
        all(sign.adopted for sign in found),
        all(sign.verbatim for sign in found),
        tuple(files),
        "; ".join(dict.fromkeys(sign.why for sign in found)),
    )


# --- Conflicts that a person solves --------------------------------------------------------------


@lru_cache(maxsize=512)
def _recalled(
    patch: str, base: _Frozen, target: _Frozen, resolutions: tuple[Resolution, ...]
) -> _Outcome:
    """A port in conflict, with what was solved before solved in the same way."""
    before, now = dict(base), dict(target)
    ported = [_recalled_file(f, before[f.path], now[f.path], resolutions) for f in _files(patch)]
    return _stuck(ported, _UNPLACED) or _carried_on(
        ported, [_diff(file, now[file.path]) for file in ported]
    )


_UNPLACED = frozenset({"conflict", "upstream"})


def _recalled_file(
    file: PatchedFile,
    base: bytes | None,
    target: bytes | None,
    resolutions: Sequence[Resolution],
) -> FilePort:
    done = wholefile.port(file, target) or _modified(file, base, target)
    mine = [memory for memory in resolutions if memory.path == file.path]
    if target is None or not mine or all(hunk.placed != "conflict" for hunk in done.hunks):
        return done
    jobs, attempts = _tried(file, base, target, done)
    if not jobs:
        return done
    solved = resolution.solve(file.path, jobs, attempts, mine)
    hunks = tuple(map(_told, solved.jobs, solved.attempts))
    if solved.result is None:
        return replace(done, hunks=hunks)
    return FilePort(file.path, hunks, solved.result.data)


def _tried(
    file: PatchedFile, base: bytes | None, target: bytes, done: FilePort
) -> tuple[list[Job], list[Placement | Miss]]:
    """Each hunk with what became of it in `done`; none of a file that a merge cannot hold."""
    if wholefile.port(file, target):
        return [], []
    jobs = _jobs(file, base, target)
    attempts = [
        Miss(hunk.why) if hunk.placed == "conflict" else _attempt(file.path, job)
        for job, hunk in zip(jobs, done.hunks, strict=True)
    ]
    return jobs, attempts


def opened(patch: str, base: Blobs, target: Blobs) -> dict[str, sites.Opened]:
    """By path what a port of `patch` leaves open; files that a merge cannot hold (created,
    deleted, gone) are left out."""
    found = {}
    for file in _files(patch):
        blob, old = target.get(file.path), base.get(file.path)
        done = wholefile.port(file, blob) or _modified(file, old, blob)
        if blob is not None and any(hunk.placed == "conflict" for hunk in done.hunks):
            jobs, attempts = _tried(file, old, blob, done)
            if jobs:
                found[file.path] = sites.opened(file.path, jobs, attempts)
    return found


def settled(
    patch: str, base: Blobs, target: Blobs, resolutions: Sequence[Resolution] = ()
) -> dict[str, FilePort]:
    """The files of a patch of which every hunk is placed, whatever became of the others."""
    ported = (
        _recalled_file(file, base.get(file.path), target.get(file.path), resolutions)
        for file in _files(patch)
    )
    return {
        done.path: done
        for done in ported
        if all(hunk.placed not in _UNPLACED for hunk in done.hunks)
    }


def patched(patch: str, path: str, base: bytes) -> bytes | None:
    """A file of the anchor's base with the anchor applied; None where it is not what the anchor
    was cut against."""
    file = next(file for file in _files(patch) if file.path == path)
    jobs = _jobs(file, base, base)
    placements = [a for a in (LADDER[0](job) for job in jobs) if isinstance(a, Placement)]
    result = _applied(jobs[0].target, placements) if len(placements) == len(jobs) else None
    return result.data if isinstance(result, Source) else None


def lost(patch: str, path: str, base: bytes | None, target: bytes, result: bytes) -> list[str]:
    """The hunks of a file whose intent `result`, made from `target` by hand, does not fulfil."""
    file = next(file for file in _files(patch) if file.path == path)
    found = []
    for job in _jobs(file, base, target):
        share = intent.share(job.change, *_scope_of(job, replace(job.target, data=result)))
        if share < intent.ENOUGH:
            found.append(f"only {share:.0%} of what {job.change.header} is for would be done")
    return found


def _scope_of(job: Job, after: Source) -> tuple[list[str], list[str]]:
    """A hunk's scope before and after, where both have it; else the file."""
    twins = [s.same_scope(job.home) if job.home else [] for s in (job.target, after)]
    if any(len(found) != 1 for found in twins):
        return job.target.lines, after.lines
    (one,), (other,) = twins
    return job.target.lines[one.start : one.end], after.lines[other.start : other.end]
