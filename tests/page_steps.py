# SPDX-License-Identifier: GPL-2.0-only
"""What a page of the documents has its reader do, in order, and doing it.

A listing says what it is in its first words:

    ```toml patches/mine/patch.toml      this is the file
    ```toml kernels.toml +               this goes to its end
    ```diff                              patch -p1 takes this
    ```console                           lines with $ are typed; the others are what comes of them
    ```console 1                         the same, with this exit status
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from shown_commands import ROOT, blocks


@dataclass(frozen=True)
class Step:
    """One thing to do."""

    line: int
    kind: str
    """write, append, patch or run."""
    text: str
    """What is written; the line that is typed."""
    file: str = ""
    says: tuple[str, ...] = ()
    """The lines that the page shows of what comes of it."""
    status: int = 0
    """The exit status of what is typed."""


def steps(page: str) -> list[Step]:
    """Those of docs/PAGE.md."""
    found: list[Step] = []
    for block in blocks((ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")):
        kind, *rest = block.kind.split() or [""]
        if kind == "console":
            found += _typed(block.line, block.text, int(rest[0]) if rest else 0)
        elif rest:
            how = "append" if rest[1:] == ["+"] else "write"
            found.append(Step(block.line, how, block.text, rest[0]))
        elif kind == "diff":
            found.append(Step(block.line, "patch", block.text))
    return found


def _typed(line: int, text: str, status: int) -> Iterator[Step]:
    for part in re.split(r"(?m)^\$ ", text)[1:]:
        command, *says = part.splitlines()
        while command.endswith("\\"):
            command = command[:-1] + says.pop(0).strip()
        yield Step(line, "run", command, says=tuple(says), status=status)


def do(step: Step, folder: Path) -> None:
    """A step that changes files below `folder`."""
    if step.kind == "patch":
        done = subprocess.run(
            ["patch", "-p1", "-F0", "--no-backup-if-mismatch"], cwd=folder, input=step.text,
            text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"line {step.line}: {done.stdout}{done.stderr}"
        return
    place = folder / step.file
    place.parent.mkdir(parents=True, exist_ok=True)
    assert place.exists() == (step.kind == "append"), f"line {step.line}: {step.file}"
    with place.open("a", encoding="utf-8") as file:
        file.write(step.text)


def walk(
    page: str,
    here: Callable[[], Path],
    run: Callable[[Step], None],
    local: Callable[[str], str] = str,
) -> None:
    """Do all that a page says: files by itself in the folder `here`, what is typed by `run`.
    `local` makes of a text that names folders one that names those of this machine."""
    for told in steps(page):
        step = replace(told, text=local(told.text))
        if step.kind == "run":
            run(step)
        else:
            do(step, here())
