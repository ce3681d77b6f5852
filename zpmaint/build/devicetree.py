# SPDX-License-Identifier: GPL-2.0-only
"""Device trees of any architecture, compiled as kbuild compiles them: cpp, then dtc.

No cross compiler takes part in that, so the trees of boards that are never built here can be
proven, too, where their folder is unpacked.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from zpmaint.build.compiler_log import Log, Said
from zpmaint.build.limits import limits
from zpmaint.build.make import environment
from zpmaint.cell.launch import run
from zpmaint.cell.values import Cell
from zpmaint.core.errors import InfraError
from zpmaint.core.tools import declared
from zpmaint.port.proof import CompilerLine

ENDING = ".dtb"
_INCLUDE = re.compile(r'^[ \t]*(?:#[ \t]*include|/include/)[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)
_CPP = re.compile(r"^(\S+?):(\d+):(?:\d+:)? ((?:fatal )?error: .*)$")
_DTC = re.compile(r"^(?:Error|ERROR): (\S+?):(\d+)\.\S+ (.*)$")
_DTC_CHECK = re.compile(r"^(\S+?):(\d+)\.\S+: (ERROR .*)$")
_DTC_BARE = re.compile(r"^(?:ERROR|FATAL ERROR): ?(?:\((\S+)\): )?(.*)$")
_DEPTH = 6  # of files that include one another


def is_devicetree(path: str) -> bool:
    """Whether dtc reads a file."""
    return path.endswith((".dts", ".dtsi"))


def missing_tool() -> str:
    """Why no device tree can be compiled on this machine; '' where one can."""
    tool = declared()["dtc"]
    return "" if tool.path() else f"no dtc here: apt-get install {tool.package}"


def boards_of(
    path: str, beside: Sequence[str], text: Callable[[str], str | None], most: int = 2
) -> list[str]:
    """The .dts files of the same folder that a .dtsi goes into, directly or not, at most so many;
    of a .dts itself. `beside` are the files of the folder, by their paths."""
    if not path.endswith(".dtsi"):
        return [path]
    folder = str(PurePosixPath(path).parent)
    includes = {
        one: {f"{folder}/{name}" for name in _INCLUDE.findall(text(one) or "")}
        for one in beside
        if is_devicetree(one)
    }
    found: list[str] = []
    reached = {path}
    for _ in range(_DEPTH):
        fresh = {one for one, names in includes.items() if names & reached} - reached
        if not fresh:
            break
        reached |= fresh
        found += sorted(one for one in fresh if one.endswith(".dts"))
    return found[:most]


def compile_trees(src: Path, names: Sequence[str]) -> tuple[set[str], Log]:
    """Compile device trees: of `names`, as NAME.dtb below `src`, those that were made, and what
    was said of each. Nothing is kept of them."""
    made: set[str] = set()
    log = Log()
    for name in names:
        errors = _errors(src, f"{name.removesuffix(ENDING)}.dts")
        log.said[name] = Said(errors)
        if errors:
            log.failed.add(name)
        else:
            made.add(name)
    return made, log


def _errors(src: Path, path: str) -> list[CompilerLine]:
    folder = str(PurePosixPath(path).parent)
    with tempfile.TemporaryDirectory(prefix="zpmaint-") as scratch:
        whole = Path(scratch, "tree.dts")
        places = [folder, "scripts/dtc/include-prefixes", "include"]
        cpp = ["gcc", "-E", "-nostdinc", "-undef", "-D__DTS__", "-x", "assembler-with-cpp"]
        cpp += [f"-I{place}" for place in places if (src / place).is_dir()]
        status, said = _run([*cpp, "-o", str(whole), path], src, Path(scratch))
        if not status:
            dtc = ["dtc", "-I", "dts", "-O", "dtb", "-o", os.devnull, "-i", folder]
            status, said = _run([*dtc, str(whole)], src, Path(scratch))
    if not status:
        return []
    lines = [line for row in said if (line := _line(row, path)) is not None]
    placed = [line for line in lines if line.line]
    return placed or lines or [CompilerLine(path, 0, said[0] if said else "dtc said nothing")]


def _run(command: Sequence[str], src: Path, scratch: Path) -> tuple[int, list[str]]:
    inside = Cell("dtc", (scratch,), (src,), environment=environment({}), limits=limits(), cwd=src)
    done = run(command, inside)
    if done.ended.limits_met:
        raise InfraError(f"{command[0]} ran into its {'; '.join(done.ended.limits_met)}")
    return done.ended.status, done.stderr.decode("utf-8", "replace").splitlines()


def _line(row: str, path: str) -> CompilerLine | None:
    if found := _CPP.match(row) or _DTC.match(row) or _DTC_CHECK.match(row):
        text = found[3]
        return CompilerLine(found[1], int(found[2]), text if "rror" in text else f"error: {text}")
    if bare := _DTC_BARE.match(row):
        return CompilerLine(path, 0, f"error: {bare[2]}")
    return None
