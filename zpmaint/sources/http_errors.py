# SPDX-License-Identifier: GPL-2.0-only
"""What went wrong with a request, in words: the cause, and what to do about it."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from http.client import BadStatusLine, RemoteDisconnected

import requests
from urllib3 import exceptions as urllib3_errors

from zpmaint.sources.source import SourceFailedError

_CONNECTION = re.compile(r"^(<[^>]*>|\w+\(host=[^)]*\)): ")

FAILURES = (requests.RequestException, urllib3_errors.HTTPError)
"""What a request and the reading of its answer raise; the disk's errors are others."""

_CERTIFICATE = {
    # X509_verify_cert's errors, as OpenSSL's x509_vfy.h numbers them.
    9: ("the server's certificate is not valid yet", "is this machine's clock right?"),
    10: (
        "the server's certificate has expired",
        "is this machine's clock right? else its operator has to renew it; try another source",
    ),
    18: (
        "the server's certificate is signed by itself",
        "if that is meant to be, name its CA file in REQUESTS_CA_BUNDLE",
    ),
    19: (
        "the server's certificate is signed by an authority that nobody here knows",
        "if a proxy of yours does that, name its CA file in REQUESTS_CA_BUNDLE",
    ),
    20: (
        "the issuer of the server's certificate is not known here",
        "install ca-certificates, or name the CA file in REQUESTS_CA_BUNDLE",
    ),
    23: ("the server's certificate was revoked", "try another source"),
    62: (
        "the server's certificate is for another host",
        "is the URL right? does another server answer in its place?",
    ),
    64: ("the server's certificate is for another address", "is the URL right?"),
}


class CutError(SourceFailedError):
    """The connection failed or broke off: what may go well at the next attempt."""


class BusyError(SourceFailedError):
    """A server that asks to come again later than anybody waits."""

    def __init__(self, what: str, hint: str, until: float) -> None:
        super().__init__(what, hint)
        self.until = until
        """When, in seconds since the epoch."""


def failed(url: str, error: Exception) -> SourceFailedError:
    """`error` of a request for `url` as ours: CutError where it may pass by itself."""
    chain = list(_inside(error))
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            what, hint = _CERTIFICATE.get(
                one.verify_code,
                (f"the server's certificate: {one.verify_message}", "try another source"),
            )
            return SourceFailedError(f"{url}: {what} ({one.verify_message})", hint)
    if any(isinstance(one, requests.exceptions.ProxyError) for one in chain):
        hint = "are HTTP_PROXY and HTTPS_PROXY right, and is the proxy up?"
        return CutError(f"{url}: the proxy: {cause(error)}", hint)
    if any(isinstance(one, ssl.SSLError) for one in chain):
        hint = "does the server speak TLS at this port? does something stand between?"
        return SourceFailedError(f"{url}: TLS: {cause(error)}", hint)
    if any(isinstance(one, socket.gaierror | urllib3_errors.NameResolutionError) for one in chain):
        return CutError(
            f"{url}: no address for its host: {cause(error)}",
            "is the name right, is the network up?",
        )
    if isinstance(error, requests.exceptions.ContentDecodingError | urllib3_errors.DecodeError):
        hint = "run again later, or try another source"
        return SourceFailedError(f"{url}: its compression is damaged: {cause(error)}", hint)
    transport = (
        requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError,
        urllib3_errors.ProtocolError, urllib3_errors.TimeoutError,
    )  # fmt: skip
    if isinstance(chain[-1], BadStatusLine) and not isinstance(chain[-1], RemoteDisconnected):
        hint = "is the URL right, and the port?"
        return SourceFailedError(f"{url}: what answers speaks no HTTP: {cause(error)}", hint)
    if any(isinstance(one, urllib3_errors.ProtocolError) for one in chain):
        return CutError(f"{url}: the connection was cut: {cause(error)}", "is the network up?")
    if isinstance(error, transport):
        return CutError(f"{url}: {cause(error)}", "is the network up?")
    return SourceFailedError(f"{url}: {cause(error)}", "is the URL right?")


def cause(error: Exception) -> str:
    """What went wrong, in a few words, without the layers of wrapping that requests adds."""
    *_, inner = _inside(error)
    words = str(inner)
    if (
        len(inner.args) > 1
        and isinstance(inner.args[0], str)
        and not isinstance(inner, UnicodeError)
    ):
        words = inner.args[0]
    text = shown(words) or type(inner).__name__
    # urllib3 puts the connection that failed in front, as its class, old or new, shows itself.
    return _CONNECTION.sub("", text)


def shown(text: object) -> str:
    """A server's words in one short line, without what would steer a terminal."""
    words = " ".join(str(text).split())[:200]
    return "".join(letter if letter.isprintable() else "?" for letter in words)


def _inside(error: BaseException) -> Iterator[BaseException]:
    """The error, and what each layer wraps, outermost first."""
    inner: BaseException | None = error
    seen: set[int] = set()
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        yield inner
        within = [getattr(inner, "reason", None), *inner.args[:2]]
        inner = next((one for one in within if isinstance(one, BaseException)), None)
