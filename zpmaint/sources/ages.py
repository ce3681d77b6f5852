# SPDX-License-Identifier: GPL-2.0-only
"""How old a list of kernels may be before its server is asked again."""

from __future__ import annotations

from zpmaint.core.environment import seconds_named
from zpmaint.core.source_kinds import AGE_NAME

_USUAL = 3600.0


def lists_age(wanted: float | None = None) -> float:
    """Seconds: what is `wanted`, else what the environment says, else an hour. Raises UserError
    where the environment says no number of seconds."""
    if wanted is not None:
        return wanted
    said = seconds_named(AGE_NAME)
    return _USUAL if said is None else said
