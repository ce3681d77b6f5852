# SPDX-License-Identifier: GPL-2.0-only
"""Lines that go one level in or out, as those around them did."""

from __future__ import annotations

from collections.abc import Iterable

from zpmaint.merge.lines import body, indentation, squeezed

Shift = tuple[str, str]
"""The indentation of a line before and after; deeper lines change at their front alike."""


def shifted(line: str, shift: Shift) -> str | None:
    """A line re-indented as another one was; None where that cannot be."""
    old, new = shift
    if not squeezed(line) or line.startswith("#"):
        return line
    here = indentation(line)
    if not here and body(line).endswith(":"):
        return line  # a label stays in its column
    if here == old:
        return new + line[len(here) :]
    if old.startswith(new):
        cut = old[len(new) :]
        return line[len(cut) :] if here.startswith(cut) else None
    if new.startswith(old):
        return new[len(old) :] + line
    return None


def common(pairs: Iterable[tuple[str, str]]) -> Shift | None:
    """How lines moved in or out that all did so alike, given each before and after; None where
    they did not, or where there are not two that say so."""
    told = [(indentation(old), indentation(new)) for old, new in pairs if squeezed(old)]
    told = [pair for pair in told if pair[0]]  # a label or a closing brace has no depth to tell of
    if len(told) < 2 or all(old == new for old, new in told):
        return None
    shift = min(told, key=lambda pair: len(pair[0]))
    alike = all(shifted(f"{old}x", shift) == f"{new}x" for old, new in told)
    return shift if alike else None
