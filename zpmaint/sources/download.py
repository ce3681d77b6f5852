# SPDX-License-Identifier: GPL-2.0-only
"""One big file, whole and verified, however often the connection or the process is cut.

What has arrived stays beside the destination as `.NAME.part`, with what the server called that
version of the file, so that the next attempt asks only for the rest.
"""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from zpmaint.core.disk import DiskError, sync_folder, writing
from zpmaint.core.files import locked
from zpmaint.core.progress import SILENT, Reporter, Step
from zpmaint.core.remembered import recall, remember
from zpmaint.core.sealed import seal, sha256_of, usable
from zpmaint.sources.bounds import Bounds, Meter, TooLargeError, bounds_of
from zpmaint.sources.http import Session, asked, judged, length_of, pieces
from zpmaint.sources.http_errors import CutError
from zpmaint.sources.source import SourceFailedError

_FRUITLESS = 4  # attempts in a row that bring not one byte, before it is given up
_PARTIAL = requests.codes.partial_content
_UNSATISFIABLE = requests.codes.requested_range_not_satisfiable


def download(
    http: Session,
    url: str,
    dest: Path,
    *,
    sha256: str | None,
    bounds: Bounds | None = None,
    reporter: Reporter = SILENT,
    pause: float = 0.5,
) -> Path:
    """Fetch `url` to `dest` and give `dest` back; at once where it is there already, and intact.

    The bytes are checked against `sha256` (hex) before `dest` appears; parallel callers, of any
    process, share one download. `bounds` are those of an archive if none are given, and hold for
    all attempts together. `pause` is the first wait in seconds after a cut connection; it doubles.
    Raises NotServedError (gone), SourceFailedError (network, checksum), InfraError
    (disk).
    """
    with locked(dest, reporter):
        if usable(dest, sha256, reporter):
            return dest
        part = dest.with_name(f".{dest.name}.part")
        meter = Meter(bounds or bounds_of("archive"))
        try:
            with reporter.step(f"fetch {dest.name}", "B") as step:
                order = _Transfer(http, url, part, meter, step, reporter)
                for attempt in (1, 2):
                    _receive(order, pause)
                    got = sha256_of(part)
                    if sha256 in (None, got):
                        land(part, dest, got)
                        _facts(part).unlink(missing_ok=True)
                        return dest
                    _discard(part)
                    step.note(f"{url}: sha256 is {got}, expected {sha256} (attempt {attempt})")
        except OSError as error:
            raise disk_error(dest, error) from None
        raise SourceFailedError(
            f"{url}: sha256 is {got}, expected {sha256}, twice",
            "the file or its list of checksums is wrong at the server; try another source",
        )


def land(part: Path, dest: Path, sha256: str) -> None:
    """Have a file that has come, and was checked, on the disk, then under its name, sealed."""
    with writing(dest):
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        part.replace(dest)
        sync_folder(dest.parent)
    seal(dest, sha256)


def disk_error(path: Path, error: OSError) -> DiskError:
    """The error of a write to `path` that failed."""
    return DiskError(path.parent if error.errno in (errno.ENOSPC, errno.EDQUOT) else path, error)


def _facts(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _facts(part).unlink(missing_ok=True)


@dataclass(frozen=True)
class _Transfer:
    """What brings one file."""

    http: Session
    url: str
    part: Path
    meter: Meter
    step: Step
    reporter: Reporter


def _receive(order: _Transfer, pause: float) -> None:
    """Bring `part` to its full length, going on from where it is."""
    part = order.part
    fruitless = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            if _receive_once(order):
                return
            what = f"{order.url}: the connection was cut"
        except CutError as error:
            what = error.what
        after = part.stat().st_size if part.exists() else 0
        fruitless = 0 if after > before else fruitless + 1
        late = order.meter.overdue()
        if late or fruitless >= _FRUITLESS:
            raise SourceFailedError(
                f"{order.url}: {late}" if late else what,
                f"run again later: {after} bytes are kept, the rest will follow",
            )
        time.sleep(min(pause * 2**fruitless, 30.0))


def _receive_once(order: _Transfer) -> bool:
    """One request; whether `part` is now as long as the server says the file is."""
    url, part, meter = order.url, order.part, order.meter
    have, validator = _kept(part, url)
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    with asked(order.http, url, meter, headers=headers, reporter=order.reporter) as answer:
        if answer.status_code == _UNSATISFIABLE:
            # Nothing lies behind what is here: it is the whole file, unless the server means
            # another one by now.
            if have and answer.headers.get("Content-Range", "").rpartition("/")[2] == str(have):
                return True
            if not have:
                judged(answer)
            _discard(part)
            return False
        judged(answer, requests.codes.ok, *([_PARTIAL] if have else []))
        if answer.status_code == _PARTIAL:
            span, _, size = answer.headers.get("Content-Range", "").partition("/")
            if span.removeprefix("bytes ").split("-")[0] != str(have):
                _discard(part)
                raise SourceFailedError(
                    f"{url}: the server sent another range than was asked for",
                    "run again: it is asked for the whole file then",
                )
            total = int(size) if size.isascii() and size.isdigit() and len(size) < 20 else None
        else:
            have = 0
            total = length_of(answer)
            _discard(part)
            known = answer.headers.get("ETag", "")
            if not known or known.startswith("W/"):  # If-Range takes strong validators only
                known = answer.headers.get("Last-Modified", "")
            remember(_facts(part), {"url": url, "validator": known})
        try:
            coming = pieces(answer, meter, have)
            with part.open("ab") as out:
                order.step.advance(have, total)
                for piece in coming:
                    out.write(piece)
                    have += len(piece)
                    order.step.advance(have, total)
        except TooLargeError:
            _discard(part)
            raise
        return total is None or have == total


def _kept(part: Path, url: str) -> tuple[int, str]:
    """How many bytes are here that the rest can be added to, and of which version of the file."""
    try:
        facts = recall(_facts(part))
        size = part.stat().st_size
        if facts["url"] != url or not facts["validator"]:
            return 0, ""
        return size, str(facts["validator"])
    except (FileNotFoundError, KeyError, TypeError):
        return 0, ""  # nothing, or facts that are damaged: fetched from the beginning
