# SPDX-License-Identifier: GPL-2.0-only
"""Text of guests, logs, patches and servers where it is shown."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from zpmaint.cli.console import SafeConsole
from zpmaint.cli.context import CommandContext
from zpmaint.cli.progress import Plain
from zpmaint.core.shown import json_visible, one_line, visible

ODD = (
    "\x1b]0;owned\x07", "\x1b[2J\x1b[1;1H", "\x9b31m", "a\rb", "a\x08b", "\x7f", "\x00",
    "\u202egnp.c", "\u2066x\u2069", "\u200b", "\u2028", "\ufeff", "\udcff", "\ufffe",
)  # fmt: skip
"""A title, a cleared screen, C1, what overwrites, marks of direction, what is no text."""


def is_plain(text: str) -> bool:
    """Whether no terminal acts on it and every encoder takes it."""
    text.encode("utf-8")
    return all(sign in "\n\t" or sign.isprintable() for sign in text)


@pytest.mark.parametrize("text", ODD)
def test_what_would_be_acted_on_is_shown(text: str) -> None:
    assert is_plain(visible(text))
    assert visible(text) != text
    assert visible("mm/memory.c: \N{GREEK SMALL LETTER MU}\tx\n") == "mm/memory.c: \u03bc\tx\n"


def test_escapes_say_which_byte_it_was() -> None:
    assert visible("\x1b[2J \udcff \u202e") == r"\x1b[2J \xff \u202e"


@given(st.text())
def test_anything_can_be_shown(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert visible(shown) == shown
    assert "\n" not in one_line(text)
    assert len(one_line(text, 80)) <= 80


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_means_what_it_meant(value: object) -> None:
    document = json_visible(json.dumps(value, ensure_ascii=False, indent=2))
    document.encode("utf-8")
    assert "\x9b" not in document
    assert json.loads(document) == value


@pytest.mark.parametrize("text", ODD)
def test_no_table_hands_it_on(text: str) -> None:
    out = io.StringIO()
    console = SafeConsole(file=out, width=100, highlight=False, color_system=None)
    table = Table(title=text)
    table.add_column(text)
    table.add_row(text)
    for one in (text, Text(text), Text.assemble(("x", "bold"), text), table):
        console.print(one, markup=False)
    assert is_plain(out.getvalue())


def test_a_terminal_keeps_its_own_colours() -> None:
    out = io.StringIO()
    console = SafeConsole(file=out, force_terminal=True, color_system="standard", width=40)
    console.print(Text("x\x1b[5m", style="red"))
    assert out.getvalue() == "\x1b[31mx\\x1b[5m\x1b[0m\n"


@pytest.mark.parametrize("text", ODD)
def test_no_step_hands_it_on(text: str) -> None:
    out = io.StringIO()
    with Plain(out).step(text) as step:
        step.note(text)
    assert is_plain(out.getvalue())


def test_json_of_a_command_can_be_printed_anywhere(capsys: pytest.CaptureFixture[str]) -> None:
    CommandContext(None, quiet=True).json({"name": "\udcff\x9b\u202e", "n": 1})
    said = capsys.readouterr().out
    assert is_plain(said)
    assert json.loads(said) == {"name": "\udcff\x9b\u202e", "n": 1}
