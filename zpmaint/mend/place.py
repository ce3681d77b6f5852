# SPDX-License-Identifier: GPL-2.0-only
"""Finding where the hunks of a posting belong in the base: the header's place, or the only one."""

from __future__ import annotations

from collections.abc import Sequence

from zpmaint.core.errors import UserError
from zpmaint.mend.align import Aligned, Unread, align
from zpmaint.mend.posting import Posted, PostedFile, PostedHunk

ANOTHER_BASE = "if the patch was made for another kernel, name that one with --base"
_SHOWN = 60  # characters of a posted line that an error quotes


def placed(
    file: PostedFile, keys: Sequence[str], *, name: str, base: str, notes: list[str]
) -> list[Aligned]:
    """Every hunk of `file` laid over the base whose line keys are `keys`, in order.

    A hunk that is not where its header says is told of in `notes`. Raises UserError, naming the
    line, for one that has no place, more than one, or can be read in two ways.
    """
    placed: list[Aligned] = []
    offset = end = 0
    for hunk in file.hunks:
        # In a file without lines there is one place.
        hint = max(hunk.old_start - 1, 0) + offset if keys else 0
        found = _place(file, hunk, keys, hint=hint, end=end, name=name, base=base)
        if found.unclear is not None:
            raise UserError(
                f"{name}: line {found.unclear.number}: a line is missing or can be read in two "
                f"ways around {_shown(found.unclear)}",
                f"put the blank line of {file.path} back by hand, or join the wrapped one",
            )
        if found.start != hint:
            offset += found.start - hint
            notes.append(
                f"{file.path}: the hunk of line {hunk.header.number} is {offset:+d} lines off its "
                f"header in {base}"
            )
        end = found.start + hunk.old_count
        placed.append(found)
    return placed


def _place(
    file: PostedFile,
    hunk: PostedHunk,
    keys: Sequence[str],
    *,
    hint: int,
    end: int,
    name: str,
    base: str,
) -> Aligned:
    """The one place of a hunk: where its header says, else the only other one that fits."""
    where = f"{name}: line {hunk.header.number}"
    if hunk.old_count == 0 and keys:
        raise UserError(
            f"{where}: the hunk has no context, so its place in {file.path} cannot be verified",
            "make it with three lines of context: diff -u",
        )
    if hunk.old_count > len(keys):
        raise UserError(
            f"{where}: the hunk speaks of {hunk.old_count} lines, {file.path} of {base} has "
            f"{len(keys)}",
            ANOTHER_BASE,
        )
    failed: list[tuple[int, int, Unread]] = []
    found: list[Aligned] = []
    if hint >= end:
        read = align(hunk, keys, hint)
        if isinstance(read, Aligned):
            return read
        failed.append((-read.at, 0, read))
    for start in range(end, len(keys) - hunk.old_count + 1):
        if start == hint:
            continue
        read = align(hunk, keys, start)
        if isinstance(read, Aligned):
            found.append(read)
        else:
            failed.append((-read.at, abs(start - hint), read))
    if len(found) == 1:
        return found[0]
    # The same lines with a blank one lost and another left over are the same place, a line off.
    plain = [one for one in found if one.is_plain]
    if len(plain) == 1 and all(abs(one.start - plain[0].start) < hunk.old_count for one in found):
        return plain[0]
    if found:
        places = ", ".join(str(one.start + 1) for one in found)
        raise UserError(
            f"{where}: the hunk fits {file.path} of {base} at lines {places}", ANOTHER_BASE
        )
    if not failed:
        raise UserError(
            f"{where}: no room for the hunk behind the one before it", "hunks must be in order"
        )
    nearest = min(failed, key=lambda one: one[:2])[2]
    raise _unread(file, hunk, nearest, length=len(keys), name=name, base=base)


def _unread(
    file: PostedFile, hunk: PostedHunk, nearest: Unread, *, length: int, name: str, base: str
) -> UserError:
    """Says where the reading that came furthest had to stop."""
    if nearest.line is None:
        return UserError(
            f"{name}: line {hunk.header.number}: the hunk ends before the {hunk.old_count} old and "
            f"{hunk.new_count} new lines that its header says",
            "lines are missing from the posting",
        )
    where = f"{name}: line {nearest.line.number}: {_shown(nearest.line)}"
    if nearest.line.text.startswith("+"):
        return UserError(
            f"{where} is more than the hunk header of line {hunk.header.number} says",
            "a line is missing before it, or the header is wrong",
        )
    return UserError(
        f"{where} is not in {file.path} near line {min(nearest.wanted, length) + 1} of {base}",
        ANOTHER_BASE,
    )


def _shown(line: Posted) -> str:
    text = line.text.strip()
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
