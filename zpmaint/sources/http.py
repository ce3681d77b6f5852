# SPDX-License-Identifier: GPL-2.0-only
"""A polite HTTP client: one honest name, few retries, and bounds on all that a server can cost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from zpmaint.core.progress import SILENT, Reporter
from zpmaint.sources.bounds import Meter, TooLargeError
from zpmaint.sources.http_errors import FAILURES, BusyError, CutError, failed, shown
from zpmaint.sources.source import NotServedError, SourceFailedError
from zpmaint.sources.watch import Watch, WatchedAdapter

_GONE = (404, 410)
_BUSY = (429, 500, 502, 503, 504)
_PIECE = 1 << 16  # bytes that are read at most at a time
_TOLD = 5.0  # seconds: a wait that is shorter needs no word
_EVER = 1e12  # seconds
_CLOCK = Retry()
_CLOCK.retry_after_max = int(_EVER)  # it is the whole time that is told


class Session(requests.Session):
    """A session that waits and asks again where a server is busy or a connection fails."""

    backoff = 0.5
    """Seconds of the first wait where the server names none; each further one is twice as long."""

    def resolve_redirects(self, *words: Any, **more: Any) -> Iterator[Any]:
        """None: `asked` follows them. requests would read the whole body of each, which has no
        bounds, even where it is told not to follow."""
        return iter(())


def agent() -> str:
    """What zpmaint calls itself; a name with "Mozilla" in it meets a proof-of-work wall."""
    try:
        version = metadata.version("zpmaint")
    except metadata.PackageNotFoundError:
        version = "uninstalled"
    return f"zpmaint/{version} (keeps out-of-tree kernel patches alive)"


def session(backoff: float = 0.5) -> Session:
    """A session; see Session.backoff."""
    made = Session()
    made.backoff = backoff
    made.headers["User-Agent"] = agent()
    # What a server says of when to come again is heard below, where it is bounded and told.
    retry = Retry(
        total=2,
        connect=2,
        read=1,
        redirect=0,
        status=0,
        other=0,
        backoff_factor=backoff,
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    for scheme in ("http://", "https://"):
        made.mount(scheme, WatchedAdapter(max_retries=retry, pool_connections=1, pool_maxsize=1))
    return made


@contextmanager
def asked(
    http: Session,
    url: str,
    meter: Meter,
    *,
    headers: Mapping[str, str] | None = None,
    reporter: Reporter = SILENT,
) -> Iterator[requests.Response]:
    """The answer to a request, its body not read: `pieces` does that.

    Redirects are followed within their bounds, and a busy server is asked again. Whatever fails
    in the block, too, is raised as SourceFailedError; CutError where another attempt may help."""
    with Watch(meter) as watch:
        try:
            with _asked(http, url, dict(headers or {}), meter, reporter) as answer:
                yield answer
            if watch.why:
                raise CutError(f"{url}: the connection was cut")
        except (CutError, *FAILURES) as error:
            if watch.why:
                raise SourceFailedError(
                    f"{url}: {watch.why}", "run again later, or try another source"
                ) from None
            raise error if isinstance(error, CutError) else failed(url, error) from None


def pieces(answer: requests.Response, meter: Meter, already: int = 0) -> Iterator[bytes]:
    """The body as it comes, decompressed. With the `already` bytes that are here it is held to the
    bound of size: raises SourceFailedError, and what a connection raises."""
    length = length_of(answer)
    if length is not None and already + length > meter.bounds.size:
        raise TooLargeError(answer.url, already + length, meter.bounds)
    return _pieces(answer, meter, already)


def _pieces(answer: requests.Response, meter: Meter, already: int) -> Iterator[bytes]:
    # Not iter_content: it waits until a whole piece is there, however slowly it comes.
    while piece := answer.raw.read1(_PIECE, decode_content=True):
        meter.count(len(piece))
        already += len(piece)
        if already > meter.bounds.size:
            raise TooLargeError(answer.url, already, meter.bounds)
        yield piece
    if not already:
        # What breaks off within its headers looks so, too.
        raise CutError(f"{answer.url}: the answer is empty", "run again later")


def length_of(answer: requests.Response) -> int | None:
    """What Content-Length says; None for nothing, or for what is no length."""
    text = answer.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def judged(answer: requests.Response, *good: int) -> requests.Response:
    """`answer` where its status is one of `good`. Raises NotServedError for a file that is gone,
    else SourceFailedError with the status."""
    if answer.status_code in _GONE:
        raise NotServedError(f"{answer.url}: not there (HTTP {answer.status_code})")
    if answer.status_code not in good:
        reason = shown(answer.reason or "")
        hint = "try again later"
        if answer.status_code == requests.codes.proxy_authentication_required:
            hint = "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT names who you are to the proxy"
        elif answer.status_code in (401, 403):
            hint = "this server does not serve you; try another source"
        raise SourceFailedError(f"{answer.url}: HTTP {answer.status_code} {reason}".rstrip(), hint)
    return answer


def _asked(
    http: Session, url: str, headers: dict[str, str], meter: Meter, reporter: Reporter
) -> requests.Response:
    """The answer that is neither a redirect nor that of a busy server, as far as patience goes."""
    place, hops, tries = url, 0, 0
    times = (meter.bounds.connect, meter.bounds.window)
    while True:
        try:
            answer = http.get(
                place, headers=headers, timeout=times, stream=True, allow_redirects=False
            )
            target = http.get_redirect_target(answer) or ""
        except ValueError as error:  # a name or an address that is none, a header that is no text
            raise failed(place, error) from None
        if target:
            answer.close()  # its body is not asked for: it has no bounds
            hops += 1
            if hops > meter.bounds.redirects:
                raise SourceFailedError(
                    f"{url}: more than {meter.bounds.redirects} redirects, the last to {place}",
                    "the server sends its askers round; try another source",
                )
            place = _redirected(place, target)
        elif answer.status_code in _BUSY and tries < meter.bounds.attempts:
            answer.close()
            _wait(answer, http.backoff * 2**tries, meter, reporter)
            tries += 1
        else:
            return answer


def _redirected(place: str, target: str) -> str:
    """Where a redirect leads. Raises SourceFailedError where it may not."""
    try:
        there = urljoin(place, target)
        scheme = urlsplit(there).scheme.lower()
    except ValueError as error:
        raise failed(place, error) from None
    if scheme != urlsplit(place).scheme.lower() and scheme != "https":
        raise SourceFailedError(
            f"{place}: redirects to {shown(there)}: from {urlsplit(place).scheme} to "
            f"{scheme or 'nothing'} is not followed",
            "something stands between (a captive portal?), or the server is wrong; "
            "try another source",
        )
    return there


def _wait(answer: requests.Response, backoff: float, meter: Meter, reporter: Reporter) -> None:
    """Wait as long as the server asks for, within the bound and with a word."""
    said = answer.headers.get("Retry-After", "")
    try:
        seconds = min(_CLOCK.parse_retry_after(said), _EVER) if said else backoff
    except (InvalidHeader, ValueError, OverflowError):
        seconds = backoff  # not a time that can be read
    until = _moment(seconds)
    what = f"{answer.url}: HTTP {answer.status_code}"
    if seconds > meter.bounds.wait:
        raise BusyError(
            f"{what}: the server asks to come again after {until}, in {seconds:.0f} s",
            f"run again then; longer than {meter.bounds.wait:g} s is not waited",
            time.time() + seconds,
        )
    with meter.held():
        if seconds < _TOLD:
            time.sleep(seconds)
        else:
            with reporter.step(f"wait for {urlsplit(answer.url).netloc}") as step:
                step.note(f"{what}: waiting {seconds:.0f} s, until {until}, as the server asks")
                time.sleep(seconds)


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(time.time() + seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return "a time beyond all calendars"
