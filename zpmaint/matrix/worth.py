# SPDX-License-Identifier: GPL-2.0-only
"""Which of what is due is worth most to know soon, and which of it was asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from zpmaint.core.errors import UserError
from zpmaint.core.result import Tone
from zpmaint.matrix.plan import Due


def by_worth(dues: Iterable[Due]) -> list[Due]:
    """What was red first: somebody waits for it to be mended. Then what nobody has verified yet,
    then what only changed. Among equals what users run before release candidates, and the newest
    first."""
    newest_first = sorted(dues, key=lambda due: due.version, reverse=True)
    return sorted(newest_first, key=lambda due: (_rank(due), not due.version.is_release))


def _rank(due: Due) -> int:
    if due.last is None:
        return 1
    return 0 if due.last.tone is Tone.BAD else 2


def chosen(dues: Sequence[Due], patterns: Sequence[str]) -> list[Due]:
    """Those that any of `patterns` names: a kernel, a series, an architecture, a patch set or a
    build profile, with * and ? as in names of files; all where there is none. Raises UserError for
    a pattern that names nothing."""
    if not patterns:
        return list(dues)
    named = {pattern: [due for due in dues if _is_named(due, pattern)] for pattern in patterns}
    for pattern, found in named.items():
        if not found:
            raise UserError(
                f"--only {pattern}: names nothing that is tracked",
                "zpmaint matrix plan lists all; say a kernel, a series as 6.12.y or 6.12.*, an "
                "architecture, a patch set or a profile",
            )
    places = {id(due) for found in named.values() for due in found}
    return [due for due in dues if id(due) in places]


def _is_named(due: Due, pattern: str) -> bool:
    if pattern.endswith(".y"):
        pattern = f"{pattern.removesuffix('y')}*"
    series = pattern.removesuffix(".*")
    version = str(due.version)
    if pattern.endswith(".*") and (version == series or version.startswith(f"{series}-")):
        return True  # 6.12 itself, and its candidates
    words = (version, due.arch, due.patchset, due.profile, due.name)
    return any(word and fnmatchcase(word, pattern) for word in words)
