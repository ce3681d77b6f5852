# SPDX-License-Identifier: GPL-2.0-only
"""Whose records are seen: a ledger serves all the projects of a machine, a project sees its own.

A record from before projects were told apart names none. It is seen by a project that has a patch
set of its name with the anchor that it was ported from: the closest to "the same patch" that such a
record knows. So whoever had results keeps them, and another project's set of the same name, with
anchors of its own, does not get them. Where it ended before the port, the name alone decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Clause = tuple[str, tuple[str, ...]]
"""A condition of SQL, and the values for its marks."""


@dataclass(frozen=True)
class Scope:
    """One project's view of a ledger."""

    project: str
    """core.places.project_id."""
    anchors: Callable[[], Mapping[str, Sequence[str]]]
    """By name of the project's patch sets the names of their anchors; asked for where there are
    records without a project only."""

    def records(self, *, unclaimed: bool) -> Clause:
        """Which rows of `record` are the project's. `unclaimed`: whether any row names none."""
        if not unclaimed:
            return "project = ?", (self.project,)
        wanted: list[str] = []
        values: list[str] = []
        for patchset, anchors in self.anchors().items():
            marks = ", ".join("?" * len(anchors))
            wanted.append(f"patchset = ? AND (port_anchor IS NULL OR port_anchor IN ({marks}))")
            values += [patchset, *anchors]
        old = " OR ".join(wanted) or "FALSE"
        return f"(project = ? OR (project = '' AND ({old})))", (self.project, *values)

    def benchmarks(self, *, unclaimed: bool) -> Clause:
        """The same of `benchmark`, whose old rows know no anchor."""
        if not unclaimed:
            return "project = ?", (self.project,)
        names = tuple(self.anchors())
        marks = ", ".join("?" * len(names))
        return f"(project = ? OR (project = '' AND patchset IN ({marks})))", (self.project, *names)
