# SPDX-License-Identifier: GPL-2.0-only
"""What is remembered of a full benchmark: what the guests said, word for word. What it means is
worked out of that whenever it is shown."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import Any

COLUMNS = (
    "key", "version", "arch", "patchset", "accelerator", "asked", "images", "adopted",
    "finished", "said", "project",
)  # fmt: skip
SELECT = f"SELECT {', '.join(COLUMNS)} FROM benchmark"
ALL = f"SELECT digest, {', '.join(COLUMNS)} FROM benchmark ORDER BY id"
"""The rows as INSERT takes them."""
INSERT = (
    f"INSERT INTO benchmark (digest, {', '.join(COLUMNS)}) "
    f"VALUES ({', '.join('?' * (len(COLUMNS) + 1))}) ON CONFLICT (digest) DO NOTHING"
)


@dataclass(frozen=True)
class BenchRecord:
    """One full benchmark of one pair of kernels."""

    key: str
    """Hash over all inputs: the images, the guest program, the machine, what was asked."""
    version: str
    arch: str
    patchset: str
    accelerator: str
    """'tcg,icount', 'tcg' or 'kvm'."""
    asked: dict[str, Any]
    """pattern (a glob), pages (sizes), huge, runs."""
    images: dict[str, str]
    """By kernel, stock and patched, the hash of what it was built from."""
    adopted: bool
    """Whether the stock kernel behaves as the patch wants; then there is no patched one."""
    finished: float
    """Seconds since the epoch."""
    said: dict[str, str]
    """By kernel what its guest wrote to the result channel."""
    project: str = ""
    """As Record.project."""

    @property
    def deterministic(self) -> bool:
        return self.accelerator == "tcg,icount"

    @property
    def rank(self) -> tuple[bool, bool, int, int]:
        """Of two benchmarks of a kernel the larger tells more: all patterns, huge pages, how far
        up and how many sizes."""
        pages = self.asked["pages"]
        return (
            self.asked["pattern"] == "*",
            bool(self.asked["huge"]),
            max(pages),
            len(pages),
        )


def row(record: BenchRecord) -> tuple[Any, ...]:
    """The record as the table holds it, its digest first."""
    said = _json(record.said)
    values = (
        record.key, record.version, record.arch, record.patchset, record.accelerator,
        _json(record.asked), _json(record.images), int(record.adopted), record.finished,
    )  # fmt: skip
    digest = hashlib.sha256(
        _json([*values, said, *filter(None, [record.project])]).encode()
    ).hexdigest()
    return (digest, *values, zlib.compress(said.encode(), 9), record.project)


def read(values: tuple[Any, ...]) -> BenchRecord:
    """The record of a row of SELECT. Raises ValueError for one that is damaged."""
    content = dict(zip(COLUMNS, values, strict=True))
    try:
        said = json.loads(zlib.decompress(content["said"]))
    except zlib.error as error:
        raise ValueError(f"a benchmark's text is damaged: {error}") from None
    return BenchRecord(
        **(
            content
            | {
                "asked": json.loads(content["asked"]),
                "images": json.loads(content["images"]),
                "adopted": bool(content["adopted"]),
                "said": said,
            }
        )
    )


def _json(document: object) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
