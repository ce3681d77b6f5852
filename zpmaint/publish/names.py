# SPDX-License-Identifier: GPL-2.0-only
"""What files of the site are called, safe whatever the ledger holds. Pure."""

from __future__ import annotations

import functools
import hashlib
import re

from zpmaint.timeline.kernels import parsed


@functools.lru_cache(maxsize=1 << 16)
def file_name(text: str) -> str:
    """`text` as a file name: itself where that is safe, else made so and told apart by a hash."""
    safe = re.sub(r"[^A-Za-z0-9._~+-]", "_", text)[:80]
    if text and safe == text and not text.startswith((".", "-")):
        return text
    return f"_{safe.strip('.')}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"


@functools.lru_cache(maxsize=1 << 16)
def stem_of(version: str, arch: str, profile: str) -> str:
    """What the files of one kernel begin with; the profile where it is not the default one."""
    return file_name("-".join(part for part in (version, arch, profile) if part))


def series_of(version: str) -> str:
    """The series whose list has the files of a kernel; "other" where its name is no kernel's."""
    kernel = parsed(version)
    return kernel.series if kernel else "other"
