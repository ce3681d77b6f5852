# SPDX-License-Identifier: GPL-2.0-only
"""The patch takes away what the other side only spells otherwise."""

from __future__ import annotations

import pytest

from zpmaint.merge import covered
from zpmaint.merge.lines import split_lines


def merged(base: str, ours: str, theirs: str) -> str | None:
    three = [split_lines(text + "\n") for text in (base, ours, theirs)]
    done = covered.merge(*three)
    return None if done is None else "".join(done).removesuffix("\n")


OLD = "if (real(x) || !is_protected(x->cpu)) {"
SPELLED = "if (real(x) || !(x->cpu->flags & PROTECTED)) {"
COVERED = {
    "a condition goes that the target spells out": (
        OLD, "if (real(x)) {", SPELLED, "if (real(x)) {",
    ),
    "and one that the target wraps, too": (
        OLD, "if (real(x)) {", "if (real(x) ||\n\t!(x->cpu->flags & PROTECTED)) {",
        "if (real(x)) {",
    ),
    "another comes in its stead": (
        OLD, "if (real(x) || x->mode == VIRTUAL) {", SPELLED,
        "if (real(x) || x->mode == VIRTUAL) {",
    ),
    "what lies beside it stays as the target has it": (
        "if (real(x) || !is_protected(x->cpu)) {", "if (real(x)) {",
        "if (is_real(x) || !(x->cpu->flags & PROTECTED)) {", "if (is_real(x)) {",
    ),
    "a message goes that the target words otherwise": (
        'log(dev, "old text", dev->name);', "log_short(dev);", 'log(dev, "new text", dev->name);',
        "log_short(dev);",
    ),
    "both have done a part of it": (
        "f(a, first(b), c);", "f(a, d);", "f(a, other(b), d);", "f(a, d);",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", COVERED)
def test_what_goes_covers_how_it_is_spelled(case: str) -> None:
    base, ours, theirs, wanted = COVERED[case]
    assert merged(base, ours, theirs) == wanted


REFUSED = {
    "both put a name of their own there": ("f(a, old);", "f(a, mine);", "f(a, yours);"),
    "the target's reaches further": (
        "f(a, b, c);", "f(a, c);", "f(d, e);",
    ),
    "the target changed a number of it": (
        "ret = request(irq, handler, 0, name);", "ret = threaded(irq);",
        "ret = request(irq, handler, 1, name);",
    ),
    "the target has a statement more": (
        "if (a && b)\n\tf(a, b);", "if (mine(a))\n\tg(a);\n", "if (a && b)\n\tf(a, b);\n\th(a);",
    ),
    "it is another kind of statement": (
        "if (!a && b(c))\n\tf(a, b);", "f(a, b);", "while (!a && b(c))\n\tf(a, b);",
    ),
    "it is another statement": (
        'if (a) {\n\tlog("it failed", a);\n\treturn;\n}', "if (a)\n\treturn;",
        "if (a) {\n\tundo_all(a);\n\treturn;\n}",
    ),
    "the target adds right behind what goes": (
        "f(a, b, c);", "f(a, c);", "f(a, b, d, c);",
    ),
    "the patch makes two statements of it, and what the target took away is in one": (
        'say("bit %d\\n", top((dev->mask & 0xf) - 1));',
        'u8 bits = dev->mask & 0xf;\nif (bits)\n\tsay("bit %d", top(bits) - 1);\nsay("\\n");',
        'say("bit %d\\n", log((dev->mask & 0xf)));',
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_spelling_is_a_conflict(case: str) -> None:
    assert merged(*REFUSED[case]) is None
