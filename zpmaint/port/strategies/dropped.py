"""scope: the hunk deletes a whole function, and upstream has edited the function's body since."""

from __future__ import annotations

from zpmaint.port import blockmerge, conflict
from zpmaint.port.placement import Attempt, Job, Miss, Placement
from zpmaint.port.text import squeezed


def place(job: Job) -> Attempt:
    """Delete the target's function of that name, edits of its body included.

    What the hunk deletes beside the function (its comment, an empty line) must be as it was.
    """
    change, base = job.change, job.base
    if base is None or job.base_at is None:
        return Miss("without a base a deleted function is not told from another")
    scopes = change.dropped(base, job.base_at)
    if len(scopes) != 1 or change.added:
        return Miss("it does not delete one function and nothing else")
    gone = scopes[0]
    twins = job.target.same_scope(gone)
    if len(twins) != 1:
        return Miss(f"the target has {len(twins)} functions {gone.name}")
    low, high = (job.base_at + n for n in change.changed())
    start = twins[0].start - (gone.start - low)
    end = twins[0].end + (high - gone.end)
    lines, now = base.lines[low:high], job.target.lines[max(start, 0) : end]
    beside = [*range(low, gone.start), *range(gone.end, high)]
    also = [*range(start, twins[0].start), *range(twins[0].end, end)]
    if [squeezed(base.lines[n]) for n in beside] != [
        squeezed(line) for n in also for line in job.target.lines[n : n + 1]
    ]:
        return Miss(
            f"the comment or the lines around {gone.name} are others in the target", weight=2
        )
    left = change.post[change.lead : len(change.post) - change.trail]
    joined = blockmerge.join(lines, left, now)
    if isinstance(joined, blockmerge.Clash):
        return Miss(
            f"{joined.why} ({gone.name})",
            conflict.zealous(joined.ours, joined.base, joined.theirs, gone.name),
            weight=3,
        )
    notes = "; ".join(f"{note} ({count})" for note, count in joined.notes.items())
    why = f"the function {gone.name} goes" + (f"; {notes}" if notes else "")
    return Placement(start, end, tuple(joined.lines), "scope", joined.confidence, why)
