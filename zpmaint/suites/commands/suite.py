# SPDX-License-Identifier: GPL-2.0-only
"""A suite made of programs of others: they are held to what they report on the stock kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from zpmaint.build.values import Kernel
from zpmaint.core.eras import Era
from zpmaint.suites.commands.programs import DEADLINES, Command, init_program, listed
from zpmaint.suites.protocol import Ask, Guest, Ready, Wanted
from zpmaint.suites.values import Case


@dataclass(frozen=True)
class _Guests:
    init: bytes
    commands: tuple[Command, ...]

    def __call__(self, wanted: Wanted) -> Guest:
        names = wanted.names
        chosen = [one for one in self.commands if names is None or one.name in names]
        return Guest(
            self.init,
            listed(chosen, config=dot_config(wanted.kernel), shift=wanted.shift),
            deadline=DEADLINES[any(one.slow for one in chosen)],
        )


def case_of(suite: str, name: str, why: str) -> Case:
    """A program as a case: what it must report is what it reported on stock."""
    return Case(f"{suite}.{name}", why or "as on the stock kernel", (suite,), Era(), relative=True)


def ready_with(suite: str, commands: Sequence[Command], left_out: Sequence[str], ask: Ask) -> Ready:
    """A suite of built programs; each is the case SUITE.NAME."""
    named = tuple(replace(one, name=f"{suite}.{one.name}") for one in commands)
    init = init_program(ask.cache / suite)
    cases = tuple(case_of(suite, one.name, one.why) for one in commands)
    return Ready(cases, _Guests(init, named), tuple(left_out), compared=True)


def dot_config(kernel: Kernel) -> bytes:
    """The configuration that a kernel was built with."""
    return (kernel.image.parent.parent / "obj/.config").read_bytes()
