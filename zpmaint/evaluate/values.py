# SPDX-License-Identifier: GPL-2.0-only
"""What the evaluation is made of: a queue as it was replayed, and the cases of two queues."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from zpmaint.evaluate.drift import Drift


class Kind(StrEnum):
    """What the old patch does to a file, and what became of that file in the new kernel."""

    MODIFIED = "modified"
    """A file that both kernels have: the cases that the figures are about."""
    CREATED = "created"
    """The old patch creates it."""
    DELETED = "deleted"
    """The old patch deletes it."""
    RENAMED = "renamed"
    """The old patch renames or copies it."""
    MODE = "mode"
    """The old patch changes its mode, and perhaps its lines."""
    BINARY = "binary"
    """The old patch holds it as a binary diff."""
    GONE = "gone"
    """The new kernel has no file of that name: upstream deleted, renamed or split it."""


@dataclass(frozen=True)
class FileDiff:
    """The part of a patch that is about one file."""

    old: str | None
    """Its path before, under the tree's top; None where the patch creates it."""
    new: str | None
    """Its path after; None where the patch deletes it."""
    text: bytes
    """The diff, from its first header line on."""
    renames: bool = False
    mode: bool = False
    binary: bool = False

    @property
    def path(self) -> str:
        """What the file is called in a report: as it is before the patch, where it is."""
        return self.old or self.new or ""

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path it names."""
        return tuple(dict.fromkeys(p for p in (self.old, self.new) if p is not None))


@dataclass(frozen=True)
class QueuedPatch:
    """One patch of a queue."""

    name: str
    """As the series file has it; patches of PREEMPT_RT's series with "rt/" before it."""
    text: bytes


@dataclass(frozen=True)
class Blob:
    """Contents known by their hash, read whenever they are asked for: a run holds few at a time."""

    sha256: str
    read: Callable[[str], bytes]

    @property
    def data(self) -> bytes:
        return self.read(self.sha256)


@dataclass(frozen=True)
class FileCase:
    """One file of a case."""

    path: str
    kind: Kind
    diff: bytes
    """The old patch's diff of this file alone, as `patch -p1` takes it."""
    base_blob: Blob | None
    after_blob: Blob | None
    target_blob: Blob | None
    truth_blob: Blob | None
    touched: bool
    """Whether the new patch touches the file at all; if not, the truth is the target."""
    same_lines: bool = False
    """Whether the same lines come and go in both patches, so that only their place is judged; else
    the maintainers have revised the patch."""

    @property
    def base(self) -> bytes | None:
        """The file as the old patch found it; None where there was none."""
        return None if self.base_blob is None else self.base_blob.data

    @property
    def after(self) -> bytes | None:
        """The file as the old patch left it."""
        return None if self.after_blob is None else self.after_blob.data

    @property
    def target(self) -> bytes | None:
        """The file as the new patch found it."""
        return None if self.target_blob is None else self.target_blob.data

    @property
    def truth(self) -> bytes | None:
        """The file as the new patch left it."""
        return None if self.truth_blob is None else self.truth_blob.data

    @property
    def drifted(self) -> bool:
        """Whether the two kernels' files differ before the patch."""
        return _sha(self.base_blob) != _sha(self.target_blob)


@dataclass(frozen=True)
class Case:
    """A patch that stands in two queues: the old one to be carried, the new one the truth."""

    pair: str
    """OLD..NEW, by Debian versions: 6.1.187-1..6.12.8-1."""
    old: str
    """The upstream version the old queue is for."""
    new: str
    name: str
    """Its name in the old queue."""
    new_name: str
    patch: bytes
    """The old patch, whole."""
    new_patch: bytes
    files: tuple[FileCase, ...]
    extra: tuple[str, ...]
    """Files that only the new patch touches: no case, but counted."""
    exists: Callable[[str], bool] | None
    """Whether a name is no dead one: the new kernel, with its queue up to this patch, speaks of
    it, or the old one did not either. Names that no patch brings count as there. None where the
    data set does not know the kernels' names."""

    @property
    def gone(self) -> Callable[[str], bool] | None:
        """Whether the old kernel speaks of a name and the new one does not."""
        exists = self.exists
        return None if exists is None else lambda name: not exists(name)

    @property
    def id(self) -> str:
        """Names the case among all: PAIR:NAME."""
        return f"{self.pair}:{self.name}"


def _sha(blob: Blob | None) -> str | None:
    return None if blob is None else blob.sha256


class Verdict(StrEnum):
    """What came of a file case."""

    EQUAL = "equal"
    """Without conflict, and byte for byte what the maintainers have."""
    DIFFERENT = "different"
    """Without conflict, and not what they have."""
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Outcome:
    """What a tool made of one file."""

    clean: bool
    """Whether it says that all is well."""
    result: bytes | None
    """The file as it left it; None for no file, and where it is not clean."""
    confidence: float = 1.0
    how: str = ""
    """For zpmaint the reasons, for others what they complained of."""
    placed: tuple[str, ...] = ()
    """zpmaint's strategies, one a hunk."""
    seconds: float = 0.0
    """Of processor time."""

    def verdict(self, truth: bytes | None) -> Verdict:
        """Held against what the maintainers have."""
        if not self.clean:
            return Verdict.CONFLICT
        return Verdict.EQUAL if self.result == truth else Verdict.DIFFERENT


@dataclass(frozen=True)
class Result:
    """One tool on one file case."""

    pair: str
    case: str
    """The patch's name in the old queue."""
    path: str
    kind: Kind
    drifted: bool
    exact: bool
    """Whether every hunk stands as it is, perhaps elsewhere: patch -F0 takes it."""
    drift: Drift
    tool: str
    verdict: Verdict
    confidence: float
    how: str
    placed: tuple[str, ...]
    seconds: float
    """Of processor time, as Outcome has them."""
    same_lines: bool = False
    """As FileCase has it."""
    difference: str = ""
    """For zpmaint, where it is different: the diff from the truth to its result."""

    result: str = ""
    """Where it is different: zpmaint's file by the first twelve digits of its sha256."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
