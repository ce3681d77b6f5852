# SPDX-License-Identifier: GPL-2.0-only
"""What a receiver's answer means, and when it is tried again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from zpmaint.core.growing import grown

_FIRST = 60.0
_LONGEST = 6 * 3600.0
TRIES = 5
"""So often a receiver may refuse one notice until it is set aside."""


class Answer(StrEnum):
    """What became of a notice that was handed over."""

    TAKEN = "taken"
    LATER = "later"
    """The receiver is down, busy, or not let in: nothing is handed to it for a while."""
    REFUSED = "refused"
    """It takes others, but not this one."""


@dataclass(frozen=True)
class Told:
    """An answer, and why."""

    answer: Answer
    why: str = ""
    wait: float = 0.0
    """Seconds that the receiver asks for."""


@dataclass(frozen=True)
class Wait:
    """How long a receiver is left alone."""

    failures: int = 0
    """In a row."""
    not_before: float = 0.0
    """Seconds since the epoch."""
    why: str = ""


NONE = Wait()


def longer(wait: Wait, told: Told, now: float, *, chance: float) -> Wait:
    """The wait after one more failure: twice the former one, or what the receiver asks for, with up
    to a tenth by `chance`."""
    own = grown(_FIRST, 2.0, _LONGEST, wait.failures + 1)
    seconds = min(max(own, told.wait), _LONGEST) * (1 + chance / 10)
    return Wait(wait.failures + 1, now + seconds, told.why)


def is_over(wait: Wait, now: float) -> bool:
    """Whether the receiver is tried now. A clock that was set back makes no wait longer than the
    longest."""
    return now >= wait.not_before or wait.not_before > now + _LONGEST * 1.1


def of_status(status: int, retry_after: str) -> Told:
    """What the status of an HTTP answer means; `retry_after` is that header."""
    wait = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0.0
    if 200 <= status < 300:
        return Told(Answer.TAKEN)
    # A wrong address or secret, a receiver that has moved: all notices would meet it.
    of_receiver = status < 400 or status >= 500 or status in (401, 403, 404, 405, 407, 408, 410,
                                                              425, 429)  # fmt: skip
    return Told(Answer.LATER if of_receiver else Answer.REFUSED, f"answered {status}", wait)


def of_smtp(code: int, text: str, *, of_message: bool) -> Told:
    """What a reply of SMTP means; `of_message`: it came to the message itself."""
    why = f"answered {code} {text}".strip()
    refused = of_message and 500 <= code < 600
    return Told(Answer.REFUSED if refused else Answer.LATER, why)
