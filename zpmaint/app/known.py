# SPDX-License-Identifier: GPL-2.0-only
"""What the ledger knows of each kernel beside its newest result: since which kernel it is so,
whether that is sure, which later tries had none. The same timelines that the pages stand on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from zpmaint.app.session import Session
from zpmaint.core.releases import UNSEEN
from zpmaint.timeline.lines import lines_of
from zpmaint.timeline.values import Attempt, Episode, Standing

Name = tuple[str, str, str, str]
"""Version, architecture, patch set and build profile."""


@dataclass(frozen=True)
class Known:
    """One kernel on its timeline."""

    standing: Standing
    episode: Episode | None
    """None: nothing is known of it."""

    @property
    def note(self) -> str:
        """In words, what its newest result does not say by itself; '' where it says all."""
        said: list[str] = []
        if self.standing.flaky and self.episode:
            said.append(f"flaky: {self.episode.reason}")
        elif self.episode and not self.episode.kind.is_good:
            good = self.episode.last_good
            if len(self.episode.versions) > 1 or good:
                said.append(
                    f"broken since {self.episode.first}" + (f", last good {good}" if good else "")
                )
        if self.standing.settled and self.standing.later:
            said.append(f"the last try had no result ({self.standing.later[0].result})")
        return "; ".join(said)

    def as_json(self) -> dict[str, Any]:
        """For `results --json`: flaky; broken_since and last_good; retried (seconds since the
        epoch) where a later try had no result."""
        run = self.episode if self.episode and not self.episode.kind.is_good else None
        later = self.standing.later if self.standing.settled else ()
        return {
            "flaky": self.standing.flaky,
            "broken_since": run.first if run else None,
            "last_good": run.last_good if run else None,
            "retried": later[0].finished if later else None,
        }


def known(session: Session) -> dict[Name, Known]:
    """Every kernel that was ever tried. Of one that two lines of kernels.toml cover the first one
    tells."""
    attempts = (Attempt(*row[:9]) for row in session.ledger.tried())
    found: dict[Name, Known] = {}
    for line in lines_of(attempts, session.config, UNSEEN, time.time()):
        for one in line.standings:
            name = (one.version, one.arch, line.patchset, one.profile)
            found.setdefault(name, Known(one, line.episode_of(one.version)))
    return found
