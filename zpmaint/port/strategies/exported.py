# SPDX-License-Identifier: GPL-2.0-only
"""exported: an EXPORT_SYMBOL() that the patch adds goes behind the function that it names.

The lines around it say little: two neighbours in the base may have another between them in the
target, and any function's end looks like any other's.
"""

from __future__ import annotations

import re

from zpmaint.merge.lines import squeezed
from zpmaint.port import confidence
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss, Placement
from zpmaint.port.scopes import Scope, Source

_EXPORT = re.compile(r"\s*EXPORT_\w*SYMBOL\w*\(\s*(\w+)\s*[,)]")


def place(job: Job) -> Attempt:
    """Place a hunk that adds nothing but the export of the function it stands behind."""
    if job.base is None or job.base_at is None or job.target.language != "c":
        return Miss("no export of a function")
    changed = [text for kind, text in job.change.lines if kind != " "]
    if len(changed) != 1 or job.change.removed:
        return Miss("it does more than export one function")
    named = _EXPORT.match(changed[0])
    if named is None:
        return Miss("it exports nothing")
    name = named[1]
    at = job.base_at + job.change.lead
    if all(scope.end != at for scope in _functions(job.base, name)):
        return Miss(f"the base has it elsewhere than behind {name}")
    found = _functions(job.target, name)
    if len(found) != 1:
        return Miss(f"the target has {len(found)} functions {name}", weight=2)
    if any(_exports(line, name) for line in job.target.lines):
        return Miss(f"the target exports {name} already", weight=3)
    end = found[0].end
    return Placement(
        end, end, (changed[0],), Placed.EXPORTED, confidence.EXPORTED, f"it goes behind {name}"
    )


def _functions(source: Source, name: str) -> list[Scope]:
    return [s for s in source.scopes if s.kind == "function" and s.name == name]


def _exports(line: str, name: str) -> bool:
    named = _EXPORT.match(squeezed(line))
    return named is not None and named[1] == name
