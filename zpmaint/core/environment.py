# SPDX-License-Identifier: GPL-2.0-only
"""What the environment says."""

from __future__ import annotations

import os

from zpmaint.core.errors import UserError


def seconds_named(name: str) -> float | None:
    """The seconds that the variable says; None where it says nothing. Raises UserError where it is
    no number of at least 0."""
    text = os.environ.get(name)
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not found >= 0:
        raise UserError(f"{name}={text}: not a number of seconds", "say 0 or more")
    return found
