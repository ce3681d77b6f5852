# SPDX-License-Identifier: GPL-2.0-only
"""The head of a written patch: what it is for, where it came from, how each hunk was placed.

patch and git apply skip it: no line of it can be taken for the start of a diff, whatever the
values hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Anchor, PatchSet
from zpmaint.port.values import FilePort, State


def write(
    patchset: PatchSet,
    anchor: Anchor,
    version: KernelVersion,
    *,
    state: State,
    files: Sequence[FilePort],
    why: str,
) -> str:
    """The head, ending in an empty line."""
    lines = [
        _entry("Subject", patchset.title),
        "",
        _entry("Intent", patchset.intent),
        "",
        _entry("From", patchset.author),
        _entry("Origin", patchset.origin),
        _entry("Patch-set", patchset.name),
        _entry("Anchor", f"{anchor.name} (cut against {anchor.base})"),
        _entry("Target", str(version)),
        _entry("State", f"{state} ({why})"),
    ]
    for file in files:
        for hunk in file.hunks:
            offset = f", offset {hunk.offset:+d}" if hunk.offset is not None else ""
            lines.append(
                _entry(
                    "Hunk",
                    f"{file.path} {hunk.header} in {hunk.scope or 'the file'}: {hunk.placed}"
                    f"{offset}, confidence {hunk.confidence:.2f}: {hunk.why}",
                )
            )
    return "\n".join(lines) + "\n\n"


def with_entry(patch: str, key: str, value: str) -> str:
    """A patch that `write` has headed, with one more line in the head."""
    head, mark, rest = patch.partition("\nHunk: ")
    return f"{head}\n{_entry(key, value)}{mark}{rest}" if mark else patch


def of_anchor(
    patchset: PatchSet, version: KernelVersion, entries: Sequence[tuple[str, str]]
) -> str:
    """The head of an anchor that a person made from another one, ending in an empty line."""
    lines = [
        _entry("Subject", f"[PATCH {version.tag}] {patchset.title}"),
        "",
        _entry("Intent", patchset.intent),
        "",
        *(_entry(key, value) for key, value in entries),
        _entry("Base", f"linux {version}"),
    ]
    return "\n".join(lines) + "\n\n"


def _entry(key: str, value: str) -> str:
    """One line, whatever the value holds: a line feed in it could start a diff."""
    return f"{key}: {' '.join(value.split())}"
