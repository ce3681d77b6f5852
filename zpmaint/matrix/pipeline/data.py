# SPDX-License-Identifier: GPL-2.0-only
"""The rows of pipeline.toml, typed."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HELD = ("version", "series", "arch", "patchset", "profile")
"""What a job of one kernel is told of it, each in a variable called so in capitals."""


@dataclass(frozen=True)
class Run:
    """What holds for every job."""

    image: str
    cron: str
    runner: str
    side_by_side: int
    most: int
    """Kernels of one run."""
    keep_days: int
    home: str
    """ZPMAINT_HOME, below the checkout."""


@dataclass(frozen=True)
class Cache:
    """What one run leaves the next."""

    name: str
    paths: tuple[str, ...]
    """Below the home."""
    key: tuple[str, ...]
    """Of HELD: for whom it is good."""
    by_run: bool
    """Whether it grows with every run; else it is written once."""


@dataclass(frozen=True)
class Action:
    """An action of GitHub's, by its commit."""

    name: str
    repo: str
    tag: str
    """What the commit is called, for people and for what proposes updates."""
    commit: str
    """40 hex digits."""
    path: str = ""
    """Below the repository."""

    @property
    def uses(self) -> str:
        place = f"{self.repo}/{self.path}" if self.path else self.repo
        return f"{place}@{self.commit}"


@dataclass(frozen=True)
class Data:
    """All rows."""

    run: Run
    minutes: Mapping[str, int]
    """By job after how many it is ended."""
    caches: tuple[Cache, ...]
    rights: Mapping[str, Mapping[str, str]]
    """By job what GitHub's token may do."""
    actions: Mapping[str, Action]


@functools.cache
def declared() -> Data:
    """The package's rows."""
    table = tomllib.loads((Path(__file__).parent / "pipeline.toml").read_text(encoding="utf-8"))
    return Data(
        run=Run(**table["run"]),
        minutes=table["minutes"],
        caches=tuple(
            Cache(row["name"], tuple(row["paths"]), tuple(row["key"]), row["by_run"])
            for row in table["cache"]
        ),
        rights={row["job"]: row["rights"] for row in table["right"]},
        actions={
            row["name"]: Action(
                row["name"], row["repo"], row["tag"], row["commit"], row.get("path", "")
            )
            for row in table["action"]
        },
    )
