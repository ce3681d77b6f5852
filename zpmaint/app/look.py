# SPDX-License-Identifier: GPL-2.0-only
"""Looking what is out there: the sources are asked for their lists, what they say is remembered,
and the rules of kernels.toml come to what it makes of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from zpmaint.app.outlook import look, outlook_of
from zpmaint.app.session import Session
from zpmaint.core.config import Config
from zpmaint.core.releases import Outlook
from zpmaint.core.track_table import is_mainline
from zpmaint.matrix import outlook
from zpmaint.matrix.policy import Expansion, expanded, maintained, oldest_since
from zpmaint.matrix.track import Listing
from zpmaint.sources.chain import Chain
from zpmaint.sources.source import (
    Answer,
    HasAnswers,
    HasCandidates,
    HasHeads,
    HasReleases,
    NotServedError,
    Source,
    SourceFailedError,
)


class Freshness(StrEnum):
    """How what a source says stands to now."""

    FRESH = "fresh"
    STALE = "stale"
    """Some of it is what was kept of an earlier look."""
    FAILED = "failed"
    """It gave no list at all."""


@dataclass(frozen=True)
class Looked:
    """What one source said."""

    source: str
    listings: tuple[Listing, ...] = ()
    answers: tuple[Answer, ...] = ()
    failures: tuple[SourceFailedError | NotServedError, ...] = ()

    @property
    def freshness(self) -> Freshness:
        if self.failures and not self.listings:
            return Freshness.FAILED
        is_stale = self.failures or any(answer.is_stale for answer in self.answers)
        return Freshness.STALE if is_stale else Freshness.FRESH

    @property
    def given(self) -> float | None:
        """When the oldest of its lists was given, in seconds since the epoch; None where that is
        not known."""
        return min((answer.given for answer in self.answers), default=None)

    @property
    def why(self) -> str:
        """What is wrong with it; '' where nothing is."""
        stale = (answer.why for answer in self.answers if answer.is_stale)
        return "; ".join(dict.fromkeys([*stale, *(error.what for error in self.failures)]))

    @property
    def left_out(self) -> tuple[str, ...]:
        """The names in its lists that no kernel has."""
        return tuple(name for answer in self.answers for name in answer.left_out)


def survey(chain: Chain, config: Config) -> list[Looked]:
    """What each source lists, in the cheapest way it has, and all that the rules of `config` may
    ask for. What fails is noted and passed over, unless everything does: the first failure is
    raised then."""
    found = [_looked(source, chain, config) for source in chain.sources]
    failures = [error for one in found for error in one.failures]
    if failures and all(one.freshness is Freshness.FAILED for one in found):
        raise failures[0]
    return found


def remembered(session: Session, found: Sequence[Looked], within: float | None = None) -> None:
    """Remember what sources said, as what is out there, and `within` how many seconds somebody
    looks again."""
    listings = [listing for one in found for listing in one.listings]
    partly = [one.source for one in found if one.left_out]

    def change(before: Outlook) -> Outlook:
        now = time.time()
        return outlook.listed(before, listings, session.config, now, partly=partly, within=within)

    look(session, change)


def ruled(session: Session) -> Expansion:
    """What kernels.toml and its rules come to, by what is remembered."""
    return expanded(session.config, outlook_of(session).releases)


def ruled_now(session: Session) -> Expansion:
    """The same after the sources that the rules name were asked. Where none of them answers, what
    was known is kept to, with a note."""
    rules = session.config.track
    if rules:
        names = dict.fromkeys(name for rule in rules for name in rule.sources)
        try:
            remembered(session, survey(session.chain(names=list(names)), session.config))
        except (SourceFailedError, NotServedError) as error:
            with session.reporter.step("look what is out") as step:
                step.note(f"{error.what}; what was known before is used")
    return ruled(session)


def _looked(source: Source, chain: Chain, config: Config) -> Looked:
    listings: list[Listing] = []
    failures: list[SourceFailedError | NotServedError] = []
    with chain.reporter.step(f"read what {source.name} lists") as step:
        for ask in (_told, _mainline, _candidates):
            try:
                listings += ask(source, config, listings)
            except (SourceFailedError, NotServedError) as error:
                step.note(str(error))
                failures.append(error)
    answers = source.answers() if isinstance(source, HasAnswers) else ()
    return Looked(source.name, tuple(listings), tuple(answers), tuple(failures))


def _told(source: Source, config: Config, before: Sequence[Listing]) -> Iterable[Listing]:
    """What it tells of by itself."""
    if isinstance(source, HasHeads):
        return [
            Listing(source.name, head.version, head.moniker, head.eol, head.released,
                    head.is_served)
            for head in source.heads()
        ]  # fmt: skip
    return [Listing(source.name, version) for version in source.versions()]


def _mainline(source: Source, config: Config, before: Sequence[Listing]) -> Iterable[Listing]:
    """The mainline releases that rules ask for, of a source that told of newest kernels alone."""
    since = oldest_since(config.track)
    if since is None or not (isinstance(source, HasHeads) and isinstance(source, HasReleases)):
        return []
    last = max((one.version for one in before if one.version.numbers), default=since)
    return [
        Listing(source.name, version, is_head=False)
        for major in range(since.numbers[0], last.numbers[0] + 1)
        for version in source.releases_of(str(major))
        if is_mainline(version) and not version < since
    ]


def _candidates(source: Source, config: Config, before: Sequence[Listing]) -> Iterator[Listing]:
    """The candidates and -rt kernels that rules ask for, of a source that lists them apart."""
    if not isinstance(source, HasCandidates):
        return
    kinds = {kind for rule in config.track for kind in rule.amounts}
    series = maintained((one.version.series, one.moniker) for one in before if not one.eol)
    for kind, is_rt in (("stable_candidates", False), ("rt", True)):
        if kind in kinds:
            for head in source.candidates(series, rt=is_rt):
                yield Listing(source.name, head.version, is_served=head.is_served, is_head=False)
