# SPDX-License-Identifier: GPL-2.0-only
"""A queue applied to its kernel with `patch -F0`, and every file's states on the way."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.tools import run
from zpmaint.evaluate.diffs import split
from zpmaint.evaluate.values import QueuedPatch

_PATCH = ["patch", "-p1", "-F0", "-s", "-f", "--no-backup-if-mismatch", "-r", "-"]


@dataclass(frozen=True)
class Step:
    """One patch of a queue, applied."""

    patch: QueuedPatch
    changes: Mapping[str, tuple[bytes | None, bytes | None]]
    """Path to contents before and after, for every file it names."""
    failure: str = ""
    """Why it did not apply; then nothing was changed."""


def replay(
    queue: Sequence[QueuedPatch], upstream: Mapping[str, bytes | None], scratch: Path
) -> Iterator[Step]:
    """Apply a queue in a temporary folder under `scratch`; a patch that fails is passed over.

    `upstream` holds the files that the queue names, None for those the kernel lacks.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        tree = Path(folder)
        for path, data in upstream.items():
            if data is not None:
                _put(tree / path, data)
        for patch in queue:
            paths = list(dict.fromkeys(p for part in split(patch.text) for p in part.paths))
            before = {path: _get(tree / path) for path in paths}
            done = run(_PATCH, cwd=tree, stdin=patch.text, env={"LC_ALL": "C"})
            if done.returncode != 0:
                for path, data in before.items():
                    _put(tree / path, data)
                said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
                yield Step(patch, {p: (b, b) for p, b in before.items()}, said or "patch failed")
                continue
            yield Step(patch, {path: (before[path], _get(tree / path)) for path in paths})


def _get(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _put(file: Path, data: bytes | None) -> None:
    if data is None:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
