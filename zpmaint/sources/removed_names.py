"""The words that the files of one git tree have and the changed ones of another have lost.

Upstream can only have taken a name away where a file changed. To read those alone tells of every
name at once, where `git grep` would go through the whole tree for each.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from zpmaint.core.errors import InfraError
from zpmaint.core.files import locked, write_whole

_OF_A_WORD = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_BLANKED = bytes(byte if byte in _OF_A_WORD else 32 for byte in range(256))
"""What `grep -w` takes for parts of a word stays; all else becomes a blank."""
_SUBMODULE = b"160000"


class LostError(InfraError):
    """git could not read what it should have."""


def lost_words(
    folder: Path, environment: Mapping[str, str], older: str, newer: str, place: Path
) -> frozenset[str]:
    """The words of the files of the tree `older` that no changed file of the tree `newer` has;
    one that is still in an unchanged file is among them. Kept at `place`, which has to be named
    after the two trees."""
    with locked(place):
        if not place.is_file():
            files = list(_changed(folder, environment, older, newer))
            words = {w for data in _contents(folder, environment, [f[0] for f in files])
                     for w in data.translate(_BLANKED).split()}  # fmt: skip
            for data in _contents(folder, environment, [f[1] for f in files]):
                words.difference_update(data.translate(_BLANKED).split())
            write_whole(place, b"\n".join(sorted(words)))
        return frozenset(place.read_text(encoding="ascii").split())


def _changed(
    folder: Path, environment: Mapping[str, str], older: str, newer: str
) -> Iterator[tuple[bytes, bytes]]:
    """The blobs of each file that differs, before and after; b'' where there is none."""
    done = subprocess.run(
        ["git", "diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", older, newer],
        cwd=folder, env=environment, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise LostError(_first_line(done.stderr) or "git diff-tree failed")
    for row in done.stdout.split(b"\0")[:-1:2]:
        was, now, old, new, _status = row.removeprefix(b":").split()
        yield _blob(was, old), _blob(now, new)


def _blob(mode: bytes, name: bytes) -> bytes:
    return b"" if mode == _SUBMODULE or not name.strip(b"0") else name


def _contents(
    folder: Path, environment: Mapping[str, str], blobs: Iterable[bytes]
) -> Iterator[bytes]:
    wanted = [name for name in dict.fromkeys(blobs) if name]
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
                raise LostError(f"{name.decode()} is missing")
            size = int(head[2])
            data = git.stdout.read(size + 1)
            if len(data) != size + 1:
                raise LostError(f"{name.decode()} is cut short")
            yield data[:-1]
        asking.join()


def _ask(pipe: IO[bytes], wanted: Iterable[bytes]) -> None:
    with suppress(BrokenPipeError), pipe:
        pipe.write(b"".join(name + b"\n" for name in wanted))


def _first_line(said: bytes) -> str:
    return said.decode("utf-8", "replace").strip().partition("\n")[0]
