# SPDX-License-Identifier: GPL-2.0-only
"""No line that a port adds speaks of a name that upstream has removed."""

from __future__ import annotations

from zpmaint.core.text import to_bytes
from zpmaint.merge.lines import join
from zpmaint.merge.tokens import KEYWORDS, identifiers
from zpmaint.port.everywhere import EVERYWHERE
from zpmaint.port.follow import replaced
from zpmaint.port.placement import Job, Placement
from zpmaint.port.scopes import locals_of

DEAD = "the target no longer has"
UNSEEN = "whether the tree has it was not checked"
"""What is said of names that only the whole tree can tell of."""
NAMED = frozenset({"c", "kconfig"})
"""Languages in which a file's names, and those that it defines, are known."""


def outdated(job: Job, placement: Placement) -> list[str]:
    """The names in a placement's lines that the target no longer has."""
    if job.target.language not in NAMED:
        return []
    old = job.target.lines[placement.start : placement.end]
    unknown = _unknown(job, old, list(placement.lines))
    return [name for name in unknown if _is_dead(job, name)]


def dead(job: Job, old: list[str], new: list[str]) -> str:
    """No line that the port adds speaks of a name whose definition upstream has removed since."""
    lost = [name for name in _unknown(job, old, new) if _is_dead(job, name)]
    return f"{DEAD} {', '.join(lost)}" if lost else ""


def doubts(job: Job, placement: Placement) -> list[str]:
    """What could not be checked of a placement that nothing speaks against."""
    if job.terms.exists is not None or job.target.language != "c":
        return []
    old = job.target.lines[placement.start : placement.end]
    unseen = [
        name
        for name in _unknown(job, old, list(placement.lines))
        if name not in job.terms.brings and not _is_dead(job, name)
    ]
    if not unseen:
        return []
    told = ", ".join(unseen[:3]) + (", ..." if len(unseen) > 3 else "")
    return [f"the file no longer uses {told}; {UNSEEN}"]


def _unknown(job: Job, old: list[str], new: list[str]) -> list[str]:
    """The names in lines that the port adds which the base's file knows and the target's does
    not."""
    if job.base is None:
        return []
    brought = identifiers("".join(new)) - identifiers("".join(old)) - EVERYWHERE
    if not brought:
        return []  # the common case, and the files need not be read for names
    # To read all of a file's names takes long; most of what is new to a line is none of them.
    text = "".join(job.base.lines)
    known = [n for n in brought if n in text]
    lost = {n for n in known if n in job.base.names and n not in job.target.names}
    if lost and job.target.language == "c":
        lost -= locals_of(to_bytes("".join(new)))
    return sorted(lost)


def _is_dead(job: Job, name: str) -> bool:
    """Whether a name that the target's file does not know is nowhere else either: the base's own
    file defined it, upstream put another in its stead, or the tree is known not to have it. What
    the patch itself defines is there with it."""
    base = job.base
    if name in job.terms.brings:
        return False
    if job.terms.exists is not None and name not in KEYWORDS and job.terms.exists(name):
        return False
    if base is None or name in base.defines or name in replaced(base, job.target):
        return True
    if job.home is not None and base.language == "c":
        text = join(base.lines[job.home.start : job.home.end])
        if name in locals_of(text):
            return True
    return job.terms.exists is not None
