# SPDX-License-Identifier: GPL-2.0-only
"""What a project has for a CI service: its pipeline, and the one program that this calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zpmaint import __version__
from zpmaint.matrix.pipeline import github, gitlab
from zpmaint.matrix.pipeline.plan import ZPMAINT

_START = Path(__file__).parent / "start.sh"


@dataclass(frozen=True)
class ProjectFile:
    """A file of a project, by its path from the project's folder."""

    path: str
    text: str
    executable: bool = False


@dataclass(frozen=True)
class Service:
    """A CI service."""

    ledger: str
    """The program of `zpmaint matrix job` that keeps the ledger there."""
    place: str
    """Where it looks for its pipeline."""
    pipeline: Callable[[], str]
    """Gives the text of it."""


SERVICES = {
    "github": Service(github.LEDGER, github.PLACE, github.workflow),
    "gitlab": Service(gitlab.LEDGER, gitlab.PLACE, gitlab.pipeline),
}


def files_for(service: str) -> tuple[ProjectFile, ...]:
    """The files that make `service` verify a project by night, with this version of zpmaint."""
    known = SERVICES[service]
    start = _START.read_text(encoding="utf-8").replace("@VERSION@", __version__)
    return (
        ProjectFile(ZPMAINT, start, executable=True),
        ProjectFile(known.place, known.pipeline()),
    )
