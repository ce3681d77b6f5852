# SPDX-License-Identifier: GPL-2.0-only
"""A file that a patch deletes and makes anew under another name: a rename, as tools tell it that
know none. What upstream changed of the old file since goes along to the new one. Pure."""

from __future__ import annotations

from dataclasses import replace

from zpmaint.diffs import writer
from zpmaint.diffs.reader import FileDiff, read_patch
from zpmaint.merge.lines import lines_of
from zpmaint.port.overlay import Overlay
from zpmaint.port.placed import Placed
from zpmaint.port.sections import Carried, Effect, carry, perform
from zpmaint.port.terms import Terms
from zpmaint.port.values import FilePort, HunkPort


def remade(
    gone: FileDiff, made: FileDiff, base: Overlay, target: Overlay, terms: Terms
) -> tuple[Carried, Carried] | None:
    """The two sections on a target whose file is not the base's: the deletion of what it has, and
    the new file with upstream's changes merged in. None where they need none of this, or where
    no place is found for them. `base` and `target` are the states before the patch."""
    old, new = str(gone.old), str(made.new)
    was, now = base.get(old), target.get(old)
    if was is None or now is None or was == now or target.get(new) is not None:
        return None
    there = perform(made, base)
    if not isinstance(there, Effect) or not (after := there.files.get(new)):
        return None
    one = _as_rename(old, new, was, after)
    does = perform(one, base)
    if not isinstance(does, Effect):
        return None
    done = carry(one, base, does, target, terms=terms)
    if done.effect is None or (result := done.effect.files.get(new)) is None:
        return None
    away = FilePort(
        old, (HunkPort(gone.hunks[0].header.rstrip(), "", Placed.THREE_WAY, 0.95, _away(new)),)
    )
    text = "".join([*gone.head, *writer.hunks(lines_of(now), [])])
    come = "".join([*made.head, *writer.hunks([], lines_of(result))])
    hunks = tuple(replace(h, why=f"{h.why}; it is made of {old}") for h in done.port.hunks)
    return (
        Carried(away, Effect({old: None}), text),
        Carried(replace(done.port, path=new, hunks=hunks), Effect({new: result}), come),
    )


def _away(new: str) -> str:
    return f"it goes, and {new} is made of it"


def _as_rename(old: str, new: str, before: bytes, after: bytes) -> FileDiff:
    """The section that renames a file and changes it."""
    head = f"diff --git a/{old} b/{new}\nrename from {old}\nrename to {new}\n"
    hunks = writer.hunks(lines_of(before), lines_of(after))
    names = f"--- a/{old}\n+++ b/{new}\n" if hunks else ""
    [one] = read_patch("".join([head, names, *hunks]), new).diffs
    return one
