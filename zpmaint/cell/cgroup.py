# SPDX-License-Identifier: GPL-2.0-only
"""A cgroup for each cell: limits of all its processes together, counts of what met them, an end.

Version 1 and 2 of Documentation/admin-guide/cgroup-v1/{memory,pids}.rst and cgroup-v2.rst. The
groups are made beside or below the one that zpmaint runs in, by name zpmaint-PIDNS-PID-START-N.
"""

from __future__ import annotations

import functools
import itertools
import os
import re
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from zpmaint.cell.values import Groups, Limits

_NAME = re.compile(r"zpmaint-(\d+)-(\d+)-(\d+)-\d+")
_KILLING = 5.0
"""Seconds that the processes of a group get to be gone after SIGKILL."""
_NEEDED = {"memory", "pids"}
_count = itertools.count()


@dataclass(frozen=True)
class Group:
    """The group of one cell: a folder, or with version 1 one for each of memory and pids."""

    version: Groups
    memory: Path
    pids: Path

    @property
    def folders(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys((self.memory, self.pids)))

    @property
    def doors(self) -> tuple[str, ...]:
        """The files that a process writes 0 to and is in the group."""
        return tuple(str(folder / "cgroup.procs") for folder in self.folders)

    def limit(self, limits: Limits) -> None:
        """Set the limits. Raises OSError."""
        if limits.memory is not None:
            if self.version is Groups.V2:
                (self.memory / "memory.max").write_text(str(limits.memory))
                with suppress(OSError):  # a kernel without swap has no such file
                    (self.memory / "memory.swap.max").write_text("0")
            else:
                (self.memory / "memory.limit_in_bytes").write_text(str(limits.memory))
                with suppress(OSError):
                    (self.memory / "memory.memsw.limit_in_bytes").write_text(str(limits.memory))
        if limits.processes is not None:
            (self.pids / "pids.max").write_text(str(limits.processes))

    def oom_kills(self) -> int | None:
        """How many of its processes the kernel killed as the memory was used up."""
        name = "memory.events" if self.version is Groups.V2 else "memory.oom_control"
        return _field(self.memory / name, "oom_kill")

    def refused_forks(self) -> int | None:
        """How many forks failed at its limit."""
        return _field(self.pids / "pids.events", "max")

    def kill(self) -> None:
        """Kill every process in it, and wait until they are gone."""
        with suppress(OSError):  # nothing new in it from here on
            (self.pids / "pids.max").write_text("0")
        with suppress(OSError):  # version 2, Linux 5.14
            (self.memory / "cgroup.kill").write_text("1")
        end = time.monotonic() + _KILLING
        while (left := self._processes()) and time.monotonic() < end:
            for pid in left:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.002)

    def remove(self) -> None:
        """Take the group away; one that still has processes stays for the next run to clear."""
        end = time.monotonic() + 1
        for folder in self.folders:
            while folder.exists() and time.monotonic() < end:
                try:
                    folder.rmdir()
                except OSError:
                    time.sleep(0.002)  # a zombie is in it until it is reaped

    def _processes(self) -> set[int]:
        found: set[int] = set()
        for folder in self.folders:
            with suppress(OSError):
                found.update(int(word) for word in (folder / "cgroup.procs").read_text().split())
        return found - {0, os.getpid()}


@dataclass(frozen=True)
class Parents:
    """Where groups can be made."""

    version: Groups
    memory: Path
    pids: Path

    def make(self, limits: Limits) -> Group:
        """A group of this process's. Raises OSError."""
        pid = os.getpid()
        name = f"zpmaint-{_pid_namespace()}-{pid}-{_started(pid)}-{next(_count)}"
        group = Group(self.version, self.memory / name, self.pids / name)
        try:
            for folder in group.folders:
                folder.mkdir()
            group.limit(limits)
        except OSError:
            group.remove()
            raise
        return group

    def clear(self) -> None:
        """Kill and remove what zpmaint processes left behind that are gone. Those of other pid
        namespaces, which containers that share a cgroup have, are not ours to tell gone from
        unseen."""
        for folder in dict.fromkeys((self.memory, self.pids)):
            for left in folder.glob(f"zpmaint-{_pid_namespace()}-*"):
                named = _NAME.fullmatch(left.name)
                if named and _started(int(named[2])) != int(named[3]):
                    group = Group(self.version, self.memory / left.name, self.pids / left.name)
                    group.kill()
                    group.remove()


@functools.cache
def parents() -> tuple[Parents | None, str]:
    """Where groups can be made here, tried; else None and why not."""
    mounts = _mounts()
    own = _own()
    tries = []
    if "memory" in mounts and "pids" in mounts:
        tries.append(
            Parents(
                Groups.V1,
                _below(mounts["memory"], own.get("memory", "/")),
                _below(mounts["pids"], own.get("pids", "/")),
            )
        )
    if "" in mounts:
        place = _below(mounts[""], own.get("", "/"))
        for folder in (place, *place.parents):
            if not folder.is_relative_to(mounts[""]):
                break
            with suppress(OSError):
                if set((folder / "cgroup.subtree_control").read_text().split()) >= _NEEDED:
                    tries.append(Parents(Groups.V2, folder, folder))
    why = "no cgroup of memory and pids is mounted, or handed down to this one"
    for one in tries:
        try:
            one.clear()
            group = one.make(Limits(memory=64 << 20, processes=16))
        except OSError as error:
            why = f"{one.memory}: {error.strerror}"
            continue
        fault = _enters(group)
        group.remove()
        if not fault:
            return one, ""
        why = f"{one.memory}: {fault}"
    return None, why


def memory_at_most() -> int:
    """Bytes of memory that this process's own group may use, at most those of the machine."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    mounts, own = _mounts(), _own()
    files = []
    if "memory" in mounts:
        files.append(_below(mounts["memory"], own.get("memory", "/")) / "memory.limit_in_bytes")
    if "" in mounts:
        files.append(_below(mounts[""], own.get("", "/")) / "memory.max")
    for file in files:
        with suppress(OSError, ValueError):  # "max" is no number
            whole = min(whole, int(file.read_text()))
    return whole


def _enters(group: Group) -> str:
    """Whether a process can be moved into a group; why not."""
    done = subprocess.run(
        ["/bin/sh", "-c", entering(group)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return "" if done.returncode == 0 else "no process can be moved there"


def entering(group: Group) -> str:
    """A line of shell with which a shell moves itself into a group."""
    return " && ".join(f"echo 0 >{shlex.quote(door)}" for door in group.doors)


def _mounts() -> dict[str, Path]:
    """Where each controller of version 1 is mounted, and under "" version 2."""
    found: dict[str, Path] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup2":
            found.setdefault("", Path(before.split()[4]))
        elif kind == "cgroup":
            for word in options.split(","):
                found.setdefault(word, Path(before.split()[4]))
    return found


def _own() -> dict[str, str]:
    """The group of this process by controller; /proc/self/cgroup, cgroups(7)."""
    found: dict[str, str] = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for name in controllers.split(","):
            found[name] = path
    return found


def _below(mount: Path, path: str) -> Path:
    """A container may show a path that is not below its mount."""
    place = mount / path.lstrip("/")
    return place if place.is_dir() else mount


def _pid_namespace() -> int:
    return os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 - it is no file of the disk


def _started(pid: int) -> int | None:
    """When a process was started, in clock ticks since boot; None where there is none."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError):
        return None


def _field(path: Path, name: str) -> int | None:
    with suppress(OSError):
        for line in path.read_text().splitlines():
            word, _, count = line.partition(" ")
            if word == name:
                return int(count)
    return None
