# SPDX-License-Identifier: GPL-2.0-only
"""Scopes of C as kernels write it, the parts tree-sitter cannot read included."""

from __future__ import annotations

from itertools import pairwise

import pytest

from zpmaint.port.scopes import Source, errors, locals_of, source

C = b"""#include <linux/mm.h>

#define WIDE(a) \\
	do_one(a); \\
	do_two(a)

struct driver {
	int id;
	const char *name;
};

static const struct driver one = {
	.id = 1,
	.name = "one",
};

/* A comment. */
static int __init
old_style(int a,
		int b)
{
	if (a)
		return b;
	return 0;
}

#ifdef CONFIG_X
int twin(void)
{
	return 1;
}
#else
int twin(void)
{
#ifdef CONFIG_Y
	inner();
#endif
	return 2;
}
#endif

__setup("x", old_style);

asmlinkage long
odd(MACRO_THAT(is) not C)
{
	anything();
}
"""


def line(text: str) -> int:
    return C.decode().split("\n").index(text)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("	do_two(a)", "macro", "WIDE"),
        ("	int id;", "struct", "driver"),
        ("	.id = 1,", "table", "one"),
        ("		return b;", "function", "old_style"),
        ("	return 1;", "function", "twin"),
        ("	return 2;", "function", "twin"),
        ("	anything();", "function", "odd"),
    ],
)
def test_scope_at(text: str, kind: str, name: str) -> None:
    scope = source(C).scope_at(line(text))
    assert scope is not None
    assert (scope.kind, scope.name) == (kind, name)


@pytest.mark.parametrize("text", ["#include <linux/mm.h>", "/* A comment. */", "#else"])
def test_file_level(text: str) -> None:
    assert source(C).scope_at(line(text)) is None


def test_between_two_functions_is_file_level() -> None:
    start = line("static int __init")
    assert source(C).scope_between(start) is None
    assert source(C).scope_between(start + 1) is not None


def test_twins_differ_in_their_conditions() -> None:
    one, two = (source(C).scope_at(line(text)) for text in ("	return 1;", "	return 2;"))
    assert (
        one and two and (one.kind, one.name, one.conditions) != (two.kind, two.name, two.conditions)
    )
    assert source(C).same_scope(two) == [two]
    assert source(C).inner(line("	inner();")) == ("ifdef CONFIG_Y",)


def test_scopes_do_not_overlap() -> None:
    scopes = source(C).scopes
    assert all(a.end <= b.start for a, b in pairwise(scopes))


def test_declared_names() -> None:
    text = (
        b"int f(struct page *p, int n)\n{\n	int i, *q = p;\n	char b[8];\nout:\n	g(i);\n}\n"
    )
    assert locals_of(text) >= {"p", "n", "i", "q", "b", "out"}
    assert "g" not in locals_of(text)


def test_errors_are_counted() -> None:
    good = b"int f(void)\n{\n	return 1;\n}\n"
    assert errors(good) == 0
    assert errors(good.replace(b"return 1;", b"return ((1;")) > 0


def test_same_bytes_same_source() -> None:
    assert source(b"int x;\n") is source(bytes(bytearray(b"int x;\n")))


def test_any_bytes_are_a_source() -> None:
    assert Source(b"\xff{\n\x00}\n}\n{\n").scopes == []


def test_the_arguments_of_a_system_call_are_its_variables() -> None:
    text = b"SYSCALL_DEFINE2(sum, int, first, char __user *, second)\n{\n\tint all;\n}\n"
    assert locals_of(text) == {"first", "second", "all"}
