# SPDX-License-Identifier: GPL-2.0-only
"""`ltp`: a runtest list of LTP, or the packaged choice, held to what it reports on stock."""

from __future__ import annotations

import os
from pathlib import Path

from zpmaint.patchset.values import Flip
from zpmaint.suites.commands.suite import case_of, ready_with
from zpmaint.suites.counters import Counter
from zpmaint.suites.ltp.build import build, configured, declared, names, runtest
from zpmaint.suites.protocol import Ask, Ready, nothing_ready
from zpmaint.suites.values import Case, Figure

NAME = "ltp"
TREE = "ZPMAINT_LTP"
"""The environment variable that names a configured LTP tree."""


class Ltp:
    """The list that a patch set names."""

    name = NAME
    counters: tuple[Counter, ...] = ()
    figures: tuple[Figure, ...] = ()
    flips: tuple[Flip, ...] = ()

    def __init__(self, lists: tuple[str, ...]) -> None:
        self._lists = lists

    @property
    def cases(self) -> tuple[Case, ...]:
        if self._lists:
            return ()
        return tuple(case_of(NAME, name, "") for name in names([*declared()]))

    @property
    def open_names(self) -> tuple[str, ...]:
        return (f"{NAME}.*",) if self._lists else ()

    def ready(self, ask: Ask) -> Ready:
        place = os.environ.get(TREE)
        if not place or ask.arch != "x86_64":
            why = f"{TREE} names no tree of LTP" if not place else "LTP is run on x86_64 alone"
            return nothing_ready(f"{NAME}: NOT RUN: {why}")
        tree = configured(Path(place).resolve())
        rows = [row for name in self._lists for row in runtest(tree, name)]
        with ask.reporter.step("Building programs of LTP"):
            built, left_out = build(tree, rows if self._lists else declared())
        return ready_with(NAME, built, [f"{NAME}.{line}" for line in left_out], ask)
