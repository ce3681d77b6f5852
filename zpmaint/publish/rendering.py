# SPDX-License-Identifier: GPL-2.0-only
"""From a template and its values to a page's bytes; the templates' own words are declared here."""

from __future__ import annotations

import functools
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from zpmaint.publish import words
from zpmaint.publish.looks import LOOKS
from zpmaint.publish.navigation import navigation
from zpmaint.publish.page import shown
from zpmaint.publish.rows import Standing

if TYPE_CHECKING:
    from jinja2 import Environment

_COMMIT = re.compile(r"\b((?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{12,40})\b")

TEMPLATES = Path(__file__).parent / "templates"


def rendered(template: str, **values: object) -> bytes:
    """A template of `templates/` with these values, in which no text is markup."""
    return shown(environment().get_template(template).render(**values))


_compiled: list[Path] = []


def keep_compiled(folder: Path) -> None:
    """Have the templates as they were compiled kept in `folder`, which nobody else may write:
    compiling them takes longer than most of publishing. Before the first page is made."""
    _compiled[:] = [folder]


@functools.cache
def environment() -> Environment:
    """Jinja's, for the templates of this folder."""
    from jinja2 import ChainableUndefined, Environment, FileSystemBytecodeCache, FileSystemLoader

    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        bytecode_cache=FileSystemBytecodeCache(str(_compiled[0])) if _compiled else None,
        autoescape=True,
        # A ledger keeps what older versions recorded: what is missing there is shown as a dash.
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters.update(
        number=words.number,
        signed=words.signed,
        mebibytes=words.mebibytes,
        moment=words.moment,
        day=words.day,
        iso=words.iso,
        duration=words.duration,
        age=words.age,
        percent=words.percent,
        href=quote,
        one_line=lambda text: type(text)(" ").join(text.split()),
        lines=_diff_lines,
        commits=_commits,
        shell=lambda command: shlex.join(map(str, command)),
    )
    env.globals.update(looks=LOOKS, Standing=Standing, navigation=navigation)
    return env


def _commits(text: str) -> list[tuple[bool, str]]:
    """A text in parts, each with whether it is the name of a commit."""
    parts = _COMMIT.split(text)
    return [(n % 2 == 1, part) for n, part in enumerate(parts) if part]


def _diff_lines(patch: str) -> list[tuple[str, str]]:
    """A patch's lines, each with the class that colours it."""
    kinds = {"+": "add", "-": "del", "@": "at"}
    made = []
    for line in patch.splitlines():
        heading = line.startswith(("--- ", "+++ ", "diff ", "index "))
        made.append(("head" if heading else kinds.get(line[:1], ""), line))
    return made
