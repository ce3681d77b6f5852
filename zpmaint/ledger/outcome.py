# SPDX-License-Identifier: GPL-2.0-only
"""The digest of what came out of a verification: the same for whoever does it again. Pure.

Over the kernel, the result, the patch as it was ported, and how each case ended on each kernel.
What differs from run to run by itself (times, paths, words, counters that lag) is not in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from zpmaint.ledger.stages import PortRecord, VerdictRecord

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
        _sha256(port.patch) if port and port.patch else None,
        [
            [case.suite, case.name, case.flips, {f: r.mark for f, r in case.results.items()}]
            for case in (verdict.cases if verdict else ())
        ],
    ]
    text = json.dumps(made, sort_keys=True, separators=(",", ":"))
    return f"outcome-{_VERSION}:{_sha256(text)[:32]}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
