# SPDX-License-Identifier: GPL-2.0-only
"""Where a file's port stays open: for each scope with a hunk that no strategy placed, the merge
with its conflicts, in a file in which all other hunks are placed. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from zpmaint.merge import diff3, renames
from zpmaint.merge.conflict import Region
from zpmaint.merge.lines import join, squeezed
from zpmaint.merge.splice import in_order, spliced
from zpmaint.port.hunks import Change
from zpmaint.port.placement import Job, Miss, Placement
from zpmaint.port.scopes import Scope, Source
from zpmaint.port.threeway_input import sides

Piece = tuple[str, ...] | Region
"""Lines that are settled, or a region that is not."""

_Edit = tuple[int, int, Sequence[str]]
"""Lines [start, end) that become others."""


@dataclass(frozen=True)
class Site:
    """A scope that is open."""

    path: str
    scope: str
    """'' at file level."""
    jobs: tuple[Job, ...]
    """The hunks that no strategy placed here, as they meet the partly ported file."""
    whys: tuple[str, ...]
    """Why none did, one of each hunk."""
    start: int
    end: int
    """The lines of the partly ported file that it stands for."""
    pieces: tuple[Piece, ...]

    @property
    def regions(self) -> list[Region]:
        return [piece for piece in self.pieces if isinstance(piece, Region)]

    @property
    def where(self) -> str:
        """The scope as messages name it."""
        return self.scope or "the file"

    def items(self) -> list[str | Region]:
        """Its lines in order, each region as one."""
        found: list[str | Region] = []
        for piece in self.pieces:
            if isinstance(piece, Region):
                found.append(piece)
            else:
                found += piece
        return found

    def lines(self) -> list[str]:
        """Its lines, markers included."""
        return flattened(self.items(), self.where)


@dataclass(frozen=True)
class Opened:
    """A file of which some hunks are not placed."""

    partly: Source
    """The target with the placed hunks in."""
    sites: tuple[Site, ...]
    """In the order of the file; none overlaps another."""

    def items(self) -> list[str | Region]:
        """The whole file, each region as one."""
        known: list[str | Region] = list(self.partly.lines)
        return spliced(known, ((site.start, site.end, site.items()) for site in self.sites))

    def lines(self, solved: Sequence[Sequence[str] | None] = ()) -> list[str]:
        """The whole file with markers; a site that is solved has its lines instead."""
        edits = []
        for n, site in enumerate(self.sites):
            mine = solved[n] if n < len(solved) else None
            edits.append((site.start, site.end, site.lines() if mine is None else mine))
        return spliced(self.partly.lines, edits)


def flattened(items: Iterable[str | Region], where: str) -> list[str]:
    """Lines and regions as lines with markers."""
    found: list[str] = []
    for item in items:
        if isinstance(item, Region):
            found += item.marked(where)
        else:
            found.append(item)
    return found


def opened(path: str, jobs: Sequence[Job], attempts: Sequence[Placement | Miss]) -> Opened:
    """What is open of a file, at least one of whose hunks is a Miss. `jobs` share their target and
    their base."""
    pairs = list(zip(jobs, attempts, strict=True))
    done = [(job, a) for job, a in pairs if isinstance(a, Placement)]
    edits: list[_Edit] = [(a.start, a.end, a.lines) for _, a in done]
    if not in_order(edit[:2] for edit in edits):
        done, edits = [], []  # two would land on the same lines: all of the file is open
    placed = {id(job) for job, _ in done}
    missed = [(job, a) for job, a in pairs if id(job) not in placed]
    partly = replace(jobs[0].target, data=join(spliced(jobs[0].target.lines, edits)))
    file = _File(path, partly, [job for job, _ in done])
    return Opened(
        partly,
        tuple(
            file.sites(
                [job for job, _ in missed],
                [
                    a.why if isinstance(a, Miss) else "it would land on another hunk's lines"
                    for _, a in missed
                ],
            )
        ),
    )


@dataclass(frozen=True)
class _File:
    """A file under work."""

    path: str
    partly: Source
    placed: list[Job]

    def sites(self, jobs: list[Job], whys: list[str]) -> list[Site]:
        base = jobs[0].base
        known = base is not None and all(job.base_at is not None for job in [*jobs, *self.placed])
        if base is None or not known:
            return self.without_base(jobs, whys)
        homes = [job.home for job in jobs]
        twins = [self.twin(home) for home in homes]
        if None in twins:
            # A scope that is not there, or a hunk that stands in several: the file as a whole.
            whole = Scope("", "", 0, len(self.partly.lines), ())
            return [self.merged(jobs, whys, base, range(len(base.lines)), whole)]
        found = []
        for home in dict.fromkeys(homes):
            here = [n for n, h in enumerate(homes) if h == home]
            twin = twins[here[0]]
            assert home is not None and twin is not None
            found.append(
                self.merged(
                    [jobs[n] for n in here],
                    [whys[n] for n in here],
                    base,
                    range(home.start, home.end),
                    twin,
                )
            )
        found.sort(key=lambda site: site.start)
        return found

    def twin(self, home: Scope | None) -> Scope | None:
        twins = self.partly.same_scope(home) if home else []
        return twins[0] if len(twins) == 1 else None

    def merged(
        self, jobs: list[Job], whys: list[str], base: Source, within: range, twin: Scope
    ) -> Site:
        """The merge of one scope. Its placed hunks are in all three sides, so that they are no
        part of any conflict."""
        settled = [_edit(job) for job in self.placed]
        open_ = [_edit(job) for job in jobs]
        old = _cut(base.lines, settled, within)
        ours = _cut(base.lines, [*settled, *open_], within)
        theirs = self.partly.lines[twin.start : twin.end]
        pieces = _smallest(old, ours, theirs, self.renamed(jobs, old, theirs))
        return self.site(twin.name, jobs, whys, (twin.start, twin.end), pieces)

    def renamed(self, jobs: list[Job], base: list[str], theirs: list[str]) -> dict[str, str]:
        """What upstream renamed for sure: the old name is gone from the file, the new one was not
        there. Where the patch itself puts another name, upstream's is a rival, no rename."""
        before = jobs[0].base
        own = {n for job in jobs for n in renames.substitutions(job.change.pre, job.change.post)}
        return {
            old: new
            for old, new in renames.learn(base, theirs).items()
            if old not in own
            and old not in jobs[0].target.names
            and before is not None
            and new not in before.names
        }

    def without_base(self, jobs: list[Job], whys: list[str]) -> list[Site]:
        """The sites of hunks of which only their own lines are known."""
        found: list[Site] = []
        for job, why in zip(jobs, whys, strict=True):
            cut = sides(replace(job, target=self.partly, base=None))
            change = job.change
            if isinstance(cut, Miss):
                start = _likeliest(change, self.partly.lines)
                end = min(start + len(change.pre), len(self.partly.lines))
                theirs = tuple(self.partly.lines[start:end])
                pieces = _trimmed(Region(tuple(change.post), tuple(change.pre), theirs))
                scope = ""
            else:
                start, end = cut.theirs_at, cut.theirs_at + len(cut.theirs)
                pieces, scope = _smallest(cut.base, cut.ours, cut.theirs, {}), cut.scope
            at = max((site.end for site in found), default=0)
            if start < at:  # on another's lines: right behind them
                start = end = at
                pieces = (Region(tuple(change.post), tuple(change.pre), ()),)
            found.append(self.site(scope, [job], [why], (start, end), pieces))
        return found

    def site(
        self,
        scope: str,
        jobs: list[Job],
        whys: list[str],
        span: tuple[int, int],
        pieces: tuple[Piece, ...],
    ) -> Site:
        here = tuple(replace(job, target=self.partly) for job in jobs)
        return Site(self.path, scope, here, tuple(whys), *span, pieces)


def _edit(job: Job) -> _Edit:
    """A hunk's change to the base, which holds its lines."""
    assert job.base_at is not None
    low, high = job.change.changed()
    post = job.change.post
    new = post[job.change.lead : len(post) - job.change.trail]
    return job.base_at + low, job.base_at + high, new


def _cut(lines: list[str], edits: Iterable[_Edit], within: range) -> list[str]:
    """The lines `within`, with those edits done that lie inside."""
    inside = [
        (start - within.start, end - within.start, new)
        for start, end, new in edits
        if within.start <= start and end <= within.stop
    ]
    return spliced(lines[within.start : within.stop], sorted(inside, key=lambda e: e[:2]))


def _smallest(
    base: list[str], ours: list[str], theirs: list[str], names: dict[str, str]
) -> tuple[Piece, ...]:
    """The merge with the least in conflict: as it is, or with upstream's renames put to the base
    and the patch."""
    plain = diff3.merge(base, ours, theirs)
    renamed = diff3.merge(renames.apply(base, names), renames.apply(ours, names), theirs)
    chunks = min((plain, renamed), key=_open_lines)
    if diff3.is_clean(chunks):
        return _refused(chunks)
    pieces: list[Piece] = []
    for chunk in chunks:
        if chunk.kind == "conflict":
            pieces += _trimmed(Region(chunk.ours, chunk.base, chunk.theirs))
        else:
            pieces.append(chunk.merged)
    return tuple(piece for piece in pieces if piece)


def _open_lines(chunks: Sequence[diff3.Chunk]) -> int:
    return sum(len(c.ours) + len(c.theirs) for c in chunks if c.kind == "conflict")


def _refused(chunks: Sequence[diff3.Chunk]) -> tuple[Piece, ...]:
    """A merge that is clean, and that a check refused: open from the patch's first line to its
    last."""
    touched = [n for n, chunk in enumerate(chunks) if chunk.kind in ("ours", "both")]
    if not touched:
        return tuple(chunk.merged for chunk in chunks)
    low, high = touched[0], touched[-1] + 1
    inner = chunks[low:high]
    region = Region(
        tuple(line for chunk in inner for line in chunk.merged),
        tuple(line for chunk in inner for line in chunk.base),
        tuple(line for chunk in inner for line in chunk.theirs),
    )
    head = tuple(line for chunk in chunks[:low] for line in chunk.merged)
    tail = tuple(line for chunk in chunks[high:] for line in chunk.merged)
    return tuple(piece for piece in (head, region, tail) if piece)


def _trimmed(region: Region) -> tuple[Piece, ...]:
    return tuple(piece for piece in region.trimmed() if piece)


def _likeliest(change: Change, lines: Sequence[str]) -> int:
    """Where most of a hunk's lines stand; where its header says, if they stand nowhere."""
    wanted = [(k, text) for k, line in enumerate(change.pre) if (text := squeezed(line))]
    here = [squeezed(line) for line in lines]
    best, most = min(change.start, len(lines)), 0
    for at in range(len(lines)):
        found = sum(at + k < len(here) and here[at + k] == text for k, text in wanted)
        if found > most:
            best, most = at, found
    return best
