# SPDX-License-Identifier: GPL-2.0-only
"""Placing a mutant: exact text, in the function it names, found exactly once. Pure.

A port may be carried to where its text has moved; a planted bug may not, or nobody would know
which bug it was.
"""

from __future__ import annotations

from collections.abc import Callable

from zpmaint.core.versions import KernelVersion
from zpmaint.mutation.values import Edit, Mutant, Placed
from zpmaint.port.scopes import Source

Read = Callable[[str], bytes | None]
"""A file of the kernel by its path; None where there is none."""


def place(mutant: Mutant, version: KernelVersion, read: Read) -> Placed | str:
    """`mutant` in the files of `version`, or why none of its texts can be placed there."""
    reasons: list[str] = []
    for text in mutant.texts:
        if version not in text.era:
            continue
        files: dict[str, bytes] = {}
        for edit in text.edits:
            before = files[edit.file] if edit.file in files else read(edit.file)
            after = f"{edit.file} is not there" if before is None else _edited(before, edit)
            if isinstance(after, str):
                reasons.append(after)
                break
            files[edit.file] = after
        else:
            return Placed(mutant, text, files)
    return "; ".join(dict.fromkeys(reasons)) or f"no text is for {version}"


def _edited(data: bytes, edit: Edit) -> bytes | str:
    lines = data.splitlines(keepends=True)
    start, end = 0, len(lines)
    where = edit.file
    if edit.scope:
        where = f"{edit.file}: {edit.scope}"
        scopes = [s for s in Source(data).scopes if s.name == edit.scope and s.kind == "function"]
        holding = [s for s in scopes if _count(lines[s.start : s.end], edit)]
        if not scopes:
            return f"{where} is not there"
        if len(holding) != 1:
            return f"{where}: {'not its text' if not holding else 'its text in several functions'}"
        start, end = holding[0].start, holding[0].end
    count = _count(lines[start:end], edit)
    if count != 1:
        return f"{where}: {'not its text' if not count else f'its text is there {count} times'}"
    body = b"".join(lines[start:end]).replace(edit.find.encode(), _padded(edit), 1)
    return b"".join((*lines[:start], body, *lines[end:]))


def _count(lines: list[bytes], edit: Edit) -> int:
    return b"".join(lines).count(edit.find.encode())


def _padded(edit: Edit) -> bytes:
    """With as many lines as what it replaces: the numbers of the lines below are compiled into
    a kernel (WARN_ON), and would make another kernel of one that is not."""
    missing = edit.find.count("\n") - edit.replace.count("\n")
    return (edit.replace + "\n" * missing).encode()
