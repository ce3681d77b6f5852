# SPDX-License-Identifier: GPL-2.0-only
"""Time that a busy machine does not stretch."""

from __future__ import annotations

import resource


def cpu() -> float:
    """Seconds of processor that this process and the children it has waited for have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)
