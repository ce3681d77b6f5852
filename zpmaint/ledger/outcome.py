# SPDX-License-Identifier: GPL-2.0-only
"""The digest of what came out of a verification: the same for whoever does it again. Pure.

Over the kernel, the result, what the ported patch changes and where, and how each case ended on
each kernel. What differs from run to run by itself (times, paths, words, counters that lag) is not
in it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from zpmaint.ledger.stages import PortRecord, VerdictRecord

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))?(?= @@)")
_HEADS = (
    "diff --git ", "--- a/", "--- /dev/null", "+++ b/", "+++ /dev/null", "rename ", "copy ",
    "new file mode ", "deleted file mode ", "old mode ", "new mode ", "\\ No newline",
)  # fmt: skip
_VERSION = 1  # raised when it is made in another way


def outcome_digest(
    asked: Sequence[str], result: str, port: PortRecord | None, verdict: VerdictRecord | None
) -> str:
    """'outcome-1:' and 32 hex digits. `asked`: the kernel, its architecture, the patch set and the
    build profile."""
    made: list[Any] = [
        *asked,
        result,
        port.state if port else None,
        _sha256("\n".join(_changes(port.patch))) if port and port.patch else None,
        [
            [case.suite, case.name, case.flips, {f: r.mark for f, r in case.results.items()}]
            for case in (verdict.cases if verdict else ())
        ],
    ]
    text = json.dumps(made, sort_keys=True, separators=(",", ":"))
    return f"outcome-{_VERSION}:{_sha256(text)[:32]}"


def _changes(patch: str) -> Iterator[str]:
    """The lines of a patch that change something, and the places: not the mail around it, which is
    another one with another zpmaint."""
    old = new = 0
    for line in patch.split("\n"):
        if old > 0 or new > 0:
            old -= line[:1] in ("", " ", "-")
            new -= line[:1] in ("", " ", "+")
            yield line
        elif found := _HUNK.match(line):
            old, new = int(found[1] or 1), int(found[2] or 1)
            yield f"{found[0]} @@"
        elif line.startswith(_HEADS):
            yield line


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
