# SPDX-License-Identifier: GPL-2.0-only
"""Three spellings of a statement merged word by word, and additions in a gap that closed."""

from __future__ import annotations

import pytest

from zpmaint.merge import closed_gap, wordwise
from zpmaint.merge.lines import split_lines


def merged(base: str, ours: str, theirs: str) -> str | None:
    three = [split_lines(text + "\n") for text in (base, ours, theirs)]
    done = wordwise.merge(*three)
    return None if done is None else "".join(done).removesuffix("\n")


WORDS = {
    "another function is called": (
        "\tlog(dev, LOW,\n\t    text);", "\tlog(dev, HIGH,\n\t    text);",
        "\tPRINT(dev->top, LOW, text);", "\tPRINT(dev->top, HIGH, text);",
    ),
    "an argument went": ("f(a, NULL, 0);", "f(a, id, 0);", "g(a, NULL);", "g(a, id);"),
    "a list wrapped otherwise keeps its wrapping": (
        "ATTR(one, RW,\n     get_one,\n     set_one);",
        "ATTR(one, RO,\n     get_one,\n     set_one);",
        "ATTR(one, RW, get_one, set_one);", "ATTR(one, RO, get_one, set_one);",
    ),
    "a condition more, of a variable that was another": (
        "if (len > mtu) {", "if (len > mtu && !is_whole(p)) {",
        "if (len > get_mtu(dst)) {", "if (len > get_mtu(dst) && !is_whole(p)) {",
    ),
    "what the patch wraps anew stays so": (
        "x = f(a,\n      b,\n      c);", "x = g(a, b,\n      c);", "x = f(a,\n   b,\n   c);",
        "x = g(a, b,\n   c);",
    ),
    "both did the same": ("f(a, b);", "f(a, c);", "f(a, c);", "f(a, c);"),
}  # fmt: skip


@pytest.mark.parametrize("name", WORDS)
def test_words(name: str) -> None:
    base, ours, theirs, expected = WORDS[name]
    assert merged(base, ours, theirs) == expected


RIVALS = {
    "the patch takes away what the target words otherwise": (
        'warn("it faild\\n", r);', 'dev_err(dev, "broken\\n", r);', 'warn("it failed\\n", r);',
    ),
    "another value on either side": ("max = 40;", "max = 60;", "max = 10;"),
    "both add an argument": ("f(a);", "f(a, 1);", "f(a, 2);"),
    "what is prefixed to a word is one with it": ("add(utime);", "add(t->utime);", "add(get(t));"),
    "words side by side": ("u16 common;", "__le16 common;", "u16 reserved;"),
    "a statement that the target does not have": (
        "step(a, 1);\nmore(a);", "step(a, 1);\nmore(a, 2);", "step(a, 2);",
    ),
    "another statement": (
        "if (a) { one(a, b, c, d, e); two(b, c); }", "run(x);",
        "while (a) { one(a, b, c, d, e); two(b, c); }",
    ),
    "the rest of an edit whose one half goes": (
        "\tcont(first, fls((regs->high & 15) - 1));", "\tcont(mine, fls(cpus) - 1);",
        "\tcont(first, log2((regs->high & 15)));",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIVALS)
def test_rivals_are_not_merged(name: str) -> None:
    assert merged(*RIVALS[name]) is None


def test_a_long_text_is_no_statement() -> None:
    text = "word " * 5000
    assert merged(text, text + "more", text) is None


def filled(base: str, ours: str, above: str, below: str) -> str | None:
    """What stands between `above` and `below`, all lines of the base between them being gone."""
    gap = closed_gap.Gap.of(split_lines(base), split_lines(ours), [])
    if gap is None:
        return None
    top = split_lines(above)
    found = closed_gap.filled(gap, top, split_lines(below))
    if found is None:
        return None
    back, lines = found
    kept = len(top) - back
    return "".join([*top[:kept], *lines, *top[kept:]]) + below


GAPS = {
    "a row": ("b\nc\n", "b\nnew\nc\n", "a\n", "{}\n", "a\nnew\n{}\n"),
    "an empty line above that was a neighbour's": (
        "}\n\n#if D\n", "}\n\n#define N\n\n#if D\n", "}\n", "#endif\n",
        "}\n\n#define N\n\n#endif\n",
    ),
    "no two empty lines": ("x\n\ny\n", "x\n\nnew\n\ny\n", "a\n\n", "b\n", "a\n\nnew\n\nb\n"),
    "the head of a comment is the next one's": (
        " * old\n */\nint f;\n\n/**\n", " * old\n */\nint f;\n\n#define N\n\n/**\n",
        "int a;\n\n/**\n",
        " * next\n", "int a;\n\n#define N\n\n/**\n * next\n",
    ),
    "or the new one's": (
        "int b;\n\n/*\n * old\n */\n", "int b;\n\n/*\n * new\n */\nint n;\n\n/*\n * old\n */\n",
        "int a;\n\n", "int c;\n", "int a;\n\n/*\n * new\n */\nint n;\n\nint c;\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GAPS)
def test_an_addition_in_a_closed_gap(name: str) -> None:
    base, ours, above, below, expected = GAPS[name]
    assert filled(base, ours, above, below) == expected


NO_GAPS = {
    "behind a return nothing comes to it": ("\tb();\n", "\tb();\n\tn();\n", "\treturn 0;\n", "}\n"),
    "at the end of a deeper block": ("\tb();\n", "\tb();\n\tn();\n", "\t\tgoto out;\n", "\t}\n"),
    "it does more than add": ("b\nc\n", "n\nm\nc\n", "a\n", "d\n"),
    "two additions": ("b\nc\nd\n", "b\nn\nc\nm\nd\n", "a\n", "e\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_GAPS)
def test_no_place_in_a_gap(name: str) -> None:
    assert filled(*NO_GAPS[name]) is None
