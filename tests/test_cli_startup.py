# SPDX-License-Identifier: GPL-2.0-only
"""Start-up is lazy: what a command does not use, it does not import."""

from __future__ import annotations

import sys

import click
import pytest
from imports_of import imported, top_level

from zpmaint.cli.commands import COMMANDS, CommandGroup, load

HEAVY = {"git", "requests", "tree_sitter", "pydantic", "rich", "jinja2", "debian", "unidiff"}
EDGES = {"git", "requests", "urllib3", "tree_sitter", "jinja2"}

COMPLETE = {"_ZPMAINT_COMPLETE": "bash_complete", "COMP_WORDS": "zpmaint re", "COMP_CWORD": "1"}


@pytest.mark.parametrize(
    ("words", "env"), [(["--help"], {}), (["--version"], {}), ([], COMPLETE)]
)  # fmt: skip
def test_listing_the_commands_imports_click_alone(words: list[str], env: dict[str, str]) -> None:
    modules = imported(*words, env=env)
    assert "click" in modules
    foreign = top_level(modules) - sys.stdlib_module_names - {"click", "zpmaint", "__main__"}
    # Finders of an editable installation, and site's own hooks, are loaded by any Python.
    assert {name for name in foreign if not name.startswith(("_", "site"))} == set()
    assert not HEAVY & top_level(modules)
    rooms = {name for name in modules if name.startswith("zpmaint.")}
    assert {name.split(".")[1] for name in rooms} == {"cli", "core"}
    assert len(rooms) <= 8, sorted(rooms)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_help_loads_no_edge(name: str) -> None:
    """Its own modules at most; what fetches, parses C or fills templates waits for being used."""
    loaded = top_level(imported(name, "--help"))
    # Debian's packages are what `evaluate` is about: it stands on their source.
    assert not (EDGES - ({"requests", "urllib3"} if name == "evaluate" else set())) & loaded


@pytest.mark.parametrize(
    ("words", "forbidden"),
    [
        (["completion", "bash"], HEAVY),
        (["doctor", "--help"], EDGES | {"pydantic", "sqlite3"}),
        (["results", "--json"], EDGES),
        (["results"], EDGES),
        (["import", "--help"], EDGES | {"pydantic", "rich"}),
    ],
)
def test_a_command_imports_what_it_uses(words: list[str], forbidden: set[str]) -> None:
    assert not forbidden & top_level(imported(*words))


def test_completion_offers_names_with_their_lines() -> None:
    group = CommandGroup("zpmaint")
    offered = group.shell_complete(click.Context(group), "re")
    assert {(item.value, item.help) for item in offered} == {
        (name, COMMANDS[name].line) for name in ("resolve", "results", "regressions")
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_each_line_is_shown_whole(name: str) -> None:
    """click cuts what does not fit into 80 columns beside the longest name."""
    entry = COMMANDS[name]
    assert entry.line.endswith(".") and entry.line[0].isupper()
    width = 80 - 6 - max(map(len, COMMANDS))
    assert click.Command(name, help=entry.line).get_short_help_str(width) == entry.line
    assert load(name).help, "the command has a page of its own"
