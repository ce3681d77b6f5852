"""The common tools on a file case, each as its manual has it, in a folder of its own."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from zpmaint.errors import InfraError
from zpmaint.evaluate.values import FileCase, Outcome
from zpmaint.tools import run

Tool = Callable[[FileCase, Path], Outcome]


def _patch(fuzz: int) -> Tool:
    def apply(file: FileCase, folder: Path) -> Outcome:
        place = folder / file.path
        if (target := file.target) is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(target)
        command = ["patch", "-p1", f"-F{fuzz}", "-s", "-f", "--no-backup-if-mismatch", "-r", "-"]
        done = run(command, cwd=folder, stdin=file.diff, env={"LC_ALL": "C"})
        return _outcome(done, place.read_bytes() if place.is_file() else None)

    return apply


def _three_files(command: list[str], order: str) -> Tool:
    """A tool that merges three files to its standard output; `order` of mine, base and yours."""

    def merge(file: FileCase, folder: Path) -> Outcome:
        base, after, target = file.base, file.after, file.target
        if target is None and base is None:
            return Outcome(True, after)  # a new file, and nothing in its way
        if target is None or after is None:
            # Deletion is no merge of three texts: clean only where there is nothing to decide.
            return Outcome(target == base and after is None, None)
        contents = {"m": target, "b": base or b"", "y": after}
        for name, data in contents.items():
            (folder / name).write_bytes(data)
        done = run([*command, *order], cwd=folder, env={"LC_ALL": "C"})
        return _outcome(done, done.stdout)

    return merge


def _outcome(done: subprocess.CompletedProcess[bytes], result: bytes | None) -> Outcome:
    if done.returncode < 0:
        raise InfraError(f"{' '.join(done.args)}: killed by signal {-done.returncode}")
    said = done.stderr.decode("utf-8", "replace").strip()
    clean = done.returncode == 0
    return Outcome(clean, result if clean else None, how=said)


TOOLS: dict[str, Tool] = {
    "patch -F0": _patch(0),
    "patch": _patch(2),
    "git merge-file": _three_files(["git", "merge-file", "-p", "-q"], "mby"),
    "wiggle": _three_files(["wiggle", "--merge"], "mby"),
}
"""What zpmaint is held against, by the name of its column."""


def attempt(tool: str, file: FileCase, scratch: Path) -> Outcome:
    """Run one tool on one file case, in a fresh folder under `scratch`."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        started = time.perf_counter()
        done = TOOLS[tool](file, Path(folder))
        seconds = time.perf_counter() - started
    return Outcome(done.clean, done.result, done.confidence, done.how, seconds)
