# SPDX-License-Identifier: GPL-2.0-only
"""A header that the base includes and the target no longer does, and that a placement needs.

Which header defines a name only the tree tells. But a header's names often begin as it is called
(of_ in of.h, clk_ in clk.h), and one that the patch touches is known.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath

from zpmaint.merge.tokens import identifiers
from zpmaint.port.checks.brought import Brought
from zpmaint.port.scopes import Source

_INCLUDE = re.compile(r"\s*#\s*include\s*[<\"]([^>\"]+)[>\"]")
_SHORT = 2
"""Letters. A header's name that is shorter begins too many names."""


def check(own: Brought, result: Source) -> list[str]:
    """The headers that are missing."""
    if own.job.base is None or not own.lines:
        return []
    lost = _included(own.job.base) - _included(result)
    if not lost:
        return []
    spoken = identifiers("\n".join(own.lines))
    found = []
    for header in sorted(lost):
        stem = re.sub(r"\W", "_", PurePosixPath(header).stem)
        names = {n for n in spoken if len(stem) >= _SHORT and n.lower().startswith(f"{stem}_")}
        for one in own.job.terms.beside:
            if f"/{one.path}".endswith(f"/{header}"):
                names |= spoken & one.target.defines
        # Names that the target speaks of all the same it has from elsewhere.
        if needed := {name for name in names - own.job.terms.brings if not _known(own, name)}:
            told = ", ".join(sorted(needed)[:3])
            found.append(f"the target no longer includes {header}, which {told} may be of")
    return found


def _known(own: Brought, name: str) -> bool:
    """Whether the target speaks of a name, or of one that begins alike."""
    first = name.split("_", 1)[0] + "_"
    return any(known == name or known.startswith(first) for known in own.job.target.names)


@lru_cache(maxsize=64)
def _included(source: Source) -> frozenset[str]:
    return frozenset(
        {found[1] for line in source.lines if "include" in line and (found := _INCLUDE.match(line))}
    )
