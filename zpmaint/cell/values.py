# SPDX-License-Identifier: GPL-2.0-only
"""What a cell is, what confines it on this machine, and how what ran in it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


class Isolation(StrEnum):
    """What keeps a cell's processes from files, network and other processes."""

    BUBBLEWRAP = "bubblewrap"
    """User, mount, pid, ipc and net namespaces; of the files only what the cell names."""
    UNSHARE = "unshare"
    """Pid, ipc and net namespaces; files are as open as to zpmaint itself."""
    NONE = "none"
    """A private HOME and TMPDIR, and the listed environment: nothing that would hold malice."""


class Groups(StrEnum):
    """Which cgroups count and limit a cell's processes as a whole."""

    V1 = "v1"
    """The first version, a hierarchy for each controller."""
    V2 = "v2"
    """The second, unified one."""
    NONE = "none"
    """The kernel's limits of single processes are all there is."""


@dataclass(frozen=True)
class Means:
    """What confines a cell on this machine."""

    isolation: Isolation
    cgroup: Groups
    isolation_why: str = ""
    """Why there is no better isolation, "" where there is none better."""
    cgroup_why: str = ""
    """Why there is no cgroup, "" where there is one."""
    is_chroot: bool = False
    """Whether the root is a folder of another system's: the kernel gives a chroot no namespaces of
    its own (user_namespaces(7), EPERM)."""

    def __str__(self) -> str:
        """In one line, with the reason where it could be more."""
        groups = "no cgroup" if self.cgroup is Groups.NONE else f"cgroup {self.cgroup}"
        isolation = "nothing" if self.isolation is Isolation.NONE else str(self.isolation)
        why = f" ({self.isolation_why})" if self.isolation_why else ""
        return f"{isolation}{why}, {groups}"

    @property
    def next_steps(self) -> tuple[str, ...]:
        """What would confine more, where something would."""
        steps = []
        if self.isolation is not Isolation.BUBBLEWRAP and "not installed" in self.isolation_why:
            steps.append("apt-get install bubblewrap")
        elif self.isolation is not Isolation.BUBBLEWRAP and self.is_chroot:
            steps.append(
                "a chroot cannot have namespaces: enter it as a container, systemd-nspawn -D FOLDER"
            )
        elif (
            self.isolation is not Isolation.BUBBLEWRAP and "switched off" not in self.isolation_why
        ):
            steps.append("allow user namespaces: sysctl user.max_user_namespaces, AppArmor's rules")
        if self.cgroup is Groups.NONE:
            steps.append("limits of memory and processes: run below `systemd-run --user --scope`")
        return tuple(steps)


@dataclass(frozen=True)
class Limits:
    """What all processes of a cell may use together; None: no limit."""

    memory: int | None = None
    """Bytes. Without a cgroup each single process is held to it, not all of them together."""
    processes: int | None = None
    """Threads count. Needs a cgroup."""
    seconds: float | None = None
    """On the wall's clock."""
    file_size: int | None = None
    """Bytes of any one file."""
    disk_free: int | None = None
    """Bytes that stay free on the disk of each writable folder: past it the cell is ended."""
    output: int | None = 1 << 30
    """Bytes that it may say where what it says is kept in memory."""


@dataclass(frozen=True)
class Cell:
    """What is let in. All paths are absolute and exist.

    `writable` folders and files can be written, `readable` ones read where they lie below what is
    hidden (the homes, /run, /tmp, zpmaint's own state and cache: hidden.toml); the rest of the
    file system is there to be read. Folders of PATH are readable wherever they are.
    """

    name: str
    """For messages: "make", "qemu"."""
    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    """Hidden beside what always is."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The whole environment, but for HOME and TMPDIR, which are private and set by the cell."""
    limits: Limits = field(default_factory=Limits)
    cwd: Path | None = None
    """Where it starts; None: in the root folder."""
    network: bool = False
    """Whether it has the machine's network."""
    devices: tuple[Path, ...] = ()
    """Device nodes that it needs besides null, zero, full, random, urandom and tty."""


@dataclass(frozen=True)
class Ended:
    """How what ran in a cell ended: facts, no words of it."""

    status: int
    """Exit status; negative: the signal that killed it. bubblewrap hands a signal N on as the exit
    status 128 + N, so that a program that exits with such a status by itself is told as killed."""
    oom_kills: int | None = None
    """Processes that the kernel killed since the memory was used up; None: nothing counted."""
    refused_forks: int | None = None
    """Processes that were not started, at the limit of processes; None: nothing counted."""
    timed_out: bool = False
    """Ended at the limit of time."""
    stopped: str = ""
    """Why the cell was ended from outside (a limit, named), "" where it ended by itself."""
    seconds: float = 0.0
    """On the wall's clock, from start to end."""
    limits: Limits = field(default_factory=Limits)

    @property
    def limits_met(self) -> tuple[str, ...]:
        """The limits that it ran into, each named with its value."""
        met = []
        if self.oom_kills:
            most = f" of {size(self.limits.memory)}" if self.limits.memory else ""
            met.append(f"limit of memory{most}: {self.oom_kills} killed")
        if self.refused_forks:
            met.append(f"limit of {self.limits.processes} processes: {self.refused_forks} refused")
        if self.stopped:
            met.append(self.stopped)
        return tuple(met)


@dataclass(frozen=True)
class Done:
    """How it ended, and what it said."""

    ended: Ended
    stdout: bytes
    """Empty with a log."""
    stderr: bytes


def size(count: int | None) -> str:
    """A number of bytes as a person would say it; "" for None."""
    if count is None:
        return ""
    for unit, name in _UNITS:
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count} bytes"
