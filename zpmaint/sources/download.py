# SPDX-License-Identifier: GPL-2.0-only
"""One big file, whole and verified, however often the connection or the process is cut.

What has arrived stays beside the destination as `.NAME.part`, with what the server called that
version of the file, so that the next attempt asks only for the rest.
"""

from __future__ import annotations

import errno
import hashlib
import json
import time
from pathlib import Path

import requests

from zpmaint.core.errors import InfraError
from zpmaint.core.files import locked, write_whole
from zpmaint.core.progress import SILENT, Reporter, Step
from zpmaint.sources.http import TIMEOUT, cause, judged
from zpmaint.sources.source import SourceFailedError

_CHUNK = 1 << 14  # bytes; a cut connection loses at most this much
_FRUITLESS = 4  # attempts in a row that bring not one byte, before it is given up
_PARTIAL = requests.codes.partial_content
_UNSATISFIABLE = requests.codes.requested_range_not_satisfiable


def download(
    http: requests.Session,
    url: str,
    dest: Path,
    *,
    sha256: str | None,
    reporter: Reporter = SILENT,
    pause: float = 0.5,
) -> Path:
    """Fetch `url` to `dest` and give `dest` back; at once where it is there already.

    The bytes are checked against `sha256` (hex) before `dest` appears; parallel callers, of any
    process, share one download. `pause` is the first wait in seconds after a cut connection; it
    doubles. Raises NotServedError (gone), SourceFailedError (network, checksum), InfraError
    (disk).
    """
    with locked(dest, reporter):
        if dest.is_file():
            return dest
        part = dest.with_name(f".{dest.name}.part")
        try:
            with reporter.step(f"fetch {dest.name}", "B") as step:
                for attempt in (1, 2):
                    _receive(http, url, part, step, pause)
                    got = sha256_of(part)
                    if sha256 in (None, got):
                        part.replace(dest)
                        _facts(part).unlink(missing_ok=True)
                        return dest
                    _discard(part)
                    step.note(f"{url}: sha256 is {got}, expected {sha256} (attempt {attempt})")
        except OSError as error:
            if isinstance(error, requests.RequestException):
                raise SourceFailedError(f"{url}: {cause(error)}", "try again later") from None
            raise disk_error(dest, error) from None
        raise SourceFailedError(
            f"{url}: sha256 is {got}, expected {sha256}, twice",
            "the file or its list of checksums is wrong at the server; try another source",
        )


def sha256_of(path: Path) -> str:
    """The file's sha256 in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def disk_error(path: Path, error: OSError) -> InfraError:
    """The error of a write to `path` that failed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InfraError(f"{path.parent}: no space left on the disk", "free some and run again")
    return InfraError(f"{path}: {error.strerror or error}")


def _facts(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _facts(part).unlink(missing_ok=True)


def _receive(http: requests.Session, url: str, part: Path, step: Step, pause: float) -> None:
    """Bring `part` to its full length, going on from where it is."""
    fruitless = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            if _receive_once(http, url, part, step):
                return
            why = "the connection was cut"
        except (requests.ConnectionError, requests.Timeout) as error:
            why = cause(error)
        except requests.exceptions.ChunkedEncodingError as error:
            why = f"the connection was cut: {cause(error)}"
        after = part.stat().st_size if part.exists() else 0
        fruitless = 0 if after > before else fruitless + 1
        if fruitless >= _FRUITLESS:
            raise SourceFailedError(
                f"{url}: {why}", f"run again later: {after} bytes are kept, the rest will follow"
            )
        time.sleep(min(pause * 2**fruitless, 30.0))


def _receive_once(http: requests.Session, url: str, part: Path, step: Step) -> bool:
    """One request; whether `part` is now as long as the server says the file is."""
    have, validator = _kept(part, url)
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    with http.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        if answer.status_code == _UNSATISFIABLE:
            # Nothing lies behind what is here: it is the whole file, unless the server means
            # another one by now.
            if answer.headers.get("Content-Range", "").rpartition("/")[2] == str(have):
                return True
            _discard(part)
            return False
        judged(answer)
        if answer.status_code == _PARTIAL:
            span, _, size = answer.headers.get("Content-Range", "").partition("/")
            if span.removeprefix("bytes ").split("-")[0] != str(have):
                _discard(part)
                raise SourceFailedError(f"{url}: the server sent another range than was asked for")
            total = int(size) if size.isdigit() else None
        else:
            have = 0
            length = answer.headers.get("Content-Length", "")
            total = int(length) if length.isdigit() else None
            _discard(part)
            known = answer.headers.get("ETag", "")
            if not known or known.startswith("W/"):  # If-Range takes strong validators only
                known = answer.headers.get("Last-Modified", "")
            write_whole(_facts(part), json.dumps({"url": url, "validator": known}))
        with part.open("ab" if have else "wb") as out:
            step.advance(have, total)
            for chunk in answer.iter_content(_CHUNK):
                out.write(chunk)
                have += len(chunk)
                step.advance(have, total)
        return total is None or have == total


def _kept(part: Path, url: str) -> tuple[int, str]:
    """How many bytes are here that the rest can be added to, and of which version of the file."""
    try:
        facts = json.loads(_facts(part).read_text())
        size = part.stat().st_size
    except (FileNotFoundError, ValueError):
        return 0, ""
    if facts.get("url") != url or not facts.get("validator"):
        return 0, ""
    return size, str(facts["validator"])
