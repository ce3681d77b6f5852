# SPDX-License-Identifier: GPL-2.0-only
"""What a build hands on: one kernel, or the pair."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from zpmaint.build.evidence import Evidence
from zpmaint.build.running.values import Places
from zpmaint.core.versions import KernelVersion


class Flavour(StrEnum):
    """Which of a pair a kernel is."""

    STOCK = "stock"
    PATCHED = "patched"


@dataclass(frozen=True)
class Kernel:
    """One built kernel, ready to boot."""

    version: KernelVersion
    arch: str
    """A name of arches.toml."""
    flavour: Flavour
    image: Path
    """vmlinux (booted through PVH) or bzImage."""
    image_kind: str
    """'vmlinux' or 'bzImage'."""
    profile: str
    """The config profile it was built with."""
    toolchain: str
    """The declared toolchain's name and the compiler's own version line."""
    fixups: tuple[str, ...]
    """Names of the source fix-ups that were applied, in order."""
    inputs: str
    """A hash over all that went in: source, patch, fix-ups, config, compiler."""
    seconds: float
    """Wall time of the build; 0.0 when it was already there."""
    log: Path
    autoconf: Path | None = None
    """The configuration that it was compiled with, as C has it; None where nobody kept it."""

    def as_json(self) -> dict[str, Any]:
        """JSON's own types, as --json prints and the ledger keeps it."""
        return {
            "version": str(self.version),
            "arch": self.arch,
            "flavour": str(self.flavour),
            "image": str(self.image),
            "image_kind": self.image_kind,
            "profile": self.profile,
            "toolchain": self.toolchain,
            "fixups": list(self.fixups),
            "inputs": self.inputs,
            "seconds": round(self.seconds, 3),
            "log": str(self.log),
        }


@dataclass(frozen=True)
class Pair:
    """A stock kernel and, where there is a patch to apply, the patched one beside it."""

    stock: Kernel
    patched: Kernel | None
    evidence: Evidence | None = None
    """What the build showed of the port; None where there is nothing patched, or its hunks were
    not given."""
    places: Places | None = None
    """Where the changed lines are in the patched kernel; None where that was not asked for."""

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        return (self.stock, self.patched) if self.patched else (self.stock,)
