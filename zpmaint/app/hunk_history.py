# SPDX-License-Identifier: GPL-2.0-only
"""Which upstream commits turned each hunk of an anchor on its way to a kernel.

The commits that touch a hunk's scope are walked, not bisected: a bisect finds one turn where there
may be several (moved, adopted, taken back), and not always the first. Each distinct state of the
files is ported once, in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from zpmaint.app.commit_range import Past
from zpmaint.app.session import Session
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Anchor
from zpmaint.port.engine import Blobs, touched_by
from zpmaint.port.history import Scopes
from zpmaint.port.hunk_outcomes import AS_IT_IS, CONFLICT, UPSTREAM, HunkOutcome
from zpmaint.sources.chain import Chain
from zpmaint.sources.commit import Commit

Look = Callable[[str], Sequence[HunkOutcome]]
"""What became of the hunks at a commit."""


@dataclass(frozen=True)
class Turn:
    """An upstream commit at which what becomes of a hunk changed."""

    commit: Commit
    first: KernelVersion | None
    """The first tagged kernel that has it; None where no tag holds it."""
    before: str
    """What became of the hunk in the commit's parents (one of them, where they differ)."""
    after: str
    """What became of the hunk in the commit."""
    ahead: bool
    """Whether the kernel has the commit; else it is older than the commit, and lacks it."""

    @property
    def did(self) -> str:
        """What the commit does to the hunk, as a verb."""
        if not self.ahead:
            return f"is not in this kernel: before it, {_needs(self.before)}"
        if self.after == UPSTREAM:
            return "adopts it"
        if self.before == UPSTREAM:
            return f"takes the adoption back: {_needs(self.after)}"
        if self.before == self.after:
            return f"edits its lines once more: still {_needs(self.after)}"
        verb = "breaks it" if self.after == CONFLICT else "moves it"
        return verb if self.after == CONFLICT else f"{verb}: {_needs(self.after)}"

    def as_json(self) -> dict[str, Any]:
        return {
            **self.commit.as_json(),
            "first": None if self.first is None else str(self.first),
            "before": self.before,
            "after": self.after,
            "did": self.did,
            "in_target": self.ahead,
        }


def _needs(word: str) -> str:
    if word == AS_IT_IS:
        return "it applies as it is"
    if word in (CONFLICT, UPSTREAM):
        return "a conflict" if word == CONFLICT else "upstream has it"
    return f"{word} carries it"


@dataclass(frozen=True)
class Turns:
    """What turned one hunk."""

    turns: tuple[Turn, ...] = ()
    """In the order in which a port meets them: oldest first towards a newer kernel, newest first
    towards an older one. The first is what broke or moved the hunk."""
    note: str = ""
    """Why there are none; '' where there are."""


@dataclass(frozen=True)
class Search:
    """For what turned an anchor's hunks between its base and `version`."""

    session: Session
    chain: Chain
    start: Anchor
    version: KernelVersion
    look: Callable[[Blobs], Sequence[HunkOutcome]]

    def turns(self, base: Blobs, now: Sequence[HunkOutcome]) -> list[Turns]:
        """One for each hunk; `now` is what became of them in the kernel, `base` the anchor's files,
        empty where none of the sources has them."""
        older, newer = sorted((self.start.base, self.version))
        if older == newer:
            return [Turns(note="the anchor was cut against this very kernel")] * len(now)
        # Of the sources asked for, then of the project's.
        git = self.chain.history_of(older, newer) or self.session.chain().history_of(older, newer)
        if git is None:
            note = f"no git history here has both {older.tag} and {newer.tag}"
            return [Turns(note=note)] * len(now)
        touched = touched_by(self.start)
        step = f"search {older.tag} .. {newer.tag} for what turned {self.start.name}"
        with self.session.reporter.step(step):
            past = Past(git, older, newer, touched)
            if past.note:
                return [Turns(note=past.note)] * len(now)
            look: Look = cache(lambda sha: self.look(past.files(sha)))
            then = self.look(base or git.blobs(self.start.base, touched))
            found = [
                _of_hunk(past, look, n, then[n], outcome)
                if self._asks_after(then[n], outcome)
                else []
                for n, outcome in enumerate(now)
            ]
            tags = past.first_tags(commit for commits in found for commit in commits)
        return [
            self._said(
                past,
                then[n],
                now[n],
                [_turn(c, tags, look, n, newer == self.version) for c in commits],
            )
            for n, commits in enumerate(found)
        ]

    def _asks_after(self, then: HunkOutcome, now: HunkOutcome) -> bool:
        """Each hunk of a patch; of a series, where a look ports all of it, those that turned."""
        return self.start.is_single or not then.word == now.word == AS_IT_IS

    def _said(self, past: Past, then: HunkOutcome, now: HunkOutcome, turns: list[Turn]) -> Turns:
        if turns:
            return Turns(tuple(turns if turns[0].ahead else reversed(turns)))
        if then.word == now.word == AS_IT_IS:
            note = "no upstream commit changed what it needs; only its line number may differ"
        else:
            note = f"none of {len(past.commits)} commits in its file turns it by itself"
        return Turns(note=note)


def _turn(
    commit: Commit, tags: Mapping[str, KernelVersion], look: Look, n: int, ahead: bool
) -> Turn:
    before, after = look(commit.parents[0])[n], look(commit.sha)[n]
    return Turn(commit, tags.get(commit.sha), before.word, after.word, ahead)


def _of_hunk(past: Past, look: Look, n: int, then: HunkOutcome, now: HunkOutcome) -> list[Commit]:
    """The commits that turned hunk `n`: those that touch its scope first, as nearly all do."""

    def seen(revision: str) -> tuple[str, str]:
        outcome = look(revision)[n]
        # What a strategy had to decide tells edits apart that it carries alike. The other words'
        # reasons hold figures that any edit of the scope changes.
        return outcome.word, "" if outcome.word in (AS_IT_IS, UPSTREAM, CONFLICT) else outcome.why

    names = frozenset(filter(None, (then.scope, now.scope)))
    scopes: Scopes = {now.path: names if then.scope and now.scope else None}
    near = past.turning(seen, past.near(scopes))
    return near or (past.turning(seen, past.commits) if then.word != now.word else [])
