"""The one interface of all sources of kernels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from zpmaint.errors import InfraError, UserError
from zpmaint.progress import Reporter
from zpmaint.versions import KernelVersion

Blobs = Mapping[str, bytes | None]
"""File contents by path in the tree; None where the tree has no such file."""


class NotServedError(UserError):
    """This source does not have that version; another one may. Says what it has nearby."""


class SourceFailedError(InfraError):
    """This source should have the version but could not deliver it: network, checksum, disk."""


class Source(Protocol):
    """A place that serves kernels. Every method may raise NotServedError or SourceFailedError."""

    @property
    def name(self) -> str:
        """KIND or KIND:WHERE, as --source takes it; shown to people and recorded."""

    def versions(self) -> list[KernelVersion]:
        """What can be fetched now, oldest first."""

    def blobs(self, version: KernelVersion, paths: Iterable[str]) -> dict[str, bytes | None]:
        """The contents of `paths` at `version`, in the cheapest way the source has."""

    def tree(self, version: KernelVersion, keep: Iterable[str] = ()) -> Path:
        """An unpacked, pristine source tree to read from, cached; never written to by callers.

        A source may leave out what no x86 build needs; files named in `keep` are there if the
        kernel has them."""


class Reads(Protocol):
    """How `open_source` hands a source what it needs besides its place."""

    cache: Path
    reporter: Reporter
