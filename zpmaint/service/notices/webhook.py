# SPDX-License-Identifier: GPL-2.0-only
"""A notice as a POST of JSON, named and signed as the Standard Webhooks specification has it
(standardwebhooks.com): receivers have libraries that check it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING

from zpmaint import __version__
from zpmaint.core.durations import rfc3339
from zpmaint.core.errors import UserError
from zpmaint.core.service_table import WebhookTable
from zpmaint.service.notices.news import Notice
from zpmaint.service.notices.waits import Answer, Told, of_status
from zpmaint.service.shown import shown_json

if TYPE_CHECKING:
    import requests

_CONNECT, _READ = 10.0, 20.0  # seconds
_PREFIX = "whsec_"


def body_of(one: Notice, project: str, base_url: str) -> bytes:
    """The document; the same notice gives the same bytes. Pure."""
    data = {
        "project": project,
        "kind": one.kind,
        "title": one.title,
        "patchset": one.patchset,
        "line": one.line,
        "version": one.version or None,
        "before": one.before or None,
        "words": one.words,
        "page": address_of(one, base_url),
    }
    kind = f"zpmaint.{one.kind.replace(' ', '_')}"
    return shown_json({"type": kind, "timestamp": rfc3339(one.when), "data": data})


def headers_of(one: Notice, body: bytes, key: bytes, now: float) -> dict[str, str]:
    """Name, time and, with a key, signature of a body. Pure."""
    made = {
        "Content-Type": "application/json",
        "User-Agent": f"zpmaint/{__version__}",
        "webhook-id": one.id,
        "webhook-timestamp": str(int(now)),
    }
    if key:
        signed = f"{one.id}.{int(now)}.".encode() + body
        digest = hmac.new(key, signed, hashlib.sha256).digest()
        made["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return made


def key_of(secret: str, name: str) -> bytes:
    """The key that a secret stands for: whsec_ and base64, or the text itself. Raises UserError for
    a whsec_ that is no base64. Pure."""
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise UserError(
            f"receiver {name}: its secret begins with {_PREFIX} and is no base64 behind it",
            "take the secret as the receiver's own page shows it",
        ) from None


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Told:
    """Hand it over: what the receiver's answer means. It is not followed elsewhere, and of its body
    nothing is read."""
    import requests  # noqa: PLC0415 (slow, and --help needs none)

    try:
        with requests.Session() as session:
            session.auth = _nobody  # no password of ~/.netrc
            answer = session.post(
                url,
                data=body,
                headers=dict(headers),
                timeout=(_CONNECT, _READ),
                allow_redirects=False,
                stream=True,
            )
            return of_status(answer.status_code, answer.headers.get("Retry-After", ""))
    except (requests.RequestException, OSError, ValueError) as error:
        return Told(Answer.LATER, _cause(error))


def send(
    table: WebhookTable, one: Notice, secret: str, *, project: str, base_url: str, now: float
) -> Told:
    """Tell a receiver one notice."""
    body = body_of(one, project, base_url)
    return post(table.url, body, headers_of(one, body, key_of(secret, table.name), now))


def address_of(one: Notice, base_url: str) -> str | None:
    """Where its page stands; None where nobody knows."""
    return f"{base_url.rstrip('/')}/{one.page}" if base_url else None


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _cause(error: Exception) -> str:
    """The innermost cause, which says what a person can do something about."""
    found: BaseException = error
    while (inner := found.__cause__ or found.__context__) is not None:
        found = inner
    return f"cannot be reached: {getattr(found, 'strerror', None) or found}"
