# SPDX-License-Identifier: GPL-2.0-only
"""The common tools on a file case, each as its manual has it, in a folder of its own."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from zpmaint.core.cpu_time import cpu
from zpmaint.core.errors import InfraError
from zpmaint.core.progress import Reporter
from zpmaint.core.tools import declared, run
from zpmaint.evaluate.drift import MARKER, Drift, hardest, regions
from zpmaint.evaluate.values import FileCase, Kind, Outcome

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


EXACT = "patch -F0"
"""Its refusal is what makes a case a hard one."""

TOOLS: dict[str, Tool] = {
    EXACT: _patch(0),
    "patch": _patch(2),
    "git merge-file": _three_files(["git", "merge-file", "-p", "-q"], "mby"),
    "wiggle": _three_files(["wiggle", "--merge"], "mby"),
}
"""What zpmaint is held against, by the name of its column."""


def drift(file: FileCase, *, exact: bool, scratch: Path) -> Drift:
    """What kind of drift a case is; `exact` says whether patch -F0 took it."""
    if file.kind is not Kind.MODIFIED:
        return Drift.OTHER
    if not file.drifted:
        return Drift.NONE
    if not file.touched:
        return Drift.DROPPED
    if exact:
        return Drift.OFFSET
    command = ["git", "merge-file", "-p", "-q", "--diff3", f"--marker-size={MARKER}"]
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        for name, data in (("m", file.target), ("b", file.base), ("y", file.after)):
            (Path(folder) / name).write_bytes(data or b"")
        return hardest(regions(run([*command, "m", "b", "y"], cwd=Path(folder)).stdout))


def attempt(tool: str, file: FileCase, scratch: Path) -> Outcome:
    """Run one tool on one file case, in a fresh folder under `scratch`."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        started = cpu()
        done = TOOLS[tool](file, Path(folder))
        seconds = cpu() - started
    return replace(done, seconds=seconds)


def available(reporter: Reporter) -> tuple[str, ...]:
    """zpmaint and the tools that this machine has; one that is missing is noted."""
    names = ["zpmaint"]
    with reporter.step("look for the tools") as step:
        for name in TOOLS:
            program = declared()[name.split()[0]]
            if program.path():
                names.append(name)
            else:
                step.note(f"{name} is left out: apt-get install {program.package}")
    return tuple(names)
