# SPDX-License-Identifier: GPL-2.0-only
"""Lines that go one level in or out with those around them."""

from __future__ import annotations

import pytest

from zpmaint.merge.blockmerge import Joined, join
from zpmaint.merge.indent import common, shifted

SHIFTED = [
    ("\tx;\n", ("\t", "\t\t"), "\t\tx;\n"),
    ("\t\tx;\n", ("\t", "\t\t"), "\t\t\tx;\n"),
    ("\t\tx;\n", ("\t\t", "\t"), "\tx;\n"),
    ("\tx,\n", ("\t", "\t\t    "), "\t\t    x,\n"),
    ("        x;\n", ("        ", "\t"), "\tx;\n"),
    ("out:\n", ("\t", "\t\t"), "out:\n"),
    ("#ifdef A\n", ("\t", "\t\t"), "#ifdef A\n"),
    ("\n", ("\t", "\t\t"), "\n"),
    ("x;\n", ("\t\t", "\t"), None),
]


@pytest.mark.parametrize(("line", "shift", "wanted"), SHIFTED)
def test_a_line_goes_as_another_did(line: str, shift: tuple[str, str], wanted: str | None) -> None:
    assert shifted(line, shift) == wanted


COMMON = [
    ([("\ta\n", "\t\ta\n"), ("\tb\n", "\t\tb\n")], ("\t", "\t\t")),
    ([("\ta\n", "\t\ta\n"), ("\t\tb\n", "\t\t\tb\n"), ("}\n", "}\n")], ("\t", "\t\t")),
    ([("\ta\n", "\ta\n"), ("\tb\n", "\tb\n")], None),
    ([("\ta\n", "\t\ta\n"), ("\tb\n", "\tb\n")], None),
    ([("\ta\n", "\t\ta\n")], None),
]


@pytest.mark.parametrize(("pairs", "wanted"), COMMON)
def test_lines_that_all_went_alike(
    pairs: list[tuple[str, str]], wanted: tuple[str, str] | None
) -> None:
    assert common(pairs) == wanted


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def test_an_addition_is_as_deep_as_the_lines_around_it() -> None:
    base = lines("{\n\tone(a);\n\ttwo(a);\n\tthree(a);\n}\n")
    ours = lines("{\n\tone(a);\n\ttwo(a);\n\tmine(a);\n\tthree(a);\n}\n")
    theirs = lines("{\n\tfor (;;) {\n\t\tone(a);\n\t\ttwo(a);\n\t\tthree(a);\n\t}\n}\n")
    joined = join(base, ours, theirs)
    assert isinstance(joined, Joined)
    wanted = "{\n\tfor (;;) {\n\t\tone(a);\n\t\ttwo(a);\n\t\tmine(a);\n\t\tthree(a);\n\t}\n}\n"
    assert "".join(joined.lines) == wanted


def test_where_upstream_only_set_blanks_otherwise_the_patchs_line_stands() -> None:
    base = lines("\tif (a->b != c ||\n\t    d)\n\t\tgo();\n")
    ours = lines("\tif ((a &&\n\t     a->b != c) ||\n\t    d)\n\t\tgo();\n")
    theirs = lines("\tif (a ->b != c ||\n\t    d)\n\t\tgo();\n")
    joined = join(base, ours, theirs)
    assert isinstance(joined, Joined) and joined.lines == ours


def test_upstreams_lines_in_a_run_that_the_patch_re_indents_go_along() -> None:
    """No pair of braces goes: only one of the two does, and the run goes out one level."""
    base = lines("\tif (a) {\n\t\tone(a);\n\t} else {\n\t\ttwo(a);\n\t\tthree(a);\n\t}\n")
    ours = lines("\tif (a) {\n\t\tone(a);\n\t}\n\ttwo(a);\n\tthree(a);\n")
    theirs = [*base[:4], "\t\tif (b)\n", "\t\t\tnew(a);\n", *base[4:]]
    joined = join(base, ours, theirs)
    assert isinstance(joined, Joined)
    wanted = [*ours[:4], "\tif (b)\n", "\t\tnew(a);\n", ours[4]]
    assert joined.lines == wanted
