# SPDX-License-Identifier: GPL-2.0-only
"""A mutant tried: the tests that reach its line are run in a copy of the sources, to the first that
fails."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mutating.operators import Mutant

_PASSED, _FAILED, _INTERRUPTED, _NO_SUCH_TEST = 0, 1, 2, 4
_ALL = 300
"""With more tests than this the files are named, not the tests."""
_PYTEST = ("-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-seed=0",
           "-m", "not kernel and not mirror and not nightly and not slow")  # fmt: skip


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    LATE = "late"
    """The tests did not end in time: as good as killed."""
    SURVIVED = "survived"
    UNREACHED = "unreached"
    """No test of the room runs its line: survived."""

    @property
    def is_killed(self) -> bool:
        return self in (Fate.KILLED, Fate.LATE)


@dataclass(frozen=True)
class Reach:
    """Which tests run which lines."""

    lines: dict[str, dict[int, frozenset[str]]]
    """By module, by line: the names of tests as pytest takes them; "" is what an import runs."""
    files: tuple[str, ...]
    """The files of the tests."""
    seconds: float
    """What all of them took."""

    def of(self, mutant: Mutant) -> tuple[str, ...]:
        """The tests to run; none where no test reaches the line."""
        found = self.lines.get(mutant.path, {}).get(mutant.line, frozenset())
        if not found:
            return ()
        named = sorted(found - {""})
        return tuple(named) if named and len(named) <= _ALL else self.files


class Copy:
    """The sources, once more, to be changed at will."""

    def __init__(self, top: Path, place: Path) -> None:
        self.place = place
        listed = subprocess.run(
            ["git", "-C", top, "ls-files", "-z"], check=True, stdout=subprocess.PIPE
        )
        for name in listed.stdout.decode().split("\0"):
            if name and (top / name).is_file():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(top / name, place / name)

    def reach(self, tests: Sequence[str]) -> Reach:
        """Run the tests once, whole, and note what each reaches. Raises RuntimeError where one
        fails as it is."""
        data = self.place / ".coverage"
        began = time.monotonic()
        status = self._pytest(
            [*tests, "--cov=zpmaint", "--cov-context=test", "--cov-report="], None, {}
        )
        if status != _PASSED:
            raise RuntimeError(f"the tests fail without any mutant (pytest ended with {status})")
        return Reach(_lines(data, self.place), tuple(tests), time.monotonic() - began)

    def try_(self, mutant: Mutant, reach: Reach) -> Fate:
        """Change the module, run what reaches it, change it back."""
        tests = reach.of(mutant)
        if not tests:
            return Fate.UNREACHED
        module = self.place / mutant.path
        before = module.read_text()
        try:
            self._put(module, mutant.applied(before))
            status = self._pytest(["-x", *tests], 30 + 3 * reach.seconds, {})
        finally:
            self._put(module, before)
        if status is None:
            return Fate.LATE
        if status == _PASSED:
            return Fate.SURVIVED
        if status in (_FAILED, _INTERRUPTED, _NO_SUCH_TEST):  # the last: it cannot be imported
            return Fate.KILLED
        raise RuntimeError(f"{mutant.path}:{mutant.line}: pytest ended with {status}")

    @staticmethod
    def _put(module: Path, text: str) -> None:
        module.write_text(text)
        # What was compiled before is known by its second and its size: that may be the same.
        for stale in (module.parent / "__pycache__").glob(f"{module.stem}.*"):
            stale.unlink()

    def _pytest(
        self, words: Sequence[str], timeout: float | None, env: dict[str, str]
    ) -> int | None:
        """Its exit status; None after `timeout` seconds."""
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-o", "addopts=", *_PYTEST, *words],
            cwd=self.place,
            env={**os.environ, "PYTHONPATH": str(self.place), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 9)
                process.wait()


def _lines(data: Path, top: Path) -> dict[str, dict[int, frozenset[str]]]:
    """What coverage.py noted, by its own file's tables: each line a bit."""
    found: dict[str, dict[int, set[str]]] = {}
    with sqlite3.connect(data) as db:
        rows = db.execute(
            "SELECT file.path, context.context, line_bits.numbits FROM line_bits "
            "JOIN file ON file.id = file_id JOIN context ON context.id = context_id"
        )
        for path, context, bits in rows:
            if not Path(path).is_relative_to(top):
                continue
            mine = found.setdefault(str(Path(path).relative_to(top)), {})
            name = context.partition("|")[0]
            for byte, value in enumerate(bits):
                for bit in range(8):
                    if value >> bit & 1:
                        mine.setdefault(8 * byte + bit, set()).add(name)
    db.close()
    return {
        path: {line: frozenset(names) for line, names in mine.items()}
        for path, mine in found.items()
    }
