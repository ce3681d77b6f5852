# SPDX-License-Identifier: GPL-2.0-only
"""What was found out about a mutant, kept: one file for each trial, by the hash of its inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zpmaint.core.files import write_whole
from zpmaint.mutation.values import Catch, How

_FORMAT = 1  # raised when a trial is made or read in another way


@dataclass(frozen=True)
class Found:
    """One boot's answer."""

    catches: tuple[Catch, ...]
    ran: tuple[str, ...]
    """The cases that had a result other than a skip."""
    started: bool
    """Whether the guest came as far as its first case."""
    outcome: str
    seconds: float
    """Wall time of the boot."""


def key(parts: Iterable[str]) -> str:
    """The hash of all inputs of a trial."""
    return hashlib.sha256("\0".join((str(_FORMAT), *parts)).encode()).hexdigest()[:32]


class Store:
    """Trials in a folder; landed whole, one by one, so that a killed run goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, of: str) -> Found | None:
        """What is known of a trial; None where it was not made, or its file is no answer."""
        try:
            row = json.loads(self._path(of).read_text(encoding="utf-8"))
            return Found(
                tuple(Catch(c["case"], How(c["how"]), c["said"]) for c in row["catches"]),
                tuple(map(str, row["ran"])),
                bool(row["started"]),
                str(row["outcome"]),
                float(row["seconds"]),
            )
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            return None  # another hand's file: the trial is made again and takes its place

    def put(self, of: str, found: Found) -> None:
        write_whole(self._path(of), json.dumps(asdict(found), indent=1, ensure_ascii=False) + "\n")

    def row(self, of: str) -> dict[str, Any] | None:
        """What else was kept; None where nothing was, or its file is no answer."""
        try:
            row = json.loads(self._path(of).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return row if isinstance(row, dict) else None

    def put_row(self, of: str, row: Mapping[str, Any]) -> None:
        text = json.dumps(row, indent=1, ensure_ascii=False) + "\n"
        write_whole(self._path(of), text)

    def witnesses(self) -> list[frozenset[str]]:
        """Of each boot that noticed something the cases that did, in no order that means
        anything."""
        found = []
        for path in self.folder.glob("*.json"):
            if (known := self.get(path.stem)) and known.catches:
                found.append(frozenset(one.case for one in known.catches if one.case))
        return [one for one in found if one]

    def _path(self, of: str) -> Path:
        return self.folder / f"{of}.json"
