# SPDX-License-Identifier: GPL-2.0-only
"""Functions that a port would leave without a user: dead code, which -Werror does not compile.

An anchor may be right in its base and not in a target: there it takes away one of two calls, here
the only one.
"""

from __future__ import annotations

from collections.abc import Sequence

from zpmaint.merge.lines import join
from zpmaint.merge.splice import in_order, spliced
from zpmaint.merge.tokens import identifiers
from zpmaint.port.placement import Job, Placement
from zpmaint.port.scopes import Scope, Source, source

_NOT_WARNED_OF = {"inline", "__always_inline", "__maybe_unused", "__used"}


def of_file(jobs: Sequence[Job], placements: Sequence[Placement], result: Source) -> list[str]:
    """The static functions whose last user would go with the port, and goes not with the anchor."""
    target = jobs[0].target
    gone = identifiers("".join(ln for p in placements for ln in target.lines[p.start : p.end]))
    gone -= identifiers("".join(line for p in placements for line in p.lines))
    named = [scope for scope in result.scopes if scope.kind == "function" and scope.name in gone]
    left = [s.name for s in named if _idle(s, result) and not _is_idle(s.name, target)]
    if not left:
        return []
    meant = _patched(jobs)
    return sorted(n for n in left if meant is None or not _is_idle(n, meant))


def _is_idle(name: str, text: Source) -> bool:
    return any(s.name == name and s.kind == "function" and _idle(s, text) for s in text.scopes)


def _idle(scope: Scope, text: Source) -> bool:
    """Whether a function is this file's own and no line outside of it names it."""
    head = text.head_of(scope)
    if "static" not in head or head & _NOT_WARNED_OF:
        return False
    around = text.lines[: scope.start] + text.lines[scope.end :]
    near = [line for line in around if scope.name in line]
    return scope.name not in identifiers("".join(near))


def _patched(jobs: Sequence[Job]) -> Source | None:
    """The anchor's base with the anchor applied; None where it is not to be had."""
    base = jobs[0].base
    edits = [
        (job.base_at, job.base_at + len(job.change.pre), job.change.post)
        for job in jobs
        if job.base_at is not None
    ]
    if base is None or len(edits) < len(jobs) or not in_order(edit[:2] for edit in edits):
        return None
    return source(join(spliced(base.lines, edits)))
