# SPDX-License-Identifier: GPL-2.0-only
"""Scopes that macros hide from a parser: seen by the columns they open and close in."""

from __future__ import annotations

import pytest

from zpmaint.port.scopes import source


def scopes(text: str, language: str = "c") -> list[tuple[str, str, int, int]]:
    return [(s.kind, s.name, s.start, s.end) for s in source(text.encode(), language).scopes]


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("struct ops {\n\tint a;\n} __randomize_layout;\n", "struct", "ops"),
        ("struct __packed head {\n\tu8 a;\n};\n", "struct", "head"),
        ("struct rows {\n\tint a;\n} ____cacheline_aligned_in_smp;\n", "struct", "rows"),
        (
            "struct dev {\n\t__cacheline_group_begin(tx);\n\tint a;\n"
            "\tstruct_group(pair,\n\t\tint b;\n\t\tint c;\n\t);\n\tint d;\n};\n",
            "struct",
            "dev",
        ),
        ("static struct one {\n\tint a;\n} it;\n", "struct", "one"),
        ("enum {\n\tFIRST_ONE,\n\tSECOND_ONE,\n};\n", "struct", "enum FIRST_ONE"),
        ("enum items {\n\tA_ONE,\n\tNR_ONES };\n", "struct", "items"),
        ("SYSCALL_DEFINE2(look, int, a,\n\t\tint, b)\n{\n\treturn a;\n}\n", "function", "sys_look"),
        (
            "COMPAT_SYSCALL_DEFINE1(look, int, a)\n{\n\treturn a;\n}\n",
            "function",
            "compat_sys_look",
        ),
        ("CALL_2(helper, int, a, int, b)\n{\n\treturn a;\n}\n", "function", "helper"),
        ("static DEFINE_PER_CPU(struct t, slots) = {\n\t.a = 1,\n};\n", "table", "slots"),
        ("DEFINE_KIND(stop) = {\n\t.a = one,\n};\n", "table", "stop"),
        ("static int (*const calls[])(int) = {\n\tone,\n\ttwo,\n};\n", "table", "calls"),
        ("static struct t row __initdata =\n{\n\t.a = 1,\n};\n", "table", "row"),
        ("TRACE_EVENT(woken,\n\n\tTP_PROTO(int a),\n\tTP_ARGS(a)\n);\n", "table", "woken"),
        ("DEFINE_EVENT(kind, slept,\n\tTP_PROTO(int a),\n\tTP_ARGS(a)\n);\n", "table", "slept"),
        (
            "static __printf(2, 3)\nint say(int a, char *b, ...)\n{\n\treturn 0;\n}\n",
            "function",
            "say",
        ),
        (
            "static __always_inline int quick(int a)\n{\n\treturn a;\n}\n",
            "function",
            "quick",
        ),
        (
            "static void held(int a)\n\t__acquires(lock)\n{\n\ttake(a);\n}\n",
            "function",
            "held",
        ),
    ],
)
def test_a_scope_that_a_macro_hides(text: str, kind: str, name: str) -> None:
    """Between two plain functions, which are scopes of their own and no part of it."""
    plain = "int {}(void)\n{{\n\treturn 0;\n}}\n\n"
    found = scopes(plain.format("before") + text + "\n" + plain.format("after"))
    size = text.count("\n")
    assert found == [
        ("function", "before", 0, 4),
        (kind, name, 5, 5 + size),
        ("function", "after", 6 + size, 10 + size),
    ]


def test_a_table_of_a_type_without_name() -> None:
    found = scopes("static struct {\n\tint a;\n\tint b;\n} pair = {\n\t.a = 1,\n};\n")
    assert [name for _, name, _, _ in found] == ["pair"] * len(found)
    assert found[-1][3] == 6


def test_calls_of_macros_before_a_function_are_none_of_it() -> None:
    text = "STAT(one)\nSTAT(two)\n\nint f(void)\n{\n\treturn 0;\n}\n"
    assert scopes(text) == [("function", "f", 3, 7)]


def test_a_brace_in_a_macro_ends_no_body() -> None:
    text = (
        "int f(int a)\n{\n#define EACH(x) do { \\\n\tone(x); \\\n} while (0)\n\tEACH(a);\n"
        "\treturn 0;\n}\n"
    )
    assert scopes(text) == [("function", "f", 0, 8)]


def test_a_macro_right_above_is_no_head() -> None:
    text = "#define ITEM(x) \\\n\tITEM_ ## x = (x)\nenum {\n\tITEM(1),\n\tITEM(2),\n};\n"
    assert scopes(text)[-1] == ("struct", "enum ITEM", 2, 6)


def test_nodes_with_remarks_beside_their_braces() -> None:
    text = (
        '&npu {\n\tstatus = "okay";\n};\n\n'
        "serial@2000 {\t// the {first}\n\treg = <1>;\n\tinterrupts = <2>; };\n\n"
        '&gpu {\n\tname = "}";\n};\n'
    )
    assert scopes(text, "devicetree") == [
        ("node", "/&npu", 0, 3),
        ("node", "/serial@2000", 4, 7),
        ("node", "/&gpu", 8, 11),
    ]
