# SPDX-License-Identifier: GPL-2.0-only
"""Files that an unpacked tree got later than the rest: they change nothing that is known of it."""

from __future__ import annotations

from pathlib import Path

from zpmaint.core.remembered import recall


def later_file(tree: Path) -> Path:
    """Where it is kept which files of an unpacked tree came after it was first whole."""
    return tree.with_name(tree.name + ".later.json")


def added_later(tree: Path) -> frozenset[str]:
    """The files of an unpacked tree that are there because a patch asked for them, by path.

    They are no part of what a tree is known by: every Kconfig and Makefile was there before, so
    that with them no kernel is configured or built in another way. Empty for a tree that was not
    unpacked here."""
    return frozenset(recall(later_file(tree)) or ())
