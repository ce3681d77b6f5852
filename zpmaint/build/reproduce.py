# SPDX-License-Identifier: GPL-2.0-only
"""A command that failed in a make, run once more by itself: does it fail again, and with what?

It runs where it ran and with what it had, but without ccache, and with a compiler that is asked for
its diagnostics as data: then words that stand in a source are never taken for the compiler's own.
"""

from __future__ import annotations

import functools
import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from zpmaint.build.diagnosis import Blame, Fault, diagnose
from zpmaint.build.facts import Again
from zpmaint.build.recorder import Failed
from zpmaint.cell.launch import run
from zpmaint.cell.values import Cell
from zpmaint.core.files import write_whole

_FORMAT = "-fdiagnostics-format=json"


def again(
    failed: Failed, inside: Cell, *, compiler: str, work: Path, src: Path, obj: Path
) -> Again:
    """Run it in the cell of its make. `work` is a folder of the cell for what this needs; `src` and
    `obj` are taken out of what it says."""
    environment = {**failed.environment, "CCACHE_DISABLE": "1"}
    if real := _able(compiler):
        shim = work / "diagnostics"
        shim.mkdir(exist_ok=True)
        write_whole(shim / compiler, f'#!/bin/sh\nexec {shlex.quote(real)} {_FORMAT} "$@"\n')
        (shim / compiler).chmod(0o755)
        environment["PATH"] = f"{shim}:{environment.get('PATH', '')}"
    there = replace(inside, environment=environment, cwd=Path(failed.folder))
    done = run(failed.command, there)
    if done.ended.limits_met:
        return Again(done.ended.status, Fault(Blame.MACHINE, done.ended.limits_met[0], "run again"))
    said = (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace").splitlines()
    fault = diagnose(list(_plain(said)), str(src), str(obj))
    return Again(done.ended.status, fault)


def _plain(lines: Sequence[str]) -> Iterator[str]:
    """What was said, each diagnostic that is data as one line without the source that it quotes."""
    for line in lines:
        if line.startswith("[") and (found := _diagnostics(line)) is not None:
            yield from (_line(one) for one in found)
        else:
            yield line


def _diagnostics(line: str) -> list[Mapping[str, Any]] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list) and all(isinstance(one, dict) and "kind" in one for one in found):
        return found
    return None


def _line(one: Mapping[str, Any]) -> str:
    text = " ".join(str(one.get("message", "")).split())
    option = f" [{one['option']}]" if one.get("option") else ""
    where: Any = next(iter(one.get("locations") or []), {})
    caret = where.get("caret", {}) if isinstance(where, dict) else {}
    column = caret.get("column", caret.get("byte-column", 1))
    place = f"{caret['file']}:{caret.get('line', 0)}:{column}" if "file" in caret else "cc1"
    return f"{place}: {one['kind']}: {text}{option}"


def _able(compiler: str) -> str:
    """The compiler's path where it gives its diagnostics as data (gcc from 9 on), else ''."""
    path = "" if "/" in compiler else shutil.which(compiler)
    return path if path and _gives_data(path, Path(path).stat().st_mtime_ns) else ""


@functools.cache
def _gives_data(path: str, _changed: int) -> bool:
    done = subprocess.run(
        [path, _FORMAT, "-fsyntax-only", "-xc", "/dev/null"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0
