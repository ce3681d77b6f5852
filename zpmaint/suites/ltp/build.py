# SPDX-License-Identifier: GPL-2.0-only
"""Building programs of a configured LTP tree with LTP's own Makefiles."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zpmaint.core.errors import UserError
from zpmaint.suites.commands.programs import Command, command, first_error
from zpmaint.suites.foreign import run_foreign


def configured(tree: Path) -> Path:
    """`tree`, which must be a configured LTP."""
    if not (tree / "include/mk/config.mk").is_file():
        raise UserError(f"{tree}: no configured LTP", f"cd {tree} && make autotools && ./configure")
    return tree


def declared() -> list[dict[str, Any]]:
    """folders.toml: the programs that look at memory, by the folder they are built in."""
    text = (Path(__file__).parent / "folders.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["folder"]
    return rows


def runtest(tree: Path, name: str) -> Iterator[dict[str, Any]]:
    """The rows of one of LTP's runtest lists (runtest/mm): NAME PROGRAM ARGUMENT..., each in the
    folder that has the program's C file. Raises UserError where there is no such list."""
    path = tree / name
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}", "name a list of LTP: runtest/mm") from None
    folders = {p.stem: p.parent for p in (tree / "testcases").rglob("*.c")}
    for line in lines:
        words = line.split("#")[0].split()
        if len(words) > 1:
            at = folders.get(words[1])
            where = str(at.relative_to(tree)) if at else ""
            yield {"name": words[0].lower().replace("_", "-"), "path": where, "run": [words[1:]]}


def build(tree: Path, rows: list[dict[str, Any]]) -> tuple[list[Command], list[str]]:
    """The programs of `rows` that LTP's Makefiles build, and why the others are not."""
    found: list[Command] = []
    left_out: list[str] = []
    for row in rows:
        lines = [line.split() if isinstance(line, str) else line for line in row["run"]]
        place = tree / row["path"]
        commands = [command(row, words, place) for words in lines]
        if not row["path"]:
            left_out += (f"{one.name}: no source of {one.words[0]} in {tree}" for one in commands)
            continue
        wanted = dict.fromkeys(at.name for one in commands for at in (one.at, *one.helpers))
        # LTP builds beside its sources: all of its tree is its own to write.
        done = run_foreign(["make", "-k", "-C", place.absolute(), *wanted], writable=[tree])
        for one in commands:
            if all(at.is_file() for at in (one.at, *one.helpers)):
                found.append(one)
            else:
                left_out.append(first_error(one.name, done.stderr.decode("utf-8", "replace")))
    return found, left_out


def names(rows: list[Mapping[str, Any]]) -> list[str]:
    """How the programs of rows are called, built or not."""
    return [
        command(row, line.split() if isinstance(line, str) else line, Path()).name
        for row in rows
        for line in row["run"]
    ]
