# SPDX-License-Identifier: GPL-2.0-only
"""How old a list of kernels may be before its server is asked again."""

from __future__ import annotations

import os

from zpmaint.core.errors import UserError
from zpmaint.core.source_kinds import AGE_NAME

_USUAL = 3600.0


def lists_age(wanted: float | None = None) -> float:
    """Seconds: what is `wanted`, else what the environment says, else an hour. Raises UserError
    where the environment says no number of seconds."""
    if wanted is not None:
        return wanted
    text = os.environ.get(AGE_NAME)
    if not text:
        return _USUAL
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not found >= 0:
        raise UserError(f"{AGE_NAME}={text}: not a number of seconds", "say 0 or more")
    return found
