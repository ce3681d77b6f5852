# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's units and those that pages show. Pure."""

from __future__ import annotations

_PAGE_KB = 4  # on x86
_MIB = {"kB": 1 / 1024, "pages": _PAGE_KB / 1024, "MiB": 1.0}


def in_unit(figure: float, unit: str, wanted: str) -> float:
    """A counter's figure in the unit that is asked for; unchanged where that is but another name of
    its own."""
    return figure * _MIB[unit] if wanted == "MiB" and unit in _MIB else figure
