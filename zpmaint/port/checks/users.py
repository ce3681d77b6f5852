# SPDX-License-Identifier: GPL-2.0-only
"""What a port takes away has no user left."""

from __future__ import annotations

import re

from zpmaint.merge.lines import squeezed
from zpmaint.port.placement import Job
from zpmaint.port.scopes import Scope, Source


def opened_up(job: Job, scope: Scope) -> bool:
    """Whether a function that only its own file saw in the base is the whole kernel's by now."""
    if job.base is None or scope.kind != "function":
        return False
    before = job.base.same_scope(scope)
    return bool(before) and "static" in job.base.head_of(before[0]) - job.target.head_of(scope)


def new_users(job: Job, name: str, result: Source) -> bool:
    """Whether a name that the hunk's author saw go is used by lines that he did not see: what is
    left of it in his own lines he has dealt with, here or elsewhere in the patch."""
    if job.base is None:
        return True
    word = re.compile(rf"\b{re.escape(name)}\b")
    seen = {squeezed(line) for line in job.base.lines if name in line}
    brought = {squeezed(line) for line in job.wrote if name in line}
    return any(
        name in line and word.search(line) and squeezed(line) not in seen | brought
        for line in result.lines
    )
