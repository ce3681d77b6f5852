# SPDX-License-Identifier: GPL-2.0-only
"""Whether KVM works here, found out by booting a kernel under it.

A /dev/kvm that can be opened proves nothing: a software-emulated one accepts a virtual machine
and never gets it to init. The answer is kept until the host reboots.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from zpmaint.core.files import locked, write_whole
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.vm import initramfs, probe_init
from zpmaint.vm.values import Outcome, Run

DEADLINE = 2.0
"""Seconds of CPU time that a probe may take; a working KVM needs one."""
_DEVICE = Path("/dev/kvm")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Probe:
    """What a probe found, and in which boot of which host."""

    works: bool
    why: str
    boot_id: str


_answers: dict[str, Probe] = {}


def probe_initramfs(arch: str) -> bytes:
    """An initramfs whose init ends the machine at once."""
    return initramfs.pack([initramfs.file("init", probe_init.init(arch))])


def probe(
    machine: str, trial: Callable[[], Run], cache: Path | None, reporter: Reporter = SILENT
) -> Probe:
    """Whether `machine` (a profile's name) boots under KVM: the kept answer, else `trial`'s."""
    boot_id = _BOOT_ID.read_text().strip()
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return Probe(False, f"{_DEVICE} is missing or not ours to open", boot_id)
    if cache is None:
        if machine not in _answers:
            _answers[machine] = _asked(trial, boot_id)
        return _answers[machine]
    path = cache / f"kvm-{machine}.json"
    with locked(path, reporter):
        kept = _kept(path)
        if kept is None or kept.boot_id != boot_id:
            kept = _asked(trial, boot_id)
            write_whole(path, json.dumps(asdict(kept), indent=1) + "\n")
    return kept


def _asked(trial: Callable[[], Run], boot_id: str) -> Probe:
    run = trial()
    return Probe(run.outcome is Outcome.FINISHED, f"{run.outcome}: {run.why}", boot_id)


def _kept(path: Path) -> Probe | None:
    """The answer kept in `path`; None for none, or one of another make."""
    try:
        return Probe(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
