# SPDX-License-Identifier: GPL-2.0-only
"""How bytes land on the disk: whole, by rename, one writer at a time.

A reader never sees half a file, and a kill at any moment leaves either the old state or the new.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from zpmaint.core.locks import hold
from zpmaint.core.progress import SILENT, Reporter


def write_whole(path: Path, data: bytes | str) -> None:
    """Write `data` to `path` by rename, durable before it is visible."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with landing_file(path) as out:
        out.write(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)


@contextmanager
def landing_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write; when the block ends well it becomes `path` by rename, durable before it
    is visible. The folder has to be there."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def landing(path: Path) -> Iterator[Path]:
    """Give a fresh folder beside `path`; when the block ends well it becomes `path` by rename.

    What an earlier, killed run left beside `path` is cleared away. Hold `locked(path)` around it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{path.name}.landing.*"):
        shutil.rmtree(left)
    fresh = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.landing."))
    fresh.chmod(0o755)
    try:
        yield fresh
        # Aside by rename, not by deletion, which may take seconds: the time without `path` is
        # that between two renames.
        former = Path(f"{fresh}.former")
        if path.exists():
            path.replace(former)
        fresh.replace(path)
        shutil.rmtree(former, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def locked(
    path: Path, reporter: Reporter = SILENT, *, timeout: float | None = None
) -> Iterator[None]:
    """Hold `path` alone among all processes, by a lock file beside it; waits as `locks.hold`
    does: `reporter` hears for whom, and InfraError is raised after `timeout` seconds."""
    with hold(path.parent / f".{path.name}.lock", str(path), reporter, timeout=timeout):
        yield
