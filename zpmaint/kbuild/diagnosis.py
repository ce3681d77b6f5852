"""Why a make failed: the first line of its log that tells, and whose fault it is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Whose fault, and the telling line."""

    infrastructure: bool
    line: str
    hint: str = ""


# The surroundings first: a full disk makes compile errors, never the other way round.
_SURROUNDINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"No space left on device|Disk quota exceeded"), "free some space and run again"),
    (
        re.compile(
            r"Killed signal terminated program|: Killed\b|virtual memory exhausted|"
            r"[Cc]annot allocate memory|out of memory allocating"
        ),
        "out of memory, most likely: fewer --jobs, or more memory",
    ),
    (
        re.compile(
            r"internal compiler error|(?:Segmentation fault|Bus error|Aborted|"
            r"Illegal instruction) signal terminated program"
        ),
        "the compiler crashed: run again; if it does so again, update gcc",
    ),
    (
        re.compile(r"(?:^|: )\S+: (?:command )?not found$"),
        "install the program; see zpmaint doctor",
    ),
    (
        re.compile(r"fatal error: (?:gelf|libelf|elf|openssl/\w+|ncurses)\.h: No such file"),
        "install the header's package; see zpmaint doctor",
    ),
    (re.compile(r"C compiler cannot create executables|cannot find -l\w+"), "see zpmaint doctor"),
)

# What a compiler, an assembler, a linker or kconfig says of a kernel that is wrong.
_TELLING: tuple[re.Pattern[str], ...] = (
    re.compile(r"^\S+?:\d+(?::\d+)?: (?:fatal )?error: "),
    re.compile(r"^\S+?:\d+: Error: "),  # the assembler
    re.compile(r"undefined reference to|multiple definition of"),
    re.compile(
        r"^\S*ld(?:\.\w+)?: .*(?:error|overlaps|will not fit|overflow|cannot|no such)", re.I
    ),
    re.compile(r"objtool: .*error", re.I),
    re.compile(r"^\S+?:\d+: .*(?:syntax error|missing separator|unknown|can't open file)"),
)
# make's own words, where nobody else said anything.
_LAST_WORDS = re.compile(r"^make(?:\[\d+\])?: \*\*\* (?!Waiting for unfinished jobs)")
_PLACE = re.compile(r"(?:^|: )(\S+): [Ii]n function [`'\u2018]")


def diagnose(lines: Iterable[str], src: str, obj: str) -> Fault:
    """The first telling line of a failed make, with the two folders' names taken out."""
    said = [_short(line, src, obj) for line in lines]
    for line in said:
        for pattern, hint in _SURROUNDINGS:
            if pattern.search(line):
                return Fault(True, line, hint)
    place = ""
    for line in said:
        if found := _PLACE.search(line):
            place = found[1]
        if "warning: " not in line and any(pattern.search(line) for pattern in _TELLING):
            named = "undefined reference" not in line or not place or place in line
            return Fault(False, line if named else f"{place}: {line}")
    for line in said:
        if _LAST_WORDS.search(line):
            return Fault(False, line)
    return Fault(False, next((line for line in reversed(said) if line), "make said nothing"))


def _short(line: str, src: str, obj: str) -> str:
    # ccache hands the compiler the way from obj to src, make and the linker the whole path.
    for folder in (f"{src}/", f"{obj}/", f"{os.path.relpath(src, obj)}/"):
        line = line.replace(folder, "")
    return line.strip()
