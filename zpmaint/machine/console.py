"""Reading a kernel's console: which lines tell of a panic, a farewell, a broken kernel. Pure.

The patterns are in console.toml, each with its reason.
"""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources

# What CONFIG_PRINTK_TIME and a log level in the raw log put before the text.
_PREFIX = re.compile(r"^(?:<\d>)?(?:\[\s*\d+\.\d+\](?:\[\s*[CT]\d+\])? ?)?")


@functools.cache
def _patterns(kind: str) -> tuple[re.Pattern[str], ...]:
    table = tomllib.loads((resources.files("zpmaint.machine") / "console.toml").read_text())
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
