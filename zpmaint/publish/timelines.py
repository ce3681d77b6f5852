# SPDX-License-Identifier: GPL-2.0-only
"""The timelines of what the pages know: by patch set its lines. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from zpmaint.core.config import Config
from zpmaint.core.releases import Outlook
from zpmaint.publish.kernel import Kernel
from zpmaint.timeline.lines import lines_of
from zpmaint.timeline.values import Line


def timelines_of(
    kernels: Iterable[Kernel], config: Config, outlook: Outlook, now: float
) -> dict[str, tuple[Line, ...]]:
    """By patch set its lines, tracked ones first; `now` in seconds since the epoch."""
    attempts = (tried for kernel in kernels for tried in kernel.attempts)
    found: dict[str, list[Line]] = {}
    for line in lines_of(attempts, config, outlook, now):
        found.setdefault(line.patchset, []).append(line)
    return {name: tuple(lines) for name, lines in found.items()}
