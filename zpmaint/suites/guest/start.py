# SPDX-License-Identifier: GPL-2.0-only
"""The guest of a suite that is linked with the runtime: its /init, its list, its parameters."""

from __future__ import annotations

from pathlib import Path

from zpmaint.build.values import Kernel
from zpmaint.suites.protocol import Guest, Wanted
from zpmaint.suites.values import FULL, MINIMAL
from zpmaint.vm.initramfs import Entry, file

_LIST = "zp.cases"
_FULL_BUILDS = ("full", "debug")


def suite_profile(kernel: Kernel) -> str:
    """The profile of a suite that such a kernel has to answer for."""
    return FULL if kernel.profile in _FULL_BUILDS else MINIMAL


def runtime_guest(program: Path, wanted: Wanted, entries: tuple[Entry, ...] = ()) -> Guest:
    """A guest of `program`, with `entries` beside it."""
    listed: tuple[Entry, ...] = ()
    if wanted.names is not None:
        text = "".join(f"{name}\n" for name in wanted.names)
        listed = (file(_LIST, text.encode(), 0o644),)
    append = () if wanted.benchmark else ("zp.bench=0",)
    if suite_profile(wanted.kernel) == FULL:
        append = (*append, "zp.profile=full")
    return Guest(program.read_bytes(), (*listed, *entries), append)
