# SPDX-License-Identifier: GPL-2.0-only
"""Every command that the documents show: read by the real parser, and run by a test, or marked in
shown_commands.toml with the reason why none does. A new document is covered by itself."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
from page_steps import steps
from shown_commands import (
    Block,
    Shown,
    commands_of,
    mentioned,
    options_of,
    parse,
    run_by_tests,
    shown,
    typed,
)

HERE = Path(__file__).parent
FOLLOWED = ("tutorial-post", "tutorial-branch", "keepers-day")
"""Pages whose commands a test types as they stand there."""


@cache
def rows() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads((HERE / "shown_commands.toml").read_text(encoding="utf-8"))


def test_every_command_that_is_shown_is_one() -> None:
    found = shown()
    assert len(found) > 150
    wrong = []
    for one in found:
        try:
            parse(one.words)
        except click.UsageError as error:
            wrong.append(f"{one.file}:{one.line}: {one.text}: {error.format_message()}")
    assert wrong == []


def test_commands_within_sentences_are_ones_as_far_as_they_are_said() -> None:
    found = mentioned()
    assert len(found) > 100
    wrong = []
    for one in found:
        try:
            parse(one.words)
        except click.MissingParameter:
            continue
        except click.UsageError as error:
            said = error.format_message()
            if not _stands_for_a_value(error, one):
                wrong.append(f"{one.file}:{one.line}: {one.text}: {said}")
    assert wrong == []


def _stands_for_a_value(error: click.UsageError, shown: Shown) -> bool:
    """Whether it is only that a sentence has NAME, or nothing, in the place of a value."""
    if isinstance(error, click.BadOptionUsage):
        return "requires an argument" in error.message
    if shown.words == ("COMMAND",):
        return True
    return isinstance(error, click.BadParameter) and any(
        f"'{word}'" in error.message for word in shown.words if word.isupper()
    )


def _uncovered() -> dict[tuple[str, str], Shown]:
    """By command and option the first place that shows it, of those that no test runs."""
    run = run_by_tests()
    for page in FOLLOWED:
        for step in steps(page):
            if step.kind == "run":
                for words in commands_of(step.text):
                    names, options = options_of(words)
                    run.setdefault(names, {}).update(dict.fromkeys(["", *options], page))
    found: dict[tuple[str, str], Shown] = {}
    for one in shown():
        names, options = options_of(one.words)
        for option in {"", *options} - set(run.get(names, {})):
            found.setdefault((" ".join(names), option), one)
    return found


def test_every_command_that_is_shown_is_run_by_a_test_or_says_why_not() -> None:
    marked = {
        (row["command"], option) for kind in ("run", "not") for row in rows()[kind]
        for option in row["options"]
    }  # fmt: skip
    open_ones = _uncovered()
    assert {
        f"{one.file}:{one.line}: {command} {option}".rstrip()
        for (command, option), one in open_ones.items()
        if command and (command, option) not in marked
    } == set()
    needless = sorted(marked - set(open_ones))
    assert needless == [], "a test runs it, or no document shows it"


@pytest.mark.parametrize("row", rows()["run"], ids=lambda row: f"{row['command']}: {row['test']}")
def test_the_test_that_is_named_has_the_options(row: dict[str, Any]) -> None:
    text = (HERE / row["test"]).read_text(encoding="utf-8")
    assert row["how"]
    for option in row["options"]:
        assert option in text or not option


def test_why_none_runs_is_said() -> None:
    assert all(len(row["why"]) > 10 for row in rows()["not"])


@pytest.mark.parametrize(
    ("listing", "commands"),
    [
        ("$ zpmaint port 6.12 --json\nzpmaint is no command here\n", ["port 6.12 --json"]),
        ("zpmaint port 6.12   # as it is\n", ["port 6.12"]),
        ("A=1 ci/zpmaint port 6.12 | zpmaint check - >x && ls\n", ["port 6.12", "check -"]),
        ("$ zpmaint port \\\n    6.12 --out 'a b'\n", ["port 6.12 --out a b"]),
        ("zpmaint works $(uname -r)\n", ["works 6.12.107"]),
        ("prose of zpmaint\n", []),
    ],
)
def test_listings_are_read_as_a_shell_reads_them(listing: str, commands: list[str]) -> None:
    lines = [line for _, line in typed(Block(1, "console", listing))]
    assert [" ".join(words) for line in lines for words in commands_of(line)] == commands


def test_listings_of_another_kind_are_typed_where_they_have_a_prompt() -> None:
    block = Block(1, "shell-session", "$ zpmaint results\nzpmaint port 6.12\n")
    assert [line for _, line in typed(block)] == ["zpmaint results"]
    assert list(typed(Block(1, "text", "zpmaint port [OPTIONS] VERSION\n"))) == []


@pytest.mark.parametrize(
    "words",
    [("prot", "6.12"), ("port",), ("port", "6.12", "--uot", "x"), ("matrix", "ci", "gitlub")],
)
def test_what_is_no_command_is_found(words: tuple[str, ...]) -> None:
    with pytest.raises(click.UsageError):
        parse(words)
