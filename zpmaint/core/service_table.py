# SPDX-License-Identifier: GPL-2.0-only
"""[service] of kernels.toml: what `zpmaint serve` does, when, and whom it tells."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from zpmaint.core.durations import seconds_of

Duration = Annotated[float, BeforeValidator(seconds_of)]
"""Seconds, written as "90s", "30m", "6h", "2d"."""

NewsKind = Literal[
    "turned red",
    "turned green",
    "flake",
    "cost changed",
    "new kernel untested",
    "service silent",
]
"""The words of status.json."""

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
_LISTEN = re.compile(r"(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})")


def place_of(text: str) -> tuple[str, int]:
    """Host and port of "HOST:PORT". Raises ValueError."""
    found = _LISTEN.fullmatch(text)
    if not found or int(found["port"]) > 65_535:
        raise ValueError(f'{text!r}: write HOST:PORT, as "127.0.0.1:8470" or "[::1]:8470"')
    return found["host"].strip("[]"), int(found["port"])


def _is_place(text: str) -> str:
    place_of(text)
    return text


Place = Annotated[str, AfterValidator(_is_place)]
"""HOST:PORT."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReceiverTable(_Table):
    """Somebody who is told what became otherwise."""

    name: Annotated[str, Field(pattern=_NAME)]
    """What is kept of it goes by this name: under another one it is another receiver."""
    kinds: tuple[NewsKind, ...] = (
        "turned red",
        "turned green",
        "new kernel untested",
        "service silent",
    )
    """Which news it is told."""
    patches: tuple[str, ...] = ()
    """Of which patch sets; empty: of all."""
    since: str = "now"
    """From when on: "now" (when it was first seen), "all", or a day: "2026-11-01"."""
    untested_after: Duration = 12 * 3600.0
    """So long a new kernel may be out without a verdict before it is told."""
    secret_env: str = ""
    """The environment variable that holds the secret, or password."""
    secret_file: str = ""
    """The file that does; a name without a slash is a credential of systemd's."""

    @field_validator("since")
    @classmethod
    def _day(cls, text: str) -> str:
        if text not in ("now", "all"):
            try:
                datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
            except ValueError:
                raise ValueError(f'{text!r}: "now", "all" or a day as "2026-11-01"') from None
        return text

    @model_validator(mode="after")
    def _one_secret(self) -> ReceiverTable:
        if self.secret_env and self.secret_file:
            raise ValueError("secret_env and secret_file: one of them")
        return self


class WebhookTable(ReceiverTable):
    """[[service.webhook]]: a JSON document is posted for each piece of news, signed as the Standard
    Webhooks have it."""

    url: str
    """Where it is posted to; http or https."""

    @field_validator("url")
    @classmethod
    def _is_web(cls, text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError("a URL of http or https, without a user's name or password in it")
        if re.search(r"[\x00-\x20\x7f-\U0010ffff]", text):
            raise ValueError("a URL has no blanks, no control and no foreign characters")
        return text


class MailTable(ReceiverTable):
    """[[service.mail]]: a mail for each piece of news; those of one line are one thread."""

    to: Annotated[tuple[str, ...], Field(min_length=1)]
    """Addresses that get it."""
    sender: str
    """The address that the mails come from."""
    smtp: Place = "localhost:25"
    """HOST:PORT of the server that takes them."""
    security: Literal["none", "starttls", "tls"] = "none"
    """How the connection to the server is kept from others' eyes."""
    user: str = ""
    """Who logs in, with the secret as the password; '' nobody does."""

    @field_validator("to", "sender")
    @classmethod
    def _is_address(cls, given: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for one in (given,) if isinstance(given, str) else given:
            if not _ADDRESS.fullmatch(one):
                raise ValueError(f"{one!r} is no address as NAME@HOST")
        return given

    @model_validator(mode="after")
    def _is_safe(self) -> MailTable:
        if self.user and not (self.secret_env or self.secret_file):
            raise ValueError("user: needs secret_env or secret_file, which has the password")
        if self.user and self.security == "none":
            raise ValueError('user: a password goes over security = "starttls" or "tls" alone')
        return self


class ServiceTable(_Table):
    """[service]: all has a default, so that `zpmaint serve` needs no line of it."""

    listen: Place = "127.0.0.1:8470"
    """HOST:PORT of the pages; port 0: any free one, which is told."""
    site: str = ""
    """The folder of the pages, from the project's folder; '' one below the state."""
    base_url: str = ""
    """Where the pages stand for others: links of feeds and notices begin with it."""
    sign: str = ""
    """What `zpmaint publish --sign` is given."""
    track: Duration = 3600.0
    """How long between two looks at what is new."""
    matrix: Duration = 6 * 3600.0
    """At the latest; at once when something new was seen."""
    publish: Duration = 30 * 60.0
    """At the latest; at once after the others."""
    matrix_options: tuple[str, ...] = ("--patient",)
    """Further words for `zpmaint matrix run`: what settled nothing is left until its wait is
    over."""
    matrix_deadline: Duration = 2 * 86_400.0
    """A run that takes longer is ended, and goes on at the next one."""
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Times between two runs are longer by up to this share, so that not all services of the world
    ask in the same second."""
    stop_within: Duration = 60.0
    """How long after SIGTERM a step may take to end."""
    webhook: tuple[WebhookTable, ...] = ()
    """Who is told by HTTP."""
    mail: tuple[MailTable, ...] = ()
    """Who is told by mail."""

    @model_validator(mode="after")
    def _named_once(self) -> ServiceTable:
        names = [one.name for one in self.receivers]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two receivers are called {name!r}")
        return self

    @property
    def receivers(self) -> tuple[WebhookTable | MailTable, ...]:
        return (*self.webhook, *self.mail)
