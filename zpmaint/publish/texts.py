# SPDX-License-Identifier: GPL-2.0-only
"""Where the texts of logs are read from: the store beside the ledger; and for records from before
that, the files that this machine wrote them to, as long as it is sure that they are still those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from zpmaint.ledger.logs import LARGEST, LogStore
from zpmaint.publish.log_places import LogPlace, tail_proof

_TAIL_LINES = 40


class Texts(Protocol):
    """What the pages ask."""

    def has(self, digest: str) -> bool:
        """Whether there is a text with this digest."""

    def state(self, place: LogPlace) -> str:
        """A word that is another one where the text is another, or is no longer there; '' where
        there is none."""

    def text(self, place: LogPlace) -> bytes | None:
        """The text; None where it is not there, or is not what it was."""


class NoTexts:
    """Of a site without a store."""

    def has(self, digest: str) -> bool:
        return False

    def state(self, place: LogPlace) -> str:
        return ""

    def text(self, place: LogPlace) -> bytes | None:
        return None


@dataclass(frozen=True)
class KeptTexts:
    """The store, and the folders that consoles and build logs were written to."""

    store: LogStore
    folders: Sequence[Path] = ()

    def has(self, digest: str) -> bool:
        return digest in self._there

    @cached_property
    def _there(self) -> frozenset[str]:
        """All of the store, looked at once: thousands of records name some each."""
        return frozenset(self.store.digests())

    def state(self, place: LogPlace) -> str:
        if place.digest:
            return place.digest if self.has(place.digest) else ""
        path = self._former(place)
        if path is None:
            return ""
        seen = path.stat()
        return f"{seen.st_size} {seen.st_mtime_ns}"

    def text(self, place: LogPlace) -> bytes | None:
        if place.digest:
            return self.store.text(place.digest) if self.store.has(place.digest) else None
        path = self._former(place)
        if path is None:
            return None
        data = path.read_bytes()
        return data if place.proof in (*_name_proofs(path), _proof(data)) else None

    @cached_property
    def _prefixes(self) -> tuple[str, ...]:
        return tuple(f"{folder}/" for folder in self.folders)

    def _former(self, place: LogPlace) -> Path | None:
        """The file of an older record: only one of ours, whatever a ledger names."""
        # Thousands of records name logs of other machines: told without a look at the disk.
        if not place.path.startswith(self._prefixes):
            return None
        path = Path(place.path)
        if not any(path.is_relative_to(folder) for folder in self.folders):
            return None
        try:
            is_ours = path.resolve() == path and path.is_file()
            return path if is_ours and path.stat().st_size <= LARGEST else None
        except OSError:
            return None


def _proof(data: bytes) -> str:
    lines = data.decode("utf-8", "replace").splitlines()
    return tail_proof("\n".join(lines[-_TAIL_LINES:]))


def _name_proofs(path: Path) -> list[str]:
    """The hash of a build's inputs, as the name of its log ends."""
    return [path.stem.rpartition("-")[2]]
