# SPDX-License-Identifier: GPL-2.0-only
"""How sure some kinds of evidence make a placement, with what was measured of each.

Measured on Debian's queues, over the 506 drifted files that patch -F0 refuses, files placed so and
how many of them are byte for byte the maintainers' (`zpmaint evaluate` prints the same by
strategy). A file counts for all of its hunks, and its weakest need not be this one.
"""

from __future__ import annotations

ADJACENT = 0.75
"""Upstream changed lines right beside the patch's: 10 of 13."""
EXPORTED = 0.9
"""An EXPORT_SYMBOL() behind the function that it names: 2 of 9. Five of the others stand behind
their function here, and behind another or nowhere there; two are exported to others there."""
TWIN = 0.75
"""At most, where a function was known by its lines and not by its name: 5 of 7."""
APART = 0.6
"""An addition that upstream's own stands an empty line from: 14 of 22."""
RENAMED = 0.8
"""At most, where a line of the patch was spoken in a name that upstream has given since."""
CLOSED_GAP = 0.7
"""An addition of which all neighbours are gone, and which has one place left."""
WORDS = 0.7
"""A statement that both sides edited, in different words."""
COVERED = 0.65
"""A statement of which the patch takes away what upstream spelled otherwise."""
FILE_GOES = 0.65
"""A file that a patch deletes, and that upstream changed."""
SLID = 0.7
"""A change of upstream's that touches the patch's, and reads the same a line further off."""
PLAIN = 0.7
"""Where patch -F0 and a three-way merge agree on what a check or a strategy objects to."""
VERSION = 0.95
"""EXTRAVERSION of the top Makefile: one line, which is not to be mistaken."""
