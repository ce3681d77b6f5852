# SPDX-License-Identifier: GPL-2.0-only
"""Files that something vouches for: a digest beside each, read again when there is a reason to.

    FOLDER/NAME          an archive, an image, a program
    FOLDER/.NAME.seal    the sha256 of its content, and what the file system said of it then

As long as size and times are those of the seal, and no machine went down since (`core/ends.py`),
the content is taken for what it was: that costs two looks at the file system, however large the
file. Else all of it is hashed. What is not what it was is never used: it is set aside, and whoever
made it makes it again.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from zpmaint.core.ends import epoch_of
from zpmaint.core.files import write_whole
from zpmaint.core.progress import SILENT, Reporter


@dataclass(frozen=True)
class _Seal:
    sha256: str
    size: int
    """Bytes."""
    times: tuple[int, int]
    """Of the last change of the content and of the inode, in nanoseconds; the second cannot be set
    back by anybody."""
    epoch: str


def seal(path: Path, sha256: str | None = None) -> str:
    """Vouch for `path` as it is now; gives its sha256 in hex, which need not be computed where the
    caller just did."""
    found = sha256 or sha256_of(path)
    status = path.stat()
    row = _Seal(
        found, status.st_size, (status.st_mtime_ns, status.st_ctime_ns), epoch_of(path.absolute())
    )
    write_whole(_place(path), json.dumps(asdict(row)) + "\n")
    return found


def is_intact(path: Path, sha256: str | None = None) -> bool:
    """Whether `path` is there and is what it was when it was sealed, or what `sha256` says. What
    neither a seal nor a digest vouches for is not."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    known = _read(_place(path))
    wanted = sha256 or (known.sha256 if known else None)
    if wanted is None:
        return False
    times = (status.st_mtime_ns, status.st_ctime_ns)
    now = _Seal(wanted, status.st_size, times, epoch_of(path.absolute()))
    if known == now:
        return True
    if known and known.sha256 == wanted and known.size != status.st_size:
        return False
    if sha256_of(path) != wanted:
        return False
    with suppress(OSError):  # of a cache that can only be read: it is hashed again next time
        seal(path, wanted)
    return True


def usable(path: Path, sha256: str | None = None, reporter: Reporter = SILENT) -> bool:
    """`is_intact`; a file that is there and is not is set aside, with a word."""
    if is_intact(path, sha256):
        return True
    if path.exists():
        vouched = sha256 is not None or _read(_place(path)) is not None
        why = "damaged" if vouched else "nothing vouches for it"
        set_aside(path, why, reporter)
    return False


def set_aside(path: Path, why: str, reporter: Reporter = SILENT) -> None:
    """Take a damaged file out of the way, to be looked at: it becomes .damaged-NAME beside, in the
    place of an earlier one."""
    aside = path.with_name(f".damaged-{path.name}")
    path.replace(aside)
    _place(path).unlink(missing_ok=True)
    with reporter.step(f"check {path.name}") as step:
        step.note(f"{path}: {why}; set aside as {aside.name}, it is made anew")


def forget(path: Path) -> None:
    """Remove a file and its seal."""
    path.unlink(missing_ok=True)
    _place(path).unlink(missing_ok=True)


def digest_of(path: Path) -> str:
    """The file's sha256 in hex, from its seal where that still fits, else computed."""
    status = path.stat()
    known = _read(_place(path))
    times = (status.st_mtime_ns, status.st_ctime_ns)
    if known and known == _Seal(known.sha256, status.st_size, times, epoch_of(path.absolute())):
        return known.sha256
    return sha256_of(path)


def sha256_of(path: Path) -> str:
    """The file's sha256 in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _place(path: Path) -> Path:
    return path.with_name(f".{path.name}.seal")


def _read(place: Path) -> _Seal | None:
    """None where there is none, and where it is damaged itself."""
    try:
        row = json.loads(place.read_bytes())
        first, second = map(int, row["times"])
        return _Seal(str(row["sha256"]), int(row["size"]), (first, second), str(row["epoch"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
