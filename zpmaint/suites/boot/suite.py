# SPDX-License-Identifier: GPL-2.0-only
"""`boot`: every suite's guests answer for it; by itself it is booted only where no other suite is.

What a console says and how a guest ends is judged on every boot that is made. This suite adds a
boot where there would be none."""

from __future__ import annotations

import functools
from pathlib import Path

from zpmaint.core.eras import Era
from zpmaint.patchset.values import Flip
from zpmaint.suites.counters import Counter
from zpmaint.suites.guest.compile import Program, compiled
from zpmaint.suites.guest.start import runtime_guest
from zpmaint.suites.protocol import Ask, Ready
from zpmaint.suites.values import Case, Figure

NAME = "boot"
CASES = (
    Case("boot.up", "the kernel comes to init, and a process of init's can fork", ("boot",), Era()),
)


class Boot:
    """The kernel came up."""

    name = NAME
    cases = CASES
    open_names: tuple[str, ...] = ()
    counters: tuple[Counter, ...] = ()
    figures: tuple[Figure, ...] = ()
    flips: tuple[Flip, ...] = ()

    def ready(self, ask: Ask) -> Ready:
        source = Path(__file__).parent / "c" / "cases_boot.c"
        program = compiled(
            Program("boot", CASES, (source,)), ask.arch, cache=ask.cache, reporter=ask.reporter
        )
        return Ready(CASES, functools.partial(runtime_guest, program))
