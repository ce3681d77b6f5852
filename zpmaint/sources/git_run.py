# SPDX-License-Identifier: GPL-2.0-only
"""How git is started: with which environment, and where.

On a repository of somebody else it runs in a cell, without a network, on a view of ours
(git_view.py): of that repository's configuration it reads nothing, and of the user's and the
machine's neither. On a clone of ours, and to reach a server that the user named, it has the user's
configuration (proxies, keys), but for what would make it talk in a way that nobody asked for;
GitPython starts it there.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from zpmaint.cell.launch import start
from zpmaint.cell.running import Running
from zpmaint.cell.values import Cell, Limits
from zpmaint.core.tools import need

# What of git's environment stays: how to reach a server and who is at work, never which repository.
_HARMLESS = frozenset(
    {
        "GIT_ASKPASS",
        "GIT_COMMITTER_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_EXEC_PATH",
        "GIT_HTTP_PROXY_AUTHMETHOD",
        "GIT_HTTP_USER_AGENT",
        "GIT_PROXY_COMMAND",
        "GIT_PYTHON_GIT_EXECUTABLE",
        "GIT_PYTHON_REFRESH",
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_SSL_CAINFO",
        "GIT_SSL_CAPATH",
        "GIT_SSL_NO_VERIFY",
    }
)
_ALWAYS = {
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
    "LANGUAGE": "C",
}
_OURS = (
    # A cache that several users share is one of another user, to git.
    ("safe.directory", "*"),
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    # A server that brings less than this many bytes a second for this many seconds is given up.
    ("http.lowSpeedLimit", "512"),
    ("http.lowSpeedTime", "60"),
    # What a server sends is looked at before it is kept; kernels' old objects have these faults.
    ("fetch.fsckObjects", "true"),
    ("fetch.fsck.badTimezone", "ignore"),
    ("fetch.fsck.missingSpaceBeforeDate", "ignore"),
    ("fetch.fsck.missingTaggerEntry", "ignore"),
    ("fetch.fsck.zeroPaddedFilemode", "ignore"),
)
_PROTOCOLS = "https:http:ssh:git:file"
"""By which a server is asked; ext:: would run a command."""
_LIMITS = Limits(memory=8 << 30, processes=256, seconds=3600)
"""A walk through all of a kernel's history takes minutes and some 2 GB."""


def clean_environment() -> None:
    """Take out of this process's environment what would turn git to another repository.

    A git hook or `git rebase --exec` sets GIT_DIR and its kin for whoever runs inside it, and
    each of them beats the folder that git is run in. No part of zpmaint wants them.
    """
    for name in [n for n in os.environ if n.startswith("GIT_") and n not in _HARMLESS]:
        del os.environ[name]


class GitError(Exception):
    """git ended with a status that is not 0, or not as it should have."""

    def __init__(self, status: int, stderr: str) -> None:
        super().__init__(stderr)
        self.status = status
        self.stderr = stderr

    @property
    def said(self) -> str:
        """What git complained of, in one line."""
        lines = [line for line in self.stderr.splitlines() if line.strip()]
        fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
        return (fatal or lines or [f"git failed ({self.status})"])[0].strip()


@dataclass(frozen=True)
class Runner:
    """How git is started on one repository."""

    environment: Mapping[str, str]
    cell: Cell | None = None
    """None: outside of one."""

    def run(self, *words: str, stdin: bytes | None = None) -> bytes:
        """What git says. Raises GitError for any status but 0, InfraError where it is missing."""
        with self.start(*words, takes_input=stdin is not None) as git:
            return git.communicate(stdin)

    def text(self, *words: str, stdin: bytes | None = None) -> str:
        """The same as text, without the last line's end."""
        return self.run(*words, stdin=stdin).decode("utf-8", "surrogateescape").rstrip("\n")

    def start(
        self, *words: str, takes_input: bool = False, seconds: float | None = _LIMITS.seconds
    ) -> GitProcess:
        """Start git; its output is to be read from the process. Leave its context to end it. In a
        cell it is ended after `seconds`."""
        return GitProcess(self, words, takes_input, seconds)


class GitProcess:
    """One git that runs."""

    def __init__(
        self, runner: Runner, words: Sequence[str], takes_input: bool, seconds: float | None
    ) -> None:
        need("git")
        command = ["git", *words]
        stdin = subprocess.PIPE if takes_input else subprocess.DEVNULL
        self._running: Running | None = None
        self._said = b""
        with ExitStack() as stack:
            self._errors: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
            if runner.cell is not None:
                cell = replace(runner.cell, limits=replace(runner.cell.limits, seconds=seconds))
                self._running = stack.enter_context(
                    start(command, cell, stdin=stdin, stdout=subprocess.PIPE, stderr=self._errors)
                )
                self.process = self._running.process
            else:
                self.process = _started(command, stdin, runner.environment)
                stack.enter_context(self.process)
                stack.callback(self.process.kill)
                assert self.process.stderr is not None
                self._errors = self.process.stderr
            self._stack = stack.pop_all()

    @property
    def stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def communicate(self, data: bytes | None) -> bytes:
        """All that it says, its input given. Raises GitError."""
        out, said = self.process.communicate(data)
        self._said = said or b""
        self.finish()
        return bytes(out)

    def finish(self) -> None:
        """Wait for its end. Raises GitError where that is none of success."""
        status = self._running.wait().status if self._running else self.process.wait()
        if status:
            raise self.error(status)

    def error(self, status: int) -> GitError:
        """An error with what git said so far."""
        if self._running:
            self._errors.seek(0)
        if not self._errors.closed:
            self._said += self._errors.read(1 << 16)
        said = self._said.decode("utf-8", "replace").strip()
        if self._running and not said and status < 0:
            said = "; ".join(self._running.wait().limits_met)
        return GitError(status, said)

    def close(self) -> None:
        """End it, if it still runs."""
        with suppress(BrokenPipeError):  # of input that it did not take
            self._stack.close()

    def __enter__(self) -> GitProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _started(
    command: Sequence[str], stdin: int, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """git outside of a cell, by GitPython, which lays `environment` over this process's own."""
    # It looks for git when it is imported, and need() says better than it that there is none.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    from git.cmd import Git  # noqa: PLC0415  (a tenth of a second that only our clones need)

    clean_environment()
    git: Any = Git("/").execute(
        list(command),
        as_process=True,
        istream=stdin,
        env=dict(environment),
        start_new_session=True,
    )
    process = git.proc
    git.proc = None  # GitPython ends it as soon as nobody holds it; we do, and end it ourselves
    assert isinstance(process, subprocess.Popen)
    return process


def on_view(view: Path, readable: Sequence[Path]) -> Runner:
    """git for a view of a foreign repository, whose objects are in the folders `readable`."""
    environment = {
        **_ALWAYS,
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_DIR": str(view),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
    }
    limits = replace(_LIMITS, seconds=None)
    cell = Cell("git", readable=(view, *readable), environment=environment, limits=limits)
    return Runner(environment, cell)


def of_ours(folder: Path | None) -> Runner:
    """git for a clone of ours, or to make one, with the user's way to the server."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name in _HARMLESS
    }
    environment |= {**_ALWAYS, "GIT_ALLOW_PROTOCOL": _PROTOCOLS}
    environment["GIT_CONFIG_COUNT"] = str(len(_OURS))
    for number, (key, value) in enumerate(_OURS):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    if folder is not None:
        environment["GIT_DIR"] = str(folder)
    return Runner(environment)
