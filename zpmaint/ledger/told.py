# SPDX-License-Identifier: GPL-2.0-only
"""What programs said on the way to a result, and with what they ran. Plain values, as stages.py.

Whole texts are in the store of logs (logs.py): a record holds their digests, and the few lines that
tell, so that a ledger without the store still says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class LogRecord:
    """A log or a console as it is in the store."""

    digest: str
    """SHA-256 in hex of what is kept: its name in the store."""
    size: int = 0
    """Bytes of what is kept."""
    lines: int = 0
    left_out: int = 0
    """Bytes that were left out of its middle, as it was longer than the store takes."""
    whole: str = ""
    """SHA-256 in hex of all of it, where not all is kept."""


@dataclass(frozen=True)
class LineRecord:
    """One line of a log."""

    number: int
    """In the whole log, from 1; 0 where its place is not known."""
    text: str
    telling: bool = False
    """Whether it says what is wrong; else it stands there for the sake of those that do."""
    path: str = ""
    """The file that it speaks of, below the kernel's tree, where it names one."""
    line: int = 0
    """The line of that file; 0 where it names none."""


@dataclass(frozen=True)
class FailedBuildRecord:
    """A kernel that could not be built; see build.failure.BuildFailure."""

    version: str = ""
    arch: str = ""
    flavour: str = ""
    profile: str = ""
    """Profile and fragments, as it was configured."""
    toolchain: str = ""
    fixups: tuple[str, ...] = ()
    inputs: str = ""
    why: str = ""
    lines: tuple[LineRecord, ...] = ()
    """Those of its log that tell, with what stands around them."""
    log: str = ""
    """A path on the machine that built it."""
    kept: LogRecord | None = None
    """The whole log; None: it was not kept."""
    first: LogRecord | None = None
    """That of the first of two runs, where there were two."""


@dataclass(frozen=True)
class CircumstancesRecord:
    """What a verification was asked for beside kernel and patch, and with what it was done."""

    program: str = ""
    """zpmaint's version."""
    commit: str = ""
    """The commit of its checkout, or that of which a release was built; '' where it is neither."""
    modified: bool | None = None
    """Whether that checkout's files were others than the commit's; None: not known."""
    accelerator: str = ""
    """What QEMU was asked to run on (vm.accelerator)."""
    sources: tuple[str, ...] = ()
    """The sources that were asked, as --source takes them."""
    tools: dict[str, str] = field(default_factory=dict)
    """By name the version line of a program that was used."""
    host: str = ""
    """The machine: its processor and its kernel."""
    packages: dict[str, str] = field(default_factory=dict)
    """By name the version of Python and of each package that zpmaint needs; empty: not known."""
