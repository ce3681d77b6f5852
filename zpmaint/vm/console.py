# SPDX-License-Identifier: GPL-2.0-only
"""Reading a kernel's console: which lines tell of a panic, a farewell, a broken kernel, and which
case of the suite was running. Pure.

The patterns are in console.toml, each with its reason. The guest puts a line of its own into the
kernel's log before each case (/dev/kmsg). What stands between two such lines was said while the
former's case ran or as its aftermath: the log keeps the order of what is put into it, which two
channels read side by side do not.
"""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources

from zpmaint.vm.values import Part

# What CONFIG_PRINTK_TIME and a log level in the raw log put before the text.
_PREFIX = re.compile(r"^(?:<\d>)?(?:\[\s*\d+\.\d+\](?:\[\s*[CT]\d+\])? ?)?")


_MARK = re.compile(r"^zpmaint: (?:case (?P<case>[a-z][a-z0-9.-]*)|end of the cases)$")


@functools.cache
def _patterns(kind: str) -> tuple[re.Pattern[str], ...]:
    table = tomllib.loads((resources.files("zpmaint.vm") / "console.toml").read_text())
    return tuple(re.compile(row["pattern"]) for row in table.get(kind, ()))


def _matches(kind: str, line: str) -> bool:
    return any(pattern.search(line) for pattern in _patterns(kind))


def lines(text: str) -> tuple[str, ...]:
    """The console's lines that say something, without time stamps and carriage returns."""
    split = (_PREFIX.sub("", line.strip("\r\0")).rstrip() for line in text.split("\n"))
    return tuple(line for line in split if line)


def panic(lines: tuple[str, ...]) -> str:
    """The line with which the kernel gave up, "" where it did not."""
    return next((line for line in lines if _matches("panic", line)), "")


def farewell(lines: tuple[str, ...]) -> str:
    """The line with which the kernel ended the machine on request, "" where there is none."""
    return next((line for line in reversed(lines) if _matches("farewell", line)), "")


def complaints(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines that tell of a broken kernel, in order."""
    return tuple(
        line for line in lines if _matches("complaint", line) and not _matches("allowed", line)
    )


def marked(line: str) -> str | None:
    """The case that a line of `lines` begins, "" for the one that ends them; None for another."""
    mark = _MARK.match(line)
    return (mark["case"] or "") if mark else None


def parts(lines: tuple[str, ...]) -> tuple[Part, ...]:
    """The console case by case, in order; what belongs to no case (the boot, the benchmark) under
    the name ""."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in lines:
        if (case := marked(line)) is not None:
            found.append((case, []))
        else:
            found[-1][1].append(line)
    return tuple(
        Part(case, tuple(said), complaints(tuple(said))) for case, said in found if said or case
    )
