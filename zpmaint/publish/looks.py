# SPDX-License-Identifier: GPL-2.0-only
"""How a state looks on pages, badges and in the feed: a sign, words and a colour. The only place
that says so."""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.core.result import Result, Tone

PENDING = "pending"
"""The state of a kernel that was never verified."""

FLAKY = "flaky"
"""The state of a kernel that came out well at one time and not at another, with the same inputs."""


@dataclass(frozen=True)
class Look:
    """Colour alone tells nobody anything: a sign and words are always with it."""

    sign: str
    words: str
    tone: Tone
    colour: str
    """Of the badge: white text on it is read at 4.5 to 1."""


_COLOURS = {Tone.GOOD: "#00704f", Tone.CALM: "#20638f", Tone.BAD: "#b34400", Tone.OPEN: "#5c6570"}

_SIGNS = {
    Result.PASS: ("\N{CHECK MARK}", "pass"),
    Result.NO_REGRESSION: ("\N{ALMOST EQUAL TO}", "no regression, effect untested"),
    Result.NOT_COMPILED: ("\N{EMPTY SET}", "not compiled"),
    Result.NOT_EXECUTED: ("\N{EMPTY SET}", "not executed"),
    Result.FAIL: ("\N{MULTIPLICATION X}", "fail"),
    Result.CONFLICT: ("\N{NOT EQUAL TO}", "conflict"),
    Result.BUILD: ("\N{MULTIPLICATION X}", "build failed"),
    Result.INFRA: ("\N{WHITE CIRCLE}", "no result (infrastructure)"),
    Result.INDETERMINATE: ("?", "no result (indeterminate)"),
}

LOOKS: dict[str, Look] = {
    **{
        str(result): Look(sign, words, result.tone, _COLOURS[result.tone])
        for result, (sign, words) in _SIGNS.items()
    },
    FLAKY: Look(
        "\N{UP DOWN ARROW}", "flaky: the same inputs, another result", Tone.BAD, _COLOURS[Tone.BAD]
    ),
    PENDING: Look("\N{HORIZONTAL ELLIPSIS}", "pending", Tone.OPEN, _COLOURS[Tone.OPEN]),
}
"""By a Result's word, FLAKY or PENDING."""
