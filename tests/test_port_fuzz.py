# SPDX-License-Identifier: GPL-2.0-only
"""A megabyte of anything, with a hunk in its middle, is carried or refused in time and memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from zpmaint.diffs.member import Member, Series
from zpmaint.port.series import port_series

MB = 1 << 20


def filled(line: Callable[[int], str]) -> str:
    found, size = [], 0
    while size < MB:
        found.append(line(len(found)))
        size += len(found[-1])
    return "".join(found)


def nested(first: str, last: str) -> str:
    deep = MB // len(first + last)
    return first * deep + "int x;\n" + last * deep


SHAPES: dict[str, tuple[str, Callable[[], str]]] = {
    "#if in #if": ("kernel/a.c", lambda: nested("#if A\n", "#endif\n")),
    "#if without end": ("kernel/a.c", lambda: "#if A\n" * (MB // 6)),
    "#elif": ("kernel/a.c", lambda: "#if A\n" + filled(lambda n: f"#elif A{n}\nint a;\n")),
    "#else": ("kernel/a.c", lambda: "#if A\n" + "#else\n" * (MB // 6)),
    "comments that nothing closes": ("kernel/a.c", lambda: "/*\n" * (MB // 3)),
    "heads of functions": ("kernel/a.c", lambda: "a() {\n" * (MB // 6)),
    "one line again and again": ("kernel/a.c", lambda: "a = b;\n" * (MB // 7)),
    "calls": ("kernel/a.c", lambda: "x(a)x(a)\n" * (MB // 9)),
    "opening braces": ("kernel/a.c", lambda: "{\n" * (MB // 2)),
    "functions": ("kernel/a.c", lambda: filled(lambda n: f"int f{n}(void)\n{{\n\ta();\n}}\n")),
    "functions of one name": ("kernel/a.c", lambda: "int f(void)\n{\n\ta();\n}\n" * (MB // 22)),
    "a table": ("kernel/a.c", lambda: "int t[] = {\n" + filled(lambda n: f"\t{n},\n") + "};\n"),
    "if in if": ("kernel/Kconfig", lambda: nested("if A\n", "endif\n")),
    "entries of one name": ("kernel/Kconfig", lambda: 'config A\n\tbool "a"\n' * (MB // 20)),
    "ifeq in ifeq": ("kernel/Makefile", lambda: nested("ifeq (a,b)\n", "endif\n")),
    "brackets of make": ("kernel/Makefile", lambda: "$(a$(a\n" * (MB // 7)),
    "brackets of make in one line": ("kernel/Makefile", lambda: "$(a" * (MB // 3)),
    "nodes in nodes": ("arch/arm/boot/dts/a.dts", lambda: nested("a {\n", "};\n")),
}


def carried(path: str, text: str) -> None:
    """Carry a line that is added in the middle, upstream having changed the ends."""
    lines = text.split("\n")
    at = len(lines) // 2
    before, after = lines[max(0, at - 3) : at], lines[at : at + 3]
    size = len(before) + len(after)
    body = [*(f" {t}" for t in before), "+\tnew_line(here);", *(f" {t}" for t in after)]
    start = max(0, at - 3) + 1
    head = f"--- a/{path}\n+++ b/{path}\n@@ -{start},{size} +{start},{size + 1} @@\n"
    patch = (head + "\n".join(body) + "\n").encode()
    there = "\n".join(["first", *lines[:at], *after, "upstream(here);", *lines[at:]]).encode()
    series = Series("s", (Member("a.patch", patch, 1, (), ""),), (("a.patch", "a.patch"),))
    [port] = port_series(series, {path: text.encode()}, {path: there})
    assert port.why


@pytest.mark.parametrize("shape", SHAPES)
def test_a_megabyte_is_done_in_time_and_memory(shape: str) -> None:
    done = subprocess.run(
        [sys.executable, __file__, shape], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    seconds, memory = map(float, done.stdout.split())
    assert seconds < 60  # some of these take 6 s: that they end, on the slowest machine
    assert memory < 1 << 20  # KiB


if __name__ == "__main__":
    path, text = SHAPES[sys.argv[1]]
    carried(path, text())
    print(time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
