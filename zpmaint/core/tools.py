# SPDX-License-Identifier: GPL-2.0-only
"""The programs zpmaint calls: which there are, which are missing, how they are run.

What is needed is declared in tools.toml; `doctor` shows it, `need` insists on it.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.errors import InfraError


@dataclass(frozen=True)
class Tool:
    """One program (or, with `file`, one header) that zpmaint needs from a Debian package."""

    name: str
    package: str
    needed_for: tuple[str, ...]
    why: str
    file: str = ""
    optional: bool = False
    """zpmaint does its work without it, slower or with less proof."""
    arch: str = ""
    """The one architecture that it is needed for; '' for all."""
    profile: str = ""
    """The one build profile that it is needed for; '' for all."""

    def is_for(self, arch: str, profile: str) -> bool:
        """Whether kernels of an architecture and a build profile need it."""
        return self.arch in ("", arch) and self.profile in ("", profile)

    def path(self) -> str | None:
        """Where it is on this machine, None where it is missing."""
        if self.file:
            return self.file if Path(self.file).exists() else None
        return shutil.which(self.name)


@functools.cache
def declared() -> dict[str, Tool]:
    """Every tool of tools.toml by name."""
    table = tomllib.loads((Path(__file__).parent / "tools.toml").read_text())
    return {
        name: Tool(
            name,
            row["package"],
            tuple(row["for"]),
            row["why"],
            row.get("file", ""),
            row.get("optional", False),
            row.get("arch", ""),
            row.get("profile", ""),
        )
        for name, row in table.items()
    }


def missing_for(command: str, arch: str = "", profile: str = "") -> tuple[Tool, ...]:
    """What `command` cannot do without for kernels of `arch` and `profile`, and this machine has
    not."""
    return tuple(
        tool
        for tool in declared().values()
        if command in tool.needed_for
        and tool.is_for(arch, profile)
        and not tool.optional
        and not tool.path()
    )


def need(*names: str) -> None:
    """Raise InfraError unless every named tool is there; names all that are missing at once."""
    _insist(tuple(tool for name in names if not (tool := declared()[name]).path()))


def need_for(command: str, arch: str = "") -> None:
    """Raise InfraError unless all that `command` cannot do without for kernels of `arch` is there:
    better said before a build of minutes than after it."""
    _insist(missing_for(command, arch))


def _insist(missing: tuple[Tool, ...]) -> None:
    if missing:
        packages = " ".join(dict.fromkeys(tool.package for tool in missing))
        raise InfraError(
            f"not installed: {', '.join(tool.name for tool in missing)}",
            f"apt-get install {packages}",
        )


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    stdin: bytes | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program in its own process group, killed as a whole on a time-out or ^C.

    With `log`, stdout and stderr are appended there and the result's stdout is empty; without it
    both are captured. The exit status is the caller's to judge; `subprocess.TimeoutExpired` is
    raised after `timeout` seconds. `env` is laid over the environment.
    """
    name = str(command[0])
    out = log.open("ab") if log else subprocess.PIPE
    try:
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT if log else subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError:
        if cwd is not None and not cwd.is_dir():
            raise InfraError(f"{name}: no folder {cwd} to run in") from None
        tool = declared().get(Path(name).name)
        raise InfraError(
            f"not installed: {name}", f"apt-get install {tool.package}" if tool else ""
        ) from None
    finally:
        if log:
            out.close()  # type: ignore[union-attr]
    try:
        stdout, stderr = process.communicate(stdin, timeout)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    return subprocess.CompletedProcess(
        [str(word) for word in command], process.returncode, stdout or b"", stderr or b""
    )
