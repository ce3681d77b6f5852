# SPDX-License-Identifier: GPL-2.0-only
"""Remembered resolutions as files: patches/NAME/resolutions/SCOPE-KEY.resolution.

A head of `Key: value` lines, an empty line, then the edits as in a unified diff without numbers:
each begins with @@, its lines with '-' (of the conflict, markers included) or '+' (of the
solution). Bytes that are no UTF-8 stay what they are.
"""

from __future__ import annotations

import re
from pathlib import Path

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_bytes, to_text
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.grammar import NO_NEWLINE
from zpmaint.diffs.writer import marked
from zpmaint.patchset.values import Edit, Resolution

FOLDER = "resolutions"
SUFFIX = ".resolution"
_HINT = "restore it from git, or delete it and solve the conflict anew: zpmaint resolve VERSION"
_KEYS = ("Path", "Scope", "Anchor", "Solved-on", "By", "Date", "Why", "Key")
_UNNAMED = re.compile(r"[^A-Za-z0-9_]+")


def file_name(resolution: Resolution) -> str:
    """The name of its file in FOLDER."""
    scope = _UNNAMED.sub("-", resolution.scope).strip("-")[:60] or "file"
    return f"{scope}-{resolution.key}{SUFFIX}"


def written(resolution: Resolution) -> bytes:
    """The file's contents."""
    values = (
        resolution.path,
        resolution.scope,
        resolution.anchor,
        str(resolution.version),
        resolution.by,
        resolution.date,
        resolution.why,
        resolution.key,
    )
    head = [f"{key}: {' '.join(value.split())}\n" for key, value in zip(_KEYS, values, strict=True)]
    lines = [*head, "\n"]
    for edit in resolution.edits:
        lines.append("@@\n")
        lines += [marked("-", line) for line in edit.before]
        lines += [marked("+", line) for line in edit.after]
    return to_bytes("".join(lines))


def read(data: bytes, name: str) -> Resolution:
    """The inverse of `written`; `name` is the file, for errors. Raises UserError."""
    head, _, rest = to_text(data).partition("\n\n")
    values = dict(_entry(line, n, name) for n, line in enumerate(head.split("\n"), 1))
    if missing := [key for key in _KEYS if key not in values]:
        raise UserError(f"{name}: no {missing[0]} in its head", _HINT)
    try:
        version = KernelVersion.parse(values["Solved-on"])
    except UserError as error:
        raise UserError(f"{name}: Solved-on: {error.what}", _HINT) from None
    edits = _edits(rest, head.count("\n") + 2, name)
    if not edits:
        raise UserError(f"{name}: holds no edit (@@)", _HINT)
    return Resolution(
        key=values["Key"],
        path=values["Path"],
        scope=values["Scope"],
        anchor=values["Anchor"],
        version=version,
        by=values["By"],
        date=values["Date"],
        why=values["Why"],
        edits=tuple(edits),
    )


def _entry(line: str, number: int, name: str) -> tuple[str, str]:
    key, colon, value = line.partition(":")
    if not colon or key not in _KEYS:
        raise UserError(f"{name}: line {number}: {line!r} is no line of its head", _HINT)
    return key, value.strip()


def _edits(text: str, above: int, name: str) -> list[Edit]:
    sides: list[tuple[list[str], list[str]]] = []
    last: list[str] | None = None
    parts = text.split("\n")
    if parts.pop():
        raise UserError(f"{name}: cut off, its last line has no end", _HINT)
    for number, line in enumerate(parts, above + 1):
        mark = line[:1]
        if line == "@@":
            sides.append(([], []))
            last = None
        elif mark in ("-", "+") and sides:
            last = sides[-1][mark == "+"]
            last.append(line[1:] + "\n")
        elif NO_NEWLINE.fullmatch(line) and last:
            last[-1] = last[-1][:-1]
        else:
            raise UserError(f"{name}: line {number}: {line!r} belongs to no edit", _HINT)
    if any(not before for before, _ in sides):
        raise UserError(f"{name}: an edit without a line of the conflict", _HINT)
    return [Edit(tuple(before), tuple(after)) for before, after in sides]


def load(folder: Path) -> tuple[Resolution, ...]:
    """All of a patch set's, by key."""
    found: dict[str, Resolution] = {}
    for path in sorted((folder / FOLDER).glob(f"*{SUFFIX}")):
        if path.name.startswith("."):
            continue  # half-written by a run that was killed
        resolution = read(path.read_bytes(), str(path))
        if resolution.key in found:
            raise UserError(f"{path}: another file has the same key", "delete one of the two")
        found[resolution.key] = resolution
    return tuple(found[key] for key in sorted(found))
