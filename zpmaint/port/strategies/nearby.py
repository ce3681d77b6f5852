# SPDX-License-Identifier: GPL-2.0-only
"""neighbours: each run of changed lines goes where the lines around it, or they themselves, went.

Three-way stops where upstream touched a line next to the patch's. Here the lines above and below
are followed one by one into the same scope; what was added between two lines stays with the one
that it belongs to.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from enum import Enum

from zpmaint.merge import blockmerge, conflict
from zpmaint.merge.indent import common, shifted
from zpmaint.merge.lines import squeezed
from zpmaint.merge.renames import pair_edited
from zpmaint.merge.tokens import KEYWORDS, contained, identifiers, tokens
from zpmaint.port.everywhere import EVERYWHERE
from zpmaint.port.follow import Followed, Region, code_lines
from zpmaint.port.hunks import find_all
from zpmaint.port.insertion_order import Order, list_kind, order
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss, Placement, narrowed
from zpmaint.port.runs import Run, runs
from zpmaint.port.scopes import Scope
from zpmaint.port.threeway_input import regions

# How often such a placement was the maintainers' own, over the queues of Debian's kernels from
# 5.10 to 7.2, files that patch -F0 does not take: in a row 25 of 25, whole entries 19 of 22,
# both neighbours or one 20 of 33, lists and the same spot 9 of 20.
_IN_A_ROW = 0.93
_WHOLE = 0.8
_BOTH = 0.75
_ONE = 0.65
_SAME_SPOT = 0.5


class _Beyond(Enum):
    """What is on the side of an addition where its neighbour is gone."""

    APART = "an empty line, or the end of the scope"
    GLUED = "a line that the base has further off"
    FOREIGN = "a line that the base does not have"


# With one neighbour left, over the hard pairs of 2.6.32: apart 5 of 5, glued 14 of 21, foreign 0
# of 1.
_SIDE = {_Beyond.APART: 0.75, _Beyond.GLUED: 0.7, _Beyond.FOREIGN: 0.65}


def place(job: Job) -> Attempt:
    """Place a hunk of one run."""
    if job.base is None or job.base_at is None:
        return Miss("without a base its neighbours cannot be followed")
    found = runs(job.change, job.base_at)
    if len(found) != 1:
        return Miss("it has more than one run of changes")
    run = found[0]
    around = regions(job, run.start, run.end)
    if isinstance(around, Miss):
        return around
    base, target = around
    followed = Followed(base, target)
    attempt = (
        _inserted(followed, run, job) if run.start == run.end else _changed(followed, run, job)
    )
    if isinstance(attempt, Placement) and run.start == run.end:
        attempt = _apart(job.target.lines, _as_deep(followed, run, attempt))
    if isinstance(attempt, Placement):
        for old, new in ((run.start, attempt.start), (run.end, attempt.end)):
            before, after = job.base.scope_between(old), job.target.scope_between(new)
            if before is None and after is not None and not _is_inside(attempt, after):
                return Miss("its neighbours at file level went into another scope", weight=2)
    return attempt


def _is_inside(attempt: Placement, scope: Scope) -> bool:
    """Whether a placement replaces lines of one scope only, and not its first: the narrowed
    replacement of a longer run."""
    return scope.start < attempt.start and attempt.end <= scope.end and attempt.start < attempt.end


def _apart(target: list[str], attempt: Placement) -> Placement:
    """An addition that begins with an empty line, to be apart from what is above it: where one
    stands there, it is that one, and the patch's own parts it from what is below."""
    at, lines = attempt.start, attempt.lines
    above, below = target[at - 1 : at], target[at : at + 1]
    if attempt.end > at or not lines or lines[0].strip() or not lines[-1].strip():
        return attempt
    if not above or above[0].strip() or not below or not below[0].strip():
        return attempt
    return replace(attempt, start=at - 1, end=at - 1)


def _placed(start: int, end: int, lines: list[str], confidence: float, why: str) -> Placement:
    return Placement(start, end, tuple(lines), Placed.NEIGHBOURS, confidence, why)


def _as_deep(followed: Followed, run: Run, attempt: Placement) -> Placement:
    """An addition among lines that upstream re-indented, as deep as they are."""
    base, target = followed.base, followed.target.source.lines
    near = range(max(run.start - 3, base.start), min(run.start + 3, base.end))
    went = [(n, to) for n in near if (to := followed.went(n)) is not None]
    depth = common((base.source.lines[n], target[to]) for n, to in went)
    moved = [shifted(line, depth) for line in attempt.lines] if depth else []
    lines = tuple(line for line in moved if line is not None)
    if not moved or len(lines) < len(moved):
        return attempt
    return replace(attempt, lines=lines, why=f"{attempt.why}; as deep as the lines around it")


def _inserted(followed: Followed, run: Run, job: Job) -> Attempt:
    above, below = followed.chain(run.start - 1, -1), followed.chain(run.start, 1)
    top, foot = followed.went(run.start - 1), followed.went(run.start)
    if run.start == followed.base.start:
        top = followed.target.start - 1
    if run.start == followed.base.end:
        foot = followed.target.end
    sure_above, sure_below = _is_sure(followed, above), _is_sure(followed, below)
    if top is not None and foot == top + 1:
        confidence = _BOTH if sure_above and sure_below else _ONE
        return _placed(foot, foot, run.lines, confidence, "the lines above and below stand there")
    if top is not None and foot is not None and foot > top:
        return _between(followed, run, top, foot, job)
    moved = followed.by_text(run.start) if foot is None else None
    if moved is not None and run.lines and not run.lines[-1].strip():
        why = "the lines go with the line below them, which upstream moved"
        return _placed(moved, moved, run.lines, 0.65, why)
    if sure_above and top is not None and (foot is None or not sure_below):
        beyond = _beyond(followed, top + 1, 1)
        why = "the line above stands there, the one below is gone"
        return _placed(top + 1, top + 1, run.lines, _SIDE[beyond], why)
    if sure_below and foot is not None:
        beyond = _beyond(followed, foot - 1, -1)
        why = "the line below stands there, the one above is gone"
        lines = run.lines
        if _lost_its_paragraph(followed, run, foot):
            why += ", and its whole paragraph with it: the addition is one of its own"
            lines = ["\n", *lines]
        return _placed(foot, foot, lines, _SIDE[beyond], why)
    return Miss("the lines around an addition of the patch are gone from the target", weight=2)


def _beyond(followed: Followed, at: int, step: int) -> _Beyond:
    """What the target has at line `at`, where what stood next to an addition is gone, and from
    there on in steps of 1 or -1."""
    target = followed.target
    lines = target.source.lines
    inside = range(target.start, target.end)
    if at not in inside:
        return _Beyond.APART
    apart = not lines[at].strip()
    while at in inside and not lines[at].strip():
        at += step
    here = {*followed.same.values(), *followed.edited.values()}
    if at in inside and at - target.start not in here:
        return _Beyond.FOREIGN
    return _Beyond.APART if apart else _Beyond.GLUED


def _lost_its_paragraph(followed: Followed, run: Run, foot: int) -> bool:
    """Whether an addition ended a paragraph of which the target has nothing left, and would now
    stick to another's last line."""
    base, target = followed.base.source.lines, followed.target.source.lines
    at = run.start
    while at > followed.base.start and base[at - 1].strip():
        at -= 1
    gone = all(followed.went(n) is None for n in range(at, run.start))
    top = foot
    while top > followed.target.start and target[top - 1].strip():
        top -= 1
    spoken = identifiers(base[run.start - 1]) - EVERYWHERE - KEYWORDS
    gone = gone and not spoken & identifiers("".join(target[top:foot]))  # else it was rewritten
    ends = run.start == len(base) or not base[run.start].strip()
    return at < run.start and gone and ends and foot > 0 and bool(target[foot - 1].strip())


def _is_sure(followed: Followed, chain: list[int]) -> bool:
    """Whether lines that stand in a row say where they are: one unique, or several of code."""
    lines = followed.base.source.lines
    return any(map(followed.is_unique, chain)) or code_lines([lines[n] for n in chain]) > 2


def _between(followed: Followed, run: Run, top: int, foot: int, job: Job) -> Attempt:
    """Upstream, too, has added lines between the two that the patch adds its own between."""
    base, target = followed.base.source.lines, followed.target.source.lines
    theirs = target[top + 1 : foot]
    head, tail = base[run.start - 1 : run.start], base[run.start : run.start + 1]
    if not tail and followed.target.end == len(target) == foot:
        why = "upstream, too, added at the file's end; the patch's lines stay last"
        return _placed(foot, foot, run.lines, 0.7, why)
    if {squeezed(line) for line in run.lines} <= {squeezed(line) for line in theirs}:
        return Miss("upstream has added the same lines there", weight=3)
    if (at := _sorted_in(run.lines, head, target, top, foot)) is not None:
        why = "upstream added to the same list, which is sorted"
        return _placed(at, at, run.lines, _SAME_SPOT, why)
    conditions = (followed.base.source.inner(run.start - 1), followed.base.source.inner(run.start))
    above = job.target.inner(top) == conditions[0]
    below = job.target.inner(foot) == conditions[1]
    if job.target.inner(top) != job.target.inner(foot) and above != below:
        at = top + 1 if above else foot
        why = "upstream put an #if beside it; the patch's lines stay under their own"
        return _placed(at, at, run.lines, 0.6, why)
    if job.target.inner(top) != job.target.inner(foot) and not above:
        return Miss("upstream put the lines around an addition under another #if", weight=2)
    edited = [followed.kept(n) is None for n in (run.start - 1, run.start)]
    if edited == [True, False]:
        why = "upstream edited the line above and went on with it; the patch's lines stay below"
        return _placed(foot, foot, run.lines, _ONE, why)
    if (
        counts := _counted_up(run.lines, theirs, target[followed.target.start : top + 1])
    ) is not None:
        at = top + 1 if counts else foot
        why = "upstream added to the same entries, which count up"
        return _placed(at, at, run.lines, _ONE, why)
    told = order(run.lines, theirs, head, tail)
    if told is Order.OPENS:
        return Miss(told.value, weight=3)
    if job.home is not None and job.home.kind == "function" and not job.terms.yields:
        return Miss("both sides added statements at the same spot, and their order matters")
    if told is not Order.UNKNOWN:
        at = foot if told is Order.RUN_ABOVE else top + 1
        return _placed(at, at, run.lines, 0.6, f"upstream, too, added there; {told.value}")
    return _by_paragraphs(followed, run, top, foot)


def _by_paragraphs(followed: Followed, run: Run, top: int, foot: int) -> Placement:
    """A guess at the order of two additions, from the empty lines around them: mostly right where a
    queue goes to a newer kernel, mostly wrong where a patch goes back to an older one."""
    base, target = followed.base.source.lines, followed.target.source.lines
    theirs = target[top + 1 : foot]
    head, tail = base[run.start - 1 : run.start], base[run.start : run.start + 1]
    blank_above = not head or not head[0].strip()
    blank_below = not tail or not tail[0].strip()
    if blank_below and not blank_above and all(map(str.strip, theirs)):
        # The addition continues the paragraph above it, and so did upstream's.
        why = "upstream added to the same lines; the patch's stand at their end, as before"
        return _placed(foot, foot, run.lines, 0.7, why)
    parted = bool(run.lines) and not run.lines[-1].strip()
    if blank_above or (parted and not blank_below and run.lines[0].strip()):
        # A paragraph of its own goes where one ends.
        if not theirs[-1].strip():
            why = "upstream added above; the patch's lines stay above the line below them"
            return _placed(foot, foot, run.lines, 0.7, why)
        why = "upstream added below; the patch's lines stay apart from them"
        return _placed(top + 1, top + 1, run.lines, 0.6, why)
    if blank_below:
        why = "upstream added below; the patch's lines stay with the line above them"
        return _placed(top + 1, top + 1, run.lines, 0.6, why)
    if _ends_a_region(tail) and not _related(followed, run, theirs):
        why = "upstream added at the same spot; the patch's lines stay last, as they were"
        return _placed(foot, foot, run.lines, _SAME_SPOT, why)
    why = "upstream added at the same spot; the patch's lines stay with the line above them"
    return _placed(top + 1, top + 1, run.lines, _SAME_SPOT, why)


def _ends_a_region(tail: list[str]) -> bool:
    return bool(tail) and tail[0].split()[0] in ("#else", "#endif", "}", "endif", "fi")


def _related(followed: Followed, run: Run, theirs: list[str]) -> bool:
    """Whether an addition speaks of what the line above it speaks of, or the scope that ends
    there, and upstream's addition does not."""
    base = followed.base.source
    scope = base.scope_at(run.start - 1)
    above = base.lines[scope.start : scope.end] if scope else base.lines[run.start - 1 : run.start]
    shared = identifiers("".join(run.lines)) & identifiers("".join(above))
    return bool(shared - identifiers("".join(theirs)) - EVERYWHERE)


def _sorted_in(
    lines: list[str], head: list[str], target: list[str], top: int, foot: int
) -> int | None:
    """Where a list of like lines that is sorted here takes some lines; None where it is no such
    list."""
    if not lines or not head:
        return None
    kind = list_kind(lines[0])
    if not kind or any(list_kind(line) != kind for line in [*lines, *head]):
        return None
    low, high = top, top + 1
    while high <= foot and high < len(target) and list_kind(target[high]) == kind:
        high += 1
    block = [_sort_key(line) for line in target[low:high]]
    own = [_sort_key(line) for line in lines]
    if len(block) < 3 or block != sorted(block) or own != sorted(own) or own[0] < block[0]:
        return None
    at = low + sum(line < own[0] for line in block)
    return at if at == high or _sort_key(target[at]) > own[-1] else None


def _counted_up(ours: list[str], theirs: list[str], above: list[str]) -> bool | None:
    """Whether the patch's entry comes before upstream's in entries that the last number in them
    counts up, all before it being the same; None where they are none."""
    keys = [_numbers(lines) for lines in (above[-4:], ours, theirs)]
    before, own, other = (found[-1] if found else () for found in keys)
    first = keys[2][0] if keys[2] else ()
    if not before[:-1] or not before[:-1] == own[:-1] == other[:-1] == first[:-1]:
        return None
    if not before < min(own, first) or keys[1] != sorted(keys[1]):
        return None
    if own < first:
        return True
    return False if other < keys[1][0] else None


def _numbers(lines: list[str]) -> list[tuple[int, ...]]:
    """The numbers of each line that has several, comments aside."""
    found = []
    for line in lines:
        numbers = [t for t in tokens(line) if t[0].isdigit()]
        with suppress(ValueError):
            if len(numbers) > 1:
                found.append(tuple(int(number, 0) for number in numbers))
    return found


def _sort_key(line: str) -> str:
    """What people sort such lists by: names, not the punctuation around them."""
    return " ".join(line.split(" if ", maxsplit=1)[0].split()).replace("/", " ")


def _changed(followed: Followed, run: Run, job: Job) -> Attempt:
    base, target = followed.base.source.lines, followed.target.source.lines
    images = [followed.kept(n) for n in range(run.start, run.end)]
    stand = [n for n in images if n is not None]
    if len(stand) == len(images) and stand == list(range(stand[0], stand[-1] + 1)):
        sure = any(map(followed.is_unique, range(run.start, run.end)))
        why = "the lines it changes stand there in a row, between other neighbours"
        return _placed(stand[0], stand[-1] + 1, run.lines, _IN_A_ROW if sure else _ONE, why)
    inside = followed.target.source.lines[followed.target.start : followed.target.end]
    places = find_all(inside, base[run.start : run.end])
    if len(places) == 1 and any(map(followed.is_unique, range(run.start, run.end))):
        at = followed.target.start + places[0]
        why = "the lines it changes stand once in the scope, in another place"
        return _placed(at, at + run.end - run.start, run.lines, 0.7, why)
    top = _mapped(followed, run.start - 1, -1)
    foot = _mapped(followed, run.end, 1)
    if top is None or foot is None or foot[1] <= top[1]:
        return Miss("the lines around its changes are gone from the target", weight=1)
    low, high = (top[0] + 1, foot[0])
    start, end = top[1] + 1, foot[1]
    known = sum(followed.went(n) is not None for n in range(run.start, run.end))
    if known == 0:
        why = "upstream has nothing left of the lines that the patch changes"
        return Miss(why, weight=2, done=Placed.GONE if _is_edit(followed, run) else None)
    if _moves(job.wrote - set(run.lines), base[run.start : run.end]):
        return Miss("the patch moves these lines, and upstream edited them", weight=3)
    # Statements are no entries of a list: what upstream put between them it meant.
    listed = job.home is None or job.home.kind != "function" or job.terms.yields
    if listed and not run.lines and (unit := _unit(followed, run, top[1], foot[1])) is not None:
        return unit
    ours = [*base[low : run.start], *run.lines, *base[run.end : high]]
    joined = blockmerge.join(base[low:high], ours, target[start:end])
    if isinstance(joined, blockmerge.Clash):
        return Miss(
            joined.why, conflict.zealous(joined.ours, joined.base, joined.theirs, ""), weight=3
        )
    first, last, lines = narrowed(start, target[start:end], joined.lines)
    if first == last and not lines:
        return Miss("nothing of the hunk is left to do: the target has it already", weight=3)
    notes = "; ".join(f"{note} ({count})" for note, count in joined.notes.items())
    why = notes or "upstream's edits next to it do not touch it"
    return _placed(first, last, list(lines), min(joined.confidence, 0.8), why)


def _is_edit(followed: Followed, run: Run) -> bool:
    """Whether a run only edits lines of which the target has nothing like left: without them
    there is nothing to edit."""
    old = followed.base.plain[run.start - followed.base.start :]
    old = [line for line in old[: run.end - run.start] if line]
    new = [squeezed(line) for line in run.lines if squeezed(line)]
    if not old or len(pair_edited(old, new)) < len(new):
        return False
    there = [tokens(line) for line in followed.target.plain]
    return not any(contained(tokens(line), other) >= 0.6 for line in old for other in there)


def _moves(wrote: frozenset[str], lines: list[str]) -> bool:
    """Whether most of the lines that a run deletes are added by the patch in another place."""
    said = [line for line in lines if code_lines([line])]
    return len(said) > 2 and sum(line in wrote for line in said) * 2 > len(said)


def _mapped(followed: Followed, line: int, step: int) -> tuple[int, int] | None:
    """The nearest line in a direction that is unique and stands in the target: (base, target)."""
    region: Region = followed.base
    for n in range(40):
        at = line + n * step
        if at < region.start:
            return region.start - 1, followed.target.start - 1
        if at >= region.end:
            return region.end, followed.target.end
        to = followed.kept(at)
        if to is not None and followed.is_unique(at):
            return at, to
    return None


def _unit(followed: Followed, run: Run, top: int, foot: int) -> Placement | None:
    """The patch deletes a run of lines that upstream has edited, or added to, inside: where both
    of its ends stand, what is between goes."""
    base, target = followed.base.source.lines, followed.target.source.lines
    said = [n for n in range(run.start, run.end) if code_lines([base[n]])]
    if len(said) < 2:
        return None
    ends = followed.went(said[0]), followed.went(said[-1])
    if ends[0] is None or ends[1] is None or not top < ends[0] < ends[1] < foot:
        return None
    # Empty and bare lines at the run's ends go along where they stand in the target, too.
    low, high = ends[0], ends[1] + 1
    first, last = followed.went(run.start), followed.went(run.end - 1)
    if first is not None and top < first <= low:
        low = first
    else:
        for n in range(said[0] - 1, run.start - 1, -1):
            low -= top < low - 1 and followed.base.plain_at(n) == followed.target.plain_at(low - 1)
    if last is not None and high <= last + 1 <= foot:
        high = last + 1
    else:
        for n in range(said[-1] + 1, run.end):
            high += high < foot and followed.base.plain_at(n) == followed.target.plain_at(high)
    images = [followed.went(n) for n in range(run.start, run.end)]
    stand = [n for n in images if n is not None and low <= n < high]
    whole = target[low:high]
    new = len(whole) - len(stand)
    lost = len(images) - len(stand)
    if new > len(stand) or lost > len(stand):
        return None
    why = f"the lines go as a whole: {new} of upstream's inside go along, {lost} were gone before"
    return _placed(low, high, [], _WHOLE if new + lost < 4 else _ONE, why)
