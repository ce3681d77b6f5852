# SPDX-License-Identifier: GPL-2.0-only
"""The jobs: rows of jobs.toml with what kernels.toml says of them put in. Pure but for the file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from zpmaint.core.durations import written
from zpmaint.core.service_table import ServiceTable


class Stop(StrEnum):
    """What becomes of a run when the service is to end."""

    FINISH = "finish"
    INTERRUPT = "interrupt"


@dataclass(frozen=True)
class Job:
    """One command on a schedule; times in seconds."""

    name: str
    command: tuple[str, ...]
    lane: str
    every: float
    deadline: float
    after: tuple[str, ...] = ()
    needs_news: bool = False
    stop: Stop = Stop.FINISH
    vital: bool = True
    """Whether the service is ill when the job does not come about."""


def jobs_of(table: ServiceTable, places: Mapping[str, str]) -> tuple[Job, ...]:
    """The jobs of a project's service, in the order of their worth. `places` has the words that
    [service] has not."""
    words: dict[str, tuple[str, ...]] = {name: (value,) for name, value in places.items()}
    words["matrix_options"] = table.matrix_options
    words["track_within"] = (written(table.track * (1 + table.jitter)),)
    words["base_url"] = ("--base-url", table.base_url) if table.base_url else ()
    words["sign"] = ("--sign", table.sign) if table.sign else ()
    return tuple(_job(row, table, words) for row in _rows())


def _job(row: Mapping[str, Any], table: ServiceTable, words: Mapping[str, tuple[str, ...]]) -> Job:
    def seconds(value: float | str) -> float:
        return float(getattr(table, value[1:])) if isinstance(value, str) else float(value)

    command: list[str] = []
    for word in row["command"]:
        command += words[word[1:]] if word.startswith("@") else (word,)
    return Job(
        name=row["name"],
        command=tuple(command),
        lane=row["lane"],
        every=seconds(row["every"]),
        deadline=seconds(row["deadline"]),
        after=tuple(row["after"]),
        needs_news=row["needs"] == "news",
        stop=Stop(row["stop"]),
        vital=row["vital"],
    )


@cache
def _rows() -> tuple[dict[str, Any], ...]:
    path = Path(__file__).parent / "jobs.toml"
    return tuple(tomllib.loads(path.read_text(encoding="utf-8"))["job"])
