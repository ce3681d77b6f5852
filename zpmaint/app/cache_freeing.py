# SPDX-License-Identifier: GPL-2.0-only
"""Freeing things of the cache. Each goes as a whole or not at all: killed at any moment, what is
left is whole, or named as what did not land, which the next run clears away."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zpmaint.app.cache_things import place_of
from zpmaint.build.worktree import WorkTree
from zpmaint.core.disk import sync_folder, writing
from zpmaint.core.errors import InfraError
from zpmaint.core.in_use import alone
from zpmaint.core.locks import hold
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.sealed import forget
from zpmaint.matrix.room.worth import Thing

_CCACHE_SECONDS = 600


def free(cache: Path, thing: Thing, *, part: int = 0, reporter: Reporter = SILENT) -> bool:
    """Free `thing`, of one that is divisible only `part` bytes. False where somebody uses it,
    and for what is never freed. Raises DiskError, and InfraError where ccache cannot be trimmed."""
    path = place_of(cache, thing)
    if not thing.kind.is_freed:
        return False
    if thing.is_divisible:
        _trim(path, thing.own - part if part else 0, reporter)
        return True
    with alone(path) as is_alone:
        if not is_alone:
            return False
        with writing(path):
            return _gone(thing.kind.name, path)


def _gone(kind: str, path: Path) -> bool:
    locks = {
        "objects": path / ".lock",
        "images": path / ".lock",
        "archive": path.with_name(f".{path.name}.part.lock"),
    }
    with _held(locks.get(kind, path.with_name(f".{path.name}.lock"))) as is_held:
        if not is_held:
            return False
        match kind:
            case "objects":
                WorkTree(path).discard()
            case "archive":
                forget(path)
            case _:
                _remove(path)
        if kind == "tree":
            for end in (".manifest", ".kept.json", ".later.json"):
                path.with_name(f"{path.name}{end}").unlink(missing_ok=True)
    return True


@contextmanager
def _held(lock: Path) -> Iterator[bool]:
    """Whether the lock was free; it is ours in the block then. One that is not there is made by
    whoever wants it, and `alone` keeps them out."""
    if not lock.exists():
        yield True
        return
    try:
        with hold(lock, str(lock), timeout=0.0):
            yield True
    except InfraError:
        yield False


def _remove(path: Path) -> None:
    """By rename first: what is half removed has a name that nobody reads."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.landing.freed."))
    path.replace(aside)
    sync_folder(path.parent)
    shutil.rmtree(aside)


def _trim(folder: Path, to: int, reporter: Reporter) -> None:
    """Have ccache throw away its oldest entries until it takes `to` bytes."""
    with reporter.step(f"trim {folder.name} to {to >> 20} MB"):
        try:
            done = subprocess.run(
                ["ccache", "--cleanup"],
                env={**os.environ, "CCACHE_DIR": str(folder),
                     "CCACHE_MAXSIZE": f"{max(to >> 10, 1)}K"},
                capture_output=True, text=True, timeout=_CCACHE_SECONDS, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InfraError(f"ccache --cleanup: {error}", "see whether ccache is there") from None
    if done.returncode:
        said = done.stderr.strip().splitlines()
        why = said[-1] if said else f"exit status {done.returncode}"
        raise InfraError(f"ccache --cleanup: {why}", f"look at {folder}")
