# SPDX-License-Identifier: GPL-2.0-only
"""A port as the build wants it: its patches, and the files after each of them."""

from __future__ import annotations

from zpmaint.kbuild.change import PatchStep
from zpmaint.port.values import Port


def steps_of(port: Port | None) -> tuple[PatchStep, ...]:
    """The patches of a port, in order; none where there is nothing to apply."""
    if port is None or not port.patch:
        return ()
    return (PatchStep("", port.patch, {file.path: file.result for file in port.files}),)
