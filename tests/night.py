# SPDX-License-Identifier: GPL-2.0-only
"""A night of the service: a played kernel.org, a toy kernel that real make builds, a script in
QEMU's place, a receiver of notices, and `zpmaint serve` with nobody who looks.

`ci/night` (tests/night_course.py) is the same as a program."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from build_fixtures import MAIN, MEMORY, Toy, toy_patch, toy_set
from fake_kernel_org import FakeKernelOrg, tree_in
from judge_fixtures import figures, report
from service_fixtures import Hook, hook
from test_app_verify import words
from vm_fixtures import FakeQemu

from zpmaint.cell.view import READ_NAME

ROOT = Path(__file__).parent.parent
FIRST = "6.12.100"
# A kernel that the file `bad` names does on the patched side what stock does.
_GUEST = """
case $words in --version) echo 'QEMU emulator version 0'; exit 0;; esac
version=$(echo "$words" | grep -o '6[.]12[.][0-9]*' | head -n 1)
echo "Linux version $version" > "$console"
flavour=stock
case $words in *patched*) grep -qx "$version" "{folder}/bad" || flavour=patched;; esac
sed "s/@VERSION@/$version/" "{folder}/$flavour.results" > "$results"
exit 33
"""


class NightError(AssertionError):
    """Something did not come about, or did that must not."""


@dataclass
class Night:
    """The service and all around it. Times are compressed: a look each few seconds."""

    folder: Path
    org: FakeKernelOrg
    hook: Hook
    track: str = "6s"
    said: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None
    url: str = ""
    patience: float = 240.0
    """Seconds after which what is waited for has not come about."""
    _came: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        toy = Toy(self.folder / "toy")
        tree = tree_in(toy.tree)
        # Two kernels that are the same bytes are booted once.
        self.org.contents = lambda version: {
            **tree(version),
            "init/main.c": MAIN + f'const char linux_banner[] = "Linux {version}";\n'.encode(),
        }
        project = self.project
        (project / "patches/toy").mkdir(parents=True)
        (project / "patches/toy/patch.toml").write_text(toy_set(FIRST))
        patched = MEMORY.decode().replace("return zero_page", "return 1 + zero_page")
        (project / f"patches/toy/v{FIRST}.patch").write_text(toy_patch(patched))
        self.configure()
        for flavour, flip in (("stock", "zero-page"), ("patched", "private")):
            bench = figures(private=flip == "private")
            text = report(words(flip), bench, release="@VERSION@")
            (self.guest / f"{flavour}.results").write_text(text)
        (self.guest / "bad").touch()
        self.org.trust(self.folder / "user")

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def guest(self) -> Path:
        """What the script in QEMU's place reads."""
        return self.folder / "guest"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def configure(self, extra: str = "") -> None:
        """Write kernels.toml; `extra` lines of [service]."""
        (self.project / "kernels.toml").write_text(
            f'patch = "toy"\n[sources.org]\nkind = "kernel.org"\nwhere = "{self.org.base}"\n'
            '[[kernel]]\nversion = "6.12.*"\nsources = ["org"]\n'
            f'[service]\nlisten = "127.0.0.1:0"\ntrack = "{self.track}"\nmatrix = "120s"\n'
            f'publish = "60s"\nstop_within = "30s"\nmatrix_options = []\n{extra}\n'
            f'[[service.webhook]]\nname = "night"\nsince = "all"\nurl = "{self.hook.url}"\n'
            'kinds = ["turned red", "turned green"]\n'
        )

    def start(self) -> None:
        """Start the service and wait until it serves."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "ZPMAINT_HOME": str(self.home),
            "HOME": str(self.folder / "user"),
        }
        self.url = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zpmaint", "--project", str(self.project), "serve"],
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        threading.Thread(target=self._hear, args=(self.process,), daemon=True).start()
        self.until(lambda: bool(self.url), "it serves")

    def _hear(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr
        for line in process.stderr:
            with self._came:
                self.said.append(line.rstrip())
                if found := re.search(r" at (http://\S+)/$", line.rstrip()):
                    self.url = found[1]
                self._came.notify_all()

    def stop(self) -> float:
        """SIGTERM; the seconds that it took."""
        assert self.process
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        if status := self.process.wait(timeout=self.patience):
            raise NightError(f"SIGTERM ended it with status {status}")
        return time.monotonic() - began

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def kill_part(self, words: str) -> bool:
        """SIGKILL for one process of the service's that was called with `words`; False: none is
        there. It is told by its environment, as a worker's call does not name the home."""
        home = f"ZPMAINT_HOME={self.home}".encode()
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                called = (place / "cmdline").read_bytes().replace(b"\0", b" ")
                if words.encode() not in called:
                    continue
                if home in (place / "environ").read_bytes().split(b"\0"):
                    os.kill(int(place.name), signal.SIGKILL)
                    return True
        return False

    def until(self, is_so: Callable[[], bool], what: str) -> float:
        """Wait until it is so; the seconds that took. Raises NightError when it does not come
        about, or the service has ended."""
        began = time.monotonic()
        while True:
            with self._came:
                if is_so():
                    return time.monotonic() - began
                self._came.wait(0.3)
            if self.process and self.process.poll() is not None:
                raise NightError(f"{what}: the service has ended: {self.tail()}")
            if time.monotonic() - began > self.patience:
                raise NightError(f"{what}: not after {self.patience:g} s: {self.tail()}")

    def tail(self) -> str:
        return "\n".join(self.said[-40:])

    def ask(self, path: str) -> tuple[int, Any]:
        """Status and, of JSON, what it says."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=60) as found:
                raw: bytes = found.read()
                return found.status, json.loads(raw) if path.endswith(("json", "health")) else raw
        except HTTPError as error:
            return error.code, json.loads(error.read()) if path == "/health" else None

    def result(self, version: str) -> str | None:
        """What the published page has of a kernel; None: nothing."""
        status, found = self.ask("/status.json")
        if status != 200:
            return None
        rows = [row for one in found["patchsets"] for row in one["kernels"]]
        return next((row["result"] for row in rows if row["version"] == version), None)

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("/health")[1]
        return found

    def job(self, name: str) -> dict[str, Any]:
        return next(one for one in self.health()["jobs"] if one["name"] == name)

    def told(self) -> list[tuple[str, str]]:
        """Kind and kernel of each notice that was taken, in their order."""
        rows = [json.loads(body)["data"] for body in self.hook.taken]
        return [(row["kind"], row["version"]) for row in rows]

    def records(self) -> list[dict[str, Any]]:
        """Every attempt that the ledger has, oldest first, as `results --json` cannot tell."""
        import sqlite3  # noqa: PLC0415 (a reader beside the ledger)

        place = self.home / "state/ledger.sqlite"
        with sqlite3.connect(f"file:{place}?mode=ro", uri=True) as base:
            base.row_factory = sqlite3.Row
            rows = base.execute("select * from record order by rowid").fetchall()
        return [dict(row) for row in rows]

    def litter(self) -> list[str]:
        """What only a run under way has."""
        left = []
        for path in self.home.rglob("*"):
            if {"src", "obj", "ccache"} & set(path.parts):
                continue
            if path.name.endswith(".tmp") or ".landing." in path.name:
                left.append(str(path.relative_to(self.home)))
        return left

    def orphans(self) -> list[str]:
        """Processes that name the home and are none of ours."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                line = (
                    (place / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                )
                if str(self.home) in line and int(place.name) != os.getpid():
                    found.append(f"{place.name} {line[:150]}")
        return found


@contextmanager
def night(folder: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Iterator[Night]:
    """A night in `folder`, with its first kernel out; the service is not started yet."""
    folder.mkdir(parents=True, exist_ok=True)
    qemu = FakeQemu(folder / "bin", monkeypatch)
    qemu.does(_GUEST.format(folder=folder / "guest"))
    (folder / "guest").mkdir()
    monkeypatch.setenv(READ_NAME, f"{Path(__file__).parent}:{folder / 'guest'}")
    with FakeKernelOrg(folder / "org") as org, hook() as receiver:
        made = Night(folder, org, receiver, **more)
        org.release(FIRST, "longterm")
        try:
            yield made
        finally:
            if made.process and made.process.poll() is None:
                made.kill()


def is_possible() -> bool:
    return all(shutil.which(tool) for tool in ("make", "gcc", "musl-gcc", "setpriv", "gpg"))
