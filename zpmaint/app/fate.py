# SPDX-License-Identifier: GPL-2.0-only
"""The fate of a queue at a new kernel: what becomes of each patch, and what it stands on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zpmaint.app.series import SeriesPort, port_series_onto
from zpmaint.app.session import Session
from zpmaint.app.upstream_commits import Ancestry, Commits
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.series import Series
from zpmaint.port.fate import Word, held_of, word_of
from zpmaint.port.markers import Marks, marks
from zpmaint.port.values import MemberPort
from zpmaint.sources.chain import Chain
from zpmaint.sources.commit import Commit


@dataclass(frozen=True)
class PatchFate:
    """What becomes of one patch."""

    port: MemberPort
    marks: Marks
    """What it says of itself."""
    ancestry: Ancestry
    needs: tuple[str, ...]
    """The earlier patches that it speaks of and that the kernel does not have."""
    holds_up: tuple[str, ...]
    """The later patches that a conflict stops: they speak of lines that it brings."""

    @property
    def word(self) -> Word:
        return word_of(self.port)

    def as_json(self) -> dict[str, Any]:
        held, hunks = held_of(self.port)
        return {
            "patch": self.port.name,
            "fate": str(self.word),
            "confidence": round(self.port.confidence, 3),
            "why": self.port.why,
            "commits": [commit.as_json() for commit in self.ancestry.commits],
            "said": {
                "version": None if self.marks.version is None else str(self.marks.version),
                "commits": list(self.marks.commits),
                "tag": self.marks.tag or None,
            },
            "hunks": hunks,
            "hunks_upstream": held,
            "needs": list(self.needs),
            "holds_up": list(self.holds_up),
            "prerequisites": [one.as_json() for one in self.ancestry.prerequisites],
            "note": self.ancestry.note or None,
        }


@dataclass(frozen=True)
class QueueFate:
    """What becomes of a queue."""

    result: SeriesPort
    patches: tuple[PatchFate, ...]
    history: str
    """The repository in which commits were looked up; '' where there was none."""

    @property
    def is_whole(self) -> bool:
        """Whether nobody has to do anything."""
        return self.result.is_whole

    @property
    def counts(self) -> dict[Word, int]:
        """How many patches there are of each word."""
        found = Counter(one.word for one in self.patches)
        return {word: found[word] for word in Word}

    @property
    def notes(self) -> dict[str, int]:
        """Why the commits that patches stand on were not looked for, and of how many patches."""
        return dict(Counter(one.ancestry.note for one in self.patches if one.ancestry.note))

    def as_json(self) -> dict[str, Any]:
        """The object that `zpmaint fate --json` prints."""
        return {
            "series": self.result.series.name,
            "version": str(self.result.version),
            "base": None if self.result.base is None else str(self.result.base),
            "history": self.history or None,
            "whole": self.is_whole,
            "count": {str(word): count for word, count in self.counts.items()},
            "left_out": dict(self.result.series.left_out),
            "missing": list(self.result.series.missing),
            "notes": list(self.result.series.notes),
            "patches": [one.as_json() for one in self.patches],
        }


NO_HISTORY = "no git history of both kernels is at hand (--source git:PATH)"


def fate_of(
    session: Session,
    series: Series,
    version: KernelVersion,
    chain: Chain,
    *,
    base: KernelVersion | None = None,
    look_for_names: bool = True,
) -> QueueFate:
    """Carry `series` onto `version`, with every patch tried, and find out about each. With a git
    history of both kernels among the sources, the commits that the patches are, and those that
    they stand on; without one that is said. Raises what `port_series_onto` does."""
    commits = _commits(session, series, version, chain, base)
    taken: dict[str, tuple[Commit, ...]] = {}
    if commits is not None:
        with session.reporter.step(
            f"look for the patches in {commits.git.name}", "patches"
        ) as step:
            for n, member in enumerate(series.members):
                if found := commits.of(member):
                    taken[member.name] = found
                step.advance(n + 1, len(series.members))
    result = port_series_onto(
        session,
        series,
        version,
        chain,
        base=base,
        keep_going=True,
        look_for_names=look_for_names,
        min_confidence=0.0,
        taken=frozenset(taken),
    )
    ancestries = _ancestries(session, result, chain, commits, taken)
    dropped = {port.name for port in result.ports if port.is_dropped}
    return QueueFate(
        result,
        tuple(
            PatchFate(
                port,
                marks(member),
                ancestry,
                tuple(name for name in port.needs if name not in dropped),
                tuple(result.waiting(port)) if word_of(port).needs_hands else (),
            )
            for member, port, ancestry in zip(series.members, result.ports, ancestries, strict=True)
        ),
        commits.git.name if commits else "",
    )


def _commits(
    session: Session,
    series: Series,
    version: KernelVersion,
    chain: Chain,
    base: KernelVersion | None,
) -> Commits | None:
    """The commits between the two kernels, where a history at hand has them."""
    if base is None or base == version:
        return None
    git = chain.history_of(base, version) or session.chain().history_of(base, version)
    return None if git is None else Commits(git, base, version, series)


def _ancestries(
    session: Session,
    result: SeriesPort,
    chain: Chain,
    commits: Commits | None,
    taken: Mapping[str, tuple[Commit, ...]],
) -> list[Ancestry]:
    if commits is None:
        same = result.base == result.version
        note = "the series was cut against this very kernel" if same else NO_HISTORY
        return [Ancestry(note=note) for _ in result.ports]
    done: list[Ancestry] = []
    kernel = chain.blobs(result.version, result.series.paths)
    title = f"look for what the patches stand on in {commits.git.name}"
    with session.reporter.step(title, "patches") as step:
        for member, port in zip(result.series.members, result.ports, strict=True):
            found = taken.get(port.name, ()) if port.is_dropped else ()
            if port.is_dropped or word_of(port) is Word.UNREADABLE:
                done.append(Ancestry(found))
            else:
                done.append(Ancestry((), *commits.prerequisites(member, kernel)))
            step.advance(len(done), len(result.ports))
    return done
