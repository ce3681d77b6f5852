# SPDX-License-Identifier: GPL-2.0-only
"""Loops that macros open are read as loops; what only looks like one stays."""

from __future__ import annotations

import pytest

from zpmaint.port.checks.strays import strays
from zpmaint.port.loops import readable
from zpmaint.port.scopes import errors, late_declarations, source


def function(body: str) -> bytes:
    return f"static int f(struct x *x)\n{{\n\tint i, n = 0;\n\n{body}\treturn n;\n}}\n".encode()


@pytest.mark.parametrize(
    "body",
    [
        "\tfor_each_possible_cpu(i)\n\t\tn += field(IDLE, i) + field(IOWAIT, i);\n",
        "\tfor_each_possible_cpu(i)\n\t\tn += (field(IDLE, i) + field(IOWAIT, i));\n",
        "\tlist_for_each_entry(x, &x->list, list)\n\t\tif (x->a)\n\t\t\tcontinue;\n",
        "\tlist_for_each_entry_safe(x, x, &x->list,\n\t\t\t\t list) {\n\t\tn++;\n\t}\n",
        "\tfor_each_a(x)\n\t\tfor_each_b(i, x->b)\n\t\t\t*x->c[i] = 0;\n",
        "\tscoped_guard(mutex, &x->lock) {\n\t\tn = x->n;\n\t}\n",
        "\tdo_each_thread(g, t) {\n\t\tn++;\n\t} while_each_thread(g, t);\n",
        "\tif (n)\n\t\tfor_each_cpu(i, x->mask) /* all */\n\t\t\t++n;\n",
        "\tif (n) {\n\t\tn = 1;\n\t} else for_each_cpu(i, x->mask)\n\t\tn += i;\n",
    ],
)
def test_a_loop_is_read(body: str) -> None:
    data = function(body)
    assert errors(data) == 0
    assert late_declarations(data) == 0 and not strays(data)
    assert len(readable(data)) == len(data) and readable(data).count(b"\n") == data.count(b"\n")


@pytest.mark.parametrize(
    "text",
    [
        "\twait_for_completion(&x->done);\n",
        "\tn =\n\t\tbus_for_each_dev(x->bus, 0, 0, f);\n",
        "\tif (n &&\n\t    wait_for_it(x) && i)\n\t\tn = 0;\n",
        "\tcall(x,\n\t     ops_for_x(x), n);\n",
        "\tn = i +\n\t\tsize_for_x(x) * 2;\n",
    ],
)
def test_a_call_stays(text: str) -> None:
    data = function(text)
    assert readable(data) == data and errors(data) == 0


def test_definitions_stay() -> None:
    data = (
        b"#define for_each_x(x) for (x = first(); x; x = next(x))\n"
        b"static void\nfor_each_y(struct y *y)\n{\n\tcall(y);\n}\n"
        b"static void __init\n\twait_for_z(int z)\n{\n\tcall(z);\n}\n"
    )
    assert readable(data) == data
    assert {"for_each_y", "wait_for_z"} <= {scope.name for scope in source(data).scopes}
    assert readable(b"\tfor_each_cpu(" + b"(" * 5000) == b"\tfor_each_cpu(" + b"(" * 5000
