"""The one interface of all sources of kernels."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.versions import KernelVersion


class NotServedError(UserError):
    """This source does not have that version; another one may. Says what it has nearby."""


class SourceFailedError(InfraError):
    """This source should have the version but could not deliver it: network, checksum, tool."""


class Source(Protocol):
    """A place that serves kernels. Every method may raise NotServedError or SourceFailedError."""

    @property
    def name(self) -> str:
        """KIND or KIND:WHERE, as --source takes it; shown to people and recorded."""

    def versions(self) -> list[KernelVersion]:
        """What can be fetched now, oldest first."""

    def newest(self, series: str) -> KernelVersion:
        """The newest release of a series ("6.12", "7", "2.6.20") that can be fetched now.

        Release candidates and linux-next are not considered."""

    def blobs(self, version: KernelVersion, paths: Iterable[str]) -> dict[str, bytes | None]:
        """The contents of `paths` at `version`, in the cheapest way the source has; None where
        the tree has no such file."""

    def tree(self, version: KernelVersion, keep: Iterable[str] = ()) -> Path:
        """An unpacked, pristine source tree to read from, cached; never written to by callers.

        A source may leave out what no x86 build needs; files named in `keep` are there if the
        kernel has them."""

    def speaks_of(self, version: KernelVersion, name: str) -> bool:
        """Whether any file of the kernel has `name` as a whole word. May take seconds."""

    def speaking_of(self, version: KernelVersion, name: str) -> list[str]:
        """The files of the kernel's tree that have `name` as a whole word, by path. May take
        seconds."""
