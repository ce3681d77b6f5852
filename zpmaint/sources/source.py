# SPDX-License-Identifier: GPL-2.0-only
"""What a source of kernels can do: the one thing that all can, and the abilities that some have.

Who wants more of a source than kernels asks whether it has the ability (isinstance of one of these
protocols), never which kind it is: a new kind is its own module and a row of
`zpmaint/core/source_kinds.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.provenance import Provenance
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.commit import Commit


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
        """Whether any file of the kernel has `name` as a whole word. The first question to a
        kernel may take a minute, in which an index is made and kept."""

    def speaking_of(self, version: KernelVersion, name: str) -> list[str] | None:
        """The files of the kernel's tree that have `name` as a whole word, by path; None where so
        many do that the name is everybody's. May take as long as `speaks_of`."""

    def files_called(self, version: KernelVersion, name: str) -> list[str]:
        """The text files of the kernel's tree whose last part of the path is `name`, by path. May
        take as long as `speaks_of`."""


@runtime_checkable
class HasHistory(Protocol):
    """A source that knows the commits between its kernels."""

    @property
    def name(self) -> str: ...

    @property
    def is_here(self) -> bool:
        """Whether all contents are on this disk; else reading may mean fetching."""

    def versions(self) -> list[KernelVersion]: ...

    def blobs(self, version: KernelVersion, paths: Iterable[str]) -> dict[str, bytes | None]: ...

    def blob_ids(self, version: KernelVersion, paths: Iterable[str]) -> dict[str, str | None]:
        """A name for each file's contents: equal names, equal bytes."""

    def contents(self, revision: str, paths: Iterable[str]) -> dict[str, bytes | None]:
        """The files at a commit; None where it has no such file."""

    def renamed(
        self, older: KernelVersion, newer: KernelVersion, paths: Iterable[str]
    ) -> dict[str, tuple[str, int]]:
        """By old name the new one and the likeness in percent, for `paths` that were renamed."""

    def commit(self, sha: str) -> Commit | None:
        """The commit that `sha` (shortened or not) names; None where there is none."""

    def holds(self, version: KernelVersion, sha: str) -> bool:
        """Whether the commit is in the history of `version`."""

    def commits(
        self, older: KernelVersion, newer: KernelVersion, paths: Iterable[str], *, most: int
    ) -> list[Commit] | None:
        """The commits of `newer` and not of `older` that made `paths` what they are, parents
        first, at most `most`; None where a tag names no commit."""

    def between(
        self, older: str, newer: str, paths: Iterable[str], *, most: int
    ) -> list[Commit] | None:
        """The same of two revisions by name, in all files where `paths` names none."""

    def first_tags(self, shas: Iterable[str]) -> dict[str, KernelVersion]:
        """By commit the oldest kernel whose tag holds it."""


@dataclass(frozen=True)
class Head:
    """A kernel that a source lists as the newest of its series."""

    version: KernelVersion
    moniker: str = ""
    """mainline, stable, longterm or linux-next, where the source says so."""
    eol: bool = False
    """Whether the source says that its series has ended."""
    released: float | None = None
    """The day that the source gives for it (midnight, UTC), in seconds since the epoch."""
    is_served: bool = True
    """False: the source tells of it, and has nothing of it that could be built: kernel.org makes
    no signed tarball of candidates and of linux-next."""


@dataclass(frozen=True)
class Answer:
    """One list that a source has read, and how fresh it is."""

    place: str
    """The URL."""
    given: float
    """When the server last gave it, or said that it is unchanged; seconds since the epoch."""
    why: str = ""
    """Why what was kept serves in its place; '' where nothing is wrong."""
    left_out: tuple[str, ...] = ()
    """The names in it that no kernel has, or that are read as none."""

    @property
    def is_stale(self) -> bool:
        return bool(self.why)


@runtime_checkable
class HasAnswers(Protocol):
    """A source that tells how fresh is what it said."""

    def answers(self) -> list[Answer]:
        """The lists that it has read so far, each as it was read last; asks no network."""


@runtime_checkable
class HasReleases(Protocol):
    """A source that tells all releases of a series more cheaply than by `versions`."""

    @property
    def name(self) -> str: ...

    def releases_of(self, series: str) -> list[KernelVersion]:
        """The releases of a series ("6.12", "6") that can be fetched now, newest first; none where
        it has none. May raise as `Source.versions` does."""


@runtime_checkable
class HasCandidates(Protocol):
    """A source whose candidates stand in lists of their own."""

    @property
    def name(self) -> str: ...

    def candidates(self, series: Iterable[str], *, rt: bool) -> list[Head]:
        """The release candidates of these stable series, or with `rt` their kernels with the
        real-time patches. May raise as `Source.versions` does."""


@runtime_checkable
class HasHeads(Protocol):
    """A source that tells of the newest kernels more cheaply, or more, than by `versions`."""

    @property
    def name(self) -> str: ...

    def heads(self) -> list[Head]:
        """The newest kernel of each series that it lists."""


@runtime_checkable
class HasProvenance(Protocol):
    """A source that tells what vouches for a kernel that it served."""

    def provenance(self, version: KernelVersion) -> Provenance:
        """What does; with the reason where nothing does. May raise as `Source.tree` does."""


@runtime_checkable
class HasTrees(Protocol):
    """A source that tells whether a kernel stands unpacked, so that to build it nothing large has
    to be fetched or unpacked first."""

    def is_unpacked(self, version: KernelVersion) -> bool:
        """Whether it does; asks no network."""


@runtime_checkable
class HasArchives(Protocol):
    """A source that has a kernel's archive on this disk before it unpacks anything of it."""

    def archive(self, version: KernelVersion) -> object:
        """Have it, fetched and verified. Raises as `Source.tree` does."""


@runtime_checkable
class ByArchive(Protocol):
    """A source to which one file costs the whole archive: asked after those that have files by
    themselves."""

    by_archive: bool
    """True."""
