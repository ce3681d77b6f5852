# SPDX-License-Identifier: GPL-2.0-only
"""What a mistyped word may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """The hint that names what comes near `word`, nearest first; '' where nothing does."""
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    return f"did you mean: {', '.join(near)}?" if near else ""
