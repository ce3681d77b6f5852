# SPDX-License-Identifier: GPL-2.0-only
"""The contents of many objects of a git repository, from one `git cat-file`."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from zpmaint.core.errors import InfraError


class UnreadableError(InfraError):
    """git could not read what it should have."""


def files_of(
    folder: Path, environment: Mapping[str, str], tree: str
) -> tuple[int, Iterator[tuple[str, bytes]]]:
    """How many files a tree has (links and submodules are none), and each, path and contents."""
    done = subprocess.run(
        ["git", "ls-tree", "-r", "-z", "--full-tree", tree],
        cwd=folder, env=environment, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise UnreadableError(_first_line(done.stderr) or "git ls-tree failed")
    rows = [row.partition(b"\t") for row in done.stdout.split(b"\0") if row]
    rows = [row for row in rows if row[0].startswith(b"100")]
    blobs = [facts.split()[2] for facts, _, _ in rows]
    paths = (path.decode("utf-8", "surrogateescape") for _, _, path in rows)
    return len(rows), zip(paths, contents(folder, environment, blobs), strict=True)


def contents(
    folder: Path, environment: Mapping[str, str], blobs: Iterable[bytes]
) -> Iterator[bytes]:
    """The blobs' bytes, in their order."""
    wanted = list(blobs)
    with subprocess.Popen(
        ["git", "cat-file", "--batch", "--buffer"], cwd=folder, env=environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=1 << 20,
    ) as git:  # fmt: skip
        assert git.stdin is not None and git.stdout is not None
        asking = threading.Thread(target=_ask, args=(git.stdin, wanted), daemon=True)
        asking.start()
        for name in wanted:
            head = git.stdout.readline().split()
            if len(head) != 3 or head[1] != b"blob":
                git.kill()
                raise UnreadableError(f"{name.decode()} is missing")
            size = int(head[2])
            data = git.stdout.read(size + 1)
            if len(data) != size + 1:
                raise UnreadableError(f"{name.decode()} is cut short")
            yield data[:-1]
        asking.join()


def _ask(pipe: IO[bytes], wanted: Iterable[bytes]) -> None:
    with suppress(BrokenPipeError), pipe:
        pipe.write(b"".join(name + b"\n" for name in wanted))


def _first_line(said: bytes) -> str:
    return said.decode("utf-8", "replace").strip().partition("\n")[0]
