# SPDX-License-Identifier: GPL-2.0-only
"""A file's port held against the whole tree: no hunk calls what upstream has taken away."""

from __future__ import annotations

from dataclasses import replace

from unidiff.patch import PatchedFile

from zpmaint.core.text import to_bytes
from zpmaint.merge.tokens import KEYWORDS, identifiers
from zpmaint.port import checks
from zpmaint.port.everywhere import EVERYWHERE
from zpmaint.port.hunks import Change
from zpmaint.port.outlines import language
from zpmaint.port.placed import Placed
from zpmaint.port.scopes import locals_of, source
from zpmaint.port.terms import Terms
from zpmaint.port.values import FilePort


def brings_lost(added: str, terms: Terms) -> bool:
    """Whether any word in lines that a patch adds is a name that upstream has taken away: most
    patches bring none, and their files need not be read for names."""
    return terms.gone is not None and any(map(terms.gone, _brought(added, terms)))


def held_to_tree(file: PatchedFile, done: FilePort, target: bytes | None, terms: Terms) -> FilePort:
    """A file's port, a conflict where a hunk's own lines call what upstream has taken away."""
    if done.result is None or terms.gone is None or language(file.path) != "c":
        return done
    known = source(target).names if target is not None else set()
    spoken = source(done.result).names  # some of the patch's words may be upstream's new ones
    of = {Change.of(hunk).header: hunk for hunk in file}
    hunks = []
    for one in done.hunks:
        hunk = of.get(one.header, ())
        added = "".join(line.value for line in hunk if line.is_added)
        own = (_brought(added, terms) & spoken) - known
        own -= locals_of(to_bytes(added)) if own else frozenset()
        dead = sorted(filter(terms.gone, own))
        placed = one
        if dead and not one.placed.is_dropped:
            why = f"{checks.DEAD} {', '.join(dead)}, which the hunk brings a use of"
            placed = replace(one, placed=Placed.CONFLICT, confidence=0.0, why=why)
        hunks.append(placed)
    if all(not hunk.placed.is_conflict for hunk in hunks):
        return done
    return replace(done, hunks=tuple(hunks), result=None)


def _brought(added: str, terms: Terms) -> set[str]:
    """The words in lines that a patch adds, but for those that need nobody's definition: C's own,
    what every file may say, what the patch defines; and the names of options, which may be off."""
    found = identifiers(added) - EVERYWHERE - KEYWORDS - terms.brings
    return {name for name in found if not name.startswith("CONFIG_")}
