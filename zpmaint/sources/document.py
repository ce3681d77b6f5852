# SPDX-License-Identifier: GPL-2.0-only
"""Small files of a server, kept: asked for anew now and then, and only if they changed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

from zpmaint.core.files import locked, write_whole
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.remembered import recall, remember
from zpmaint.core.sealed import set_aside
from zpmaint.sources.bounds import Bounds, Meter, bounds_of
from zpmaint.sources.http import Session, asked, judged, pieces
from zpmaint.sources.http_errors import BusyError
from zpmaint.sources.source import NotServedError, SourceFailedError

_OK = requests.codes.ok
_UNCHANGED = requests.codes.not_modified


_LONGEST_WISH = 86_400.0
"""Seconds: a server that asks for more, or a clock that jumped, is not waited for any longer."""
Heard = Callable[[float, str], object]
"""Takes when the server last gave what is used, and why that was not now; '' where it was, or need
not be."""


class RefusedError(SourceFailedError):
    """What came is whole, and is not taken; the check of `document` says why."""


def document(
    http: Session,
    url: str,
    path: Path,
    *,
    bounds: Bounds | None = None,
    max_age: float = 3600.0,
    check: Callable[[bytes], object] | None = None,
    heard: Heard | None = None,
    reporter: Reporter = SILENT,
) -> bytes:
    """A small file, kept at `path`: asked for at most every `max_age` seconds, and then only
    whether it changed. Where the server cannot be reached the kept one serves, with a note. A
    server that asked to be left alone for longer than anybody waits is, in later runs, too.

    What comes anew is kept only if `check` lets it pass. Where it raises a SourceFailedError (not
    what was asked for, older, not signed) the kept one serves with a note. `heard` is told how
    fresh what comes back is. Raises NotServedError (it is gone) or SourceFailedError.
    """
    tell = heard or _nobody
    with locked(path, reporter):
        kept, facts = _kept(path, url, reporter)
        told: Mapping[str, str | None]
        if kept is not None and 0 <= time.time() - facts["asked"] < max_age:
            tell(facts["asked"], "")
            return kept
        wanted = {
            name: facts[key]
            for name, key in (("If-None-Match", "etag"), ("If-Modified-Since", "modified"))
            if isinstance(facts.get(key), str)
        }
        try:
            _heed(path, url)
            answer = _fetched(http, url, wanted, bounds or bounds_of("any"), reporter)
        except NotServedError:
            raise
        except SourceFailedError as error:
            if isinstance(error, BusyError):
                remember(_wait_of(path), {"url": url, "what": error.what, "until": error.until})
            if kept is None:
                raise
            tell(facts["asked"], error.what)
            return _said(kept, url, error, reporter)
        if answer is None:
            body, told = kept, {key: facts.get(key) for key in ("etag", "modified")}
        else:
            body, told = answer
            try:
                if check is not None:
                    check(body)
            except SourceFailedError as error:
                if kept is None:
                    raise
                tell(facts["asked"], error.what)
                return _said(kept, url, error, reporter)
            _facts_of(path).unlink(missing_ok=True)  # never the new facts beside the old body
            write_whole(path, body)
        assert body is not None  # "unchanged" is an answer to a question about what is kept
        asked = time.time()
        said = {**told, "url": url, "asked": asked, "sha256": _digest(body)}
        remember(_facts_of(path), said)
        tell(asked, "")
        return body


def fetched(
    http: Session, url: str, *, bounds: Bounds | None = None, reporter: Reporter = SILENT
) -> bytes:
    """A small file that is not kept. Raises NotServedError or SourceFailedError."""
    answer = _fetched(http, url, {}, bounds or bounds_of("any"), reporter)
    assert answer is not None
    return answer[0]


def _fetched(
    http: Session, url: str, wanted: Mapping[str, str], bounds: Bounds, reporter: Reporter
) -> tuple[bytes, Mapping[str, str | None]] | None:
    """The body and what the server calls this state of it; None where it says that what `wanted`
    names is unchanged."""
    meter = Meter(bounds)
    with asked(http, url, meter, headers=wanted, reporter=reporter) as answer:
        judged(answer, _OK, *([_UNCHANGED] if wanted else []))
        if answer.status_code == _UNCHANGED:
            return None
        body = b"".join(pieces(answer, meter))
        head = answer.headers
        return body, {"etag": head.get("ETag"), "modified": head.get("Last-Modified")}


def _said(kept: bytes, url: str, error: SourceFailedError, reporter: Reporter) -> bytes:
    with reporter.step(f"refresh {url}") as step:
        step.note(f"{error.what}; what was fetched before is used")
    return kept


def _wait_of(path: Path) -> Path:
    return path.with_name(path.name + ".wait.json")


def _heed(path: Path, url: str) -> None:
    """Raise BusyError while the server's wish holds that it be left alone; the longest is a day."""
    found = recall(_wait_of(path))
    try:
        if found["url"] == url and 0 < found["until"] - time.time() < _LONGEST_WISH:
            raise BusyError(str(found["what"]), "run again then", float(found["until"]))
    except (KeyError, TypeError):
        pass  # it has none


def _nobody(given: float, why: str) -> None:
    """Nobody asks."""


def _facts_of(path: Path) -> Path:
    return path.with_name(path.name + ".http.json")


def _kept(path: Path, url: str, reporter: Reporter) -> tuple[bytes | None, dict[str, Any]]:
    """What is kept of `url`, and the facts about it; nothing where either is missing or damaged:
    then it is fetched anew."""
    try:
        facts = recall(_facts_of(path), reporter)
        if facts["url"] == url and isinstance(facts["asked"], int | float):
            body = path.read_bytes()
            if _digest(body) == facts["sha256"]:
                return body, facts
            set_aside(path, "damaged", reporter)
    except (OSError, KeyError, TypeError):
        pass
    return None, {}


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
