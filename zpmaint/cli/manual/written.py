# SPDX-License-Identifier: GPL-2.0-only
"""The files that the reference consists of, and whether those of a checkout are current."""

from __future__ import annotations

import functools
from pathlib import Path

from zpmaint.cli.manual.commands_page import commands_page
from zpmaint.cli.manual.files_page import files_page
from zpmaint.cli.manual.index_page import index_page
from zpmaint.cli.manual.keys_page import keys_page
from zpmaint.cli.manual.man import file_name, man_page
from zpmaint.cli.manual.pages import pages
from zpmaint.cli.manual.states_page import states_page

MAN = "man"
"""The folder of the man pages."""


@functools.cache
def reference() -> dict[str, str]:
    """By path below a checkout the text of each file."""
    commands = pages()
    return {
        "docs/README.md": index_page(),
        "docs/reference-commands.md": commands_page(commands),
        "docs/reference-files.md": files_page(),
        "docs/reference-keys.md": keys_page(),
        "docs/reference-states.md": states_page(),
        **{f"{MAN}/{file_name(page)}": man_page(page) for page in commands},
    }


def stale(top: Path) -> list[str]:
    """The paths below `top` whose files are not as the code has them, or are of no command."""
    made = reference()
    there = {str(path.relative_to(top)) for path in (top / MAN).glob("*")}
    wrong = [path for path, text in made.items() if _read(top / path) != text]
    return sorted({*wrong, *(there - set(made))})


def write(top: Path) -> list[str]:
    """Bring the files below `top` up to date; the paths of those that were not."""
    made = reference()
    found = stale(top)
    for path in found:
        if path in made:
            (top / path).parent.mkdir(exist_ok=True)
            (top / path).write_text(made[path], encoding="utf-8")
        else:
            (top / path).unlink()
    return found


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
