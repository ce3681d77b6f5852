# SPDX-License-Identifier: GPL-2.0-only
"""A polite HTTP client: one honest name, few retries, nothing asked twice that did not change."""

from __future__ import annotations

import json
import time
from importlib import metadata
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from zpmaint.core.files import locked, write_whole
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.sources.source import NotServedError, SourceFailedError

TIMEOUT = (10.0, 60.0)  # seconds: to connect, between two reads
_GONE = (404, 410)


def agent() -> str:
    """What zpmaint calls itself; a name with "Mozilla" in it meets a proof-of-work wall."""
    try:
        version = metadata.version("zpmaint")
    except metadata.PackageNotFoundError:
        version = "uninstalled"
    return f"zpmaint/{version} (keeps out-of-tree kernel patches alive)"


def session(backoff: float = 0.5) -> requests.Session:
    """A session that waits and asks again where a server is busy or a connection fails; the first
    wait is about `backoff` seconds, each further one twice as long."""
    made = requests.Session()
    made.headers["User-Agent"] = agent()
    retry = Retry(
        total=4,
        connect=2,
        read=1,
        backoff_factor=backoff,
        status_forcelist=(429, 500, 502, 503, 504),
        raise_on_status=False,
    )
    for scheme in ("http://", "https://"):
        made.mount(scheme, HTTPAdapter(max_retries=retry, pool_connections=1, pool_maxsize=1))
    return made


def judged(answer: requests.Response) -> requests.Response:
    """`answer` where it is good. Raises NotServedError for a file that is gone, else
    SourceFailedError with the status."""
    if answer.status_code in _GONE:
        raise NotServedError(f"{answer.url}: not there (HTTP {answer.status_code})")
    if not answer.ok:
        raise SourceFailedError(
            f"{answer.url}: HTTP {answer.status_code} {answer.reason}", "try again later"
        )
    return answer


def document(
    http: requests.Session,
    url: str,
    path: Path,
    *,
    max_age: float = 3600.0,
    reporter: Reporter = SILENT,
) -> bytes:
    """A small file, kept at `path`: asked for at most every `max_age` seconds, and then only
    whether it changed. Where the server cannot be reached the kept one serves, with a note.

    Raises NotServedError (it is gone) or SourceFailedError.
    """
    facts_path = path.with_name(path.name + ".http.json")
    with locked(path, reporter):
        kept = path.read_bytes() if path.is_file() and facts_path.is_file() else None
        facts = json.loads(facts_path.read_text()) if kept is not None else {}
        if kept is not None and facts.get("url") != url:
            kept, facts = None, {}
        if kept is not None and 0 <= time.time() - facts["asked"] < max_age:
            return kept
        headers = {
            name: facts[key]
            for name, key in (("If-None-Match", "etag"), ("If-Modified-Since", "modified"))
            if facts.get(key)
        }
        try:
            answer = judged(http.get(url, headers=headers, timeout=TIMEOUT))
        except (requests.RequestException, SourceFailedError) as error:
            if kept is None:
                raise SourceFailedError(f"{url}: {cause(error)}", "is the network up?") from None
            with reporter.step(f"refresh {url}") as step:
                step.note(f"{url}: {cause(error)}; what was fetched before is used")
            return kept
        if answer.status_code == requests.codes.not_modified and kept is not None:
            body = kept
        else:
            body = answer.content
            facts = {
                "etag": answer.headers.get("ETag"),
                "modified": answer.headers.get("Last-Modified"),
            }
            facts_path.unlink(missing_ok=True)  # never the new facts beside the old body
            write_whole(path, body)
        write_whole(facts_path, json.dumps({**facts, "url": url, "asked": time.time()}))
        return body


def cause(error: Exception) -> str:
    """What went wrong, in a few words, without the layers of wrapping that requests adds."""
    inner: BaseException = error
    while True:
        reason = getattr(inner, "reason", None)
        if isinstance(reason, BaseException):
            inner = reason
        elif inner.args and isinstance(inner.args[0], BaseException):
            inner = inner.args[0]
        else:
            break
    words = inner.args[0] if len(inner.args) > 1 and isinstance(inner.args[0], str) else str(inner)
    text = " ".join(words.split()) or type(inner).__name__
    # urllib3 puts the object that failed in front: "<...HTTPConnection object at 0x7f>: ...".
    return text.partition(": ")[2] if text.startswith("<") and ": " in text else text
