# SPDX-License-Identifier: GPL-2.0-only
"""How the state of a line looks: a sign, words, a colour, and what is to be said beside them. Never
better than what is known: a line that worked when somebody last looked is not green. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from zpmaint.timeline.values import Episode, EpisodeKind, FreshnessState, Line


class Urgency(IntEnum):
    """What is to be looked at first comes first."""

    BROKEN = 0
    FLAKY = 1
    NO_RESULT = 2
    """Tried, and never with a result."""
    BEHIND = 3
    OLD = 4
    """Long ago, or nobody looks whether a newer kernel is out."""
    NEVER = 5
    NONE = 6

    @property
    def needs_a_look(self) -> bool:
        return self is not Urgency.NONE


@dataclass(frozen=True)
class LineLook:
    """Colour alone tells nobody anything: the sign and the words are always with it."""

    sign: str
    words: str
    tone: str
    """good, calm, warn, bad or open: a class of the style."""
    urgency: Urgency
    detail: str = ""
    """What it is about: since when, which newer kernel. '' where there is nothing to say."""


_AGED = {
    FreshnessState.BEHIND: ("\N{UPWARDS ARROW}", "behind", Urgency.BEHIND),
    FreshnessState.STALE: ("\N{WHITE DIAMOND}", "long ago", Urgency.OLD),
    FreshnessState.SILENT: ("\N{WHITE DIAMOND}", "not watched", Urgency.OLD),
}
"""What takes the green from a good line: the sign, the word after its state."""


def look_of(line: Line) -> LineLook:
    """How a line stands now."""
    current = line.current
    if current is None:
        return _unknown(line)
    if current.kind is EpisodeKind.BROKEN:
        return LineLook("\N{MULTIPLICATION X}", "broken", "bad", Urgency.BROKEN, since(current))
    if current.kind is EpisodeKind.FLAKY:
        return LineLook("\N{PLUS-MINUS SIGN}", "flaky", "warn", Urgency.FLAKY, current.reason)
    works = current.kind is EpisodeKind.WORKS
    word = "works" if works else "effect untested"
    aged = _AGED.get(line.freshness.state)
    if aged and line.is_tracked:
        sign, more, urgency = aged
        return LineLook(sign, f"{word}, {more}", "warn", urgency, line.freshness.words)
    ended = line.freshness.state is FreshnessState.END_OF_LIFE
    return LineLook(
        "\N{CHECK MARK}" if works else "\N{ALMOST EQUAL TO}",
        f"{word}, series ended" if ended else word,
        # What nobody tracks is nobody's to keep fresh; its date stands beside it.
        ("good" if works else "calm") if line.is_tracked or aged is None else "open",
        Urgency.NONE,
    )


def since(episode: Episode) -> str:
    """Since when a run is broken: its first kernel, how many, what was the last good one."""
    count = len(episode.versions)
    kernels = f"{count} kernels" if count > 1 else "that kernel alone"
    good = (
        f"last good {episode.last_good}" if episode.last_good else "no good kernel before it known"
    )
    return f"since {episode.first} ({kernels}); {good}"


def _unknown(line: Line) -> LineLook:
    if line.standings:
        tried = line.standings[0].attempts[0]
        return LineLook(
            "\N{WHITE CIRCLE}",
            "no result yet",
            "open",
            Urgency.NO_RESULT if line.is_tracked else Urgency.NONE,
            f"{tried.version}: {tried.result}: {tried.why}",
        )
    return LineLook(
        "\N{HORIZONTAL ELLIPSIS}", "never verified", "open", Urgency.NEVER, line.freshness.words
    )
