# SPDX-License-Identifier: GPL-2.0-only
"""What a caller may choose of a build, as one value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BuildOptions:
    """How kernels are built; the default is what every command takes where nothing is said."""

    arch: str = "x86_64"
    profile: str | None = None
    """A build profile by name; None takes the first that fits the tree."""
    jobs: int | None = None
    """Parallel make jobs; None takes one for each processor. No input of the kernel."""
