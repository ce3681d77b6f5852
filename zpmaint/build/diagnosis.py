# SPDX-License-Identifier: GPL-2.0-only
"""Why a make failed: the line of its log that tells, and whose fault it is.

A line tells by its own form, as the program that says it writes it; words inside source that a
compiler quotes tell nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.errors import UserError


@dataclass(frozen=True)
class Fault:
    """Whose fault, and the telling line."""

    infrastructure: bool
    line: str
    hint: str = ""


_Shapes = tuple[tuple[re.Pattern[str], str], ...]

_COMPILER = (
    r"(?:\S*/)?(?:[\w.+-]*gcc[\w.-]*|[\w.+-]*clang[\w.-]*|[\w-]*g\+\+[\w.-]*"
    r"|cc|cc1\w*|as|ld[\w.]*|rustc)"
)

# A machine in trouble makes compile errors, never the other way round: these go first.
_MACHINE: _Shapes = (
    (
        re.compile(r": (?:No space left on device|Disk quota exceeded)\.?$"),
        "free some space and run again",
    ),
    (
        re.compile(r": (?:Read-only file system|Input/output error|Too many open files)\.?$"),
        "the machine's disk or limits, not the kernel: mend that and run again",
    ),
    (
        re.compile(
            rf"^{_COMPILER}: (?:fatal |internal compiler )?error: Killed\b"
            r"|^\S*sh: line \d+: +\d+ Killed\b|^make(?:\[\d+\])?: \*\*\* .* Killed$|: Killed$"
            r"|^(?:\S+: )?virtual memory exhausted|^\S+: out of memory allocating"
            r"|: [Cc]annot allocate memory$|^make(?:\[\d+\])?: (?:v?fork|posix_spawn): "
        ),
        "out of memory, most likely: fewer --jobs, or more memory",
    ),
    (
        re.compile(
            rf"^(?:\S+?:\d+(?::\d+)?|{_COMPILER}): internal compiler error: "
            rf"|^{_COMPILER}: (?:fatal )?error: (?:Segmentation fault|Bus error|Aborted|"
            r"Illegal instruction) signal terminated program"
        ),
        "the compiler crashed: run again; if it does so again, update gcc",
    ),
)

_INSTALL = "install the program; see zpmaint doctor"
# Programs that the shell or make did not find. Some are asked for and done without.
_NO_PROGRAM: _Shapes = (
    (re.compile(r"^(?:/\S+/)?\w*sh: (?:line )?\d+: [^\s/]+: (?:command )?not found$"), _INSTALL),
    (
        re.compile(
            r"^make(?:\[\d+\])?: [^\s/*]+: (?:Command not found|No such file or directory)$"
        ),
        _INSTALL,
    ),
    (re.compile(r"^(?:/\S+/)?env: \S+: No such file or directory$"), _INSTALL),
    (re.compile(r": bad interpreter: No such file or directory$"), _INSTALL),
)
# What the build itself says is missing on the machine, or wrong with where it is.
_LACKING: _Shapes = (
    (
        re.compile(
            r"^(?:scripts|tools|certs|usr|arch/\S+?/(?:tools|boot))/\S+?:\d+(?::\d+)?: "
            r"fatal error: "
            r"(?:<?(?:gelf|libelf|elf|dwarf|gmp|mpc|mpfr|yaml|zlib|lzma|curses|ncurses|stdio|stdlib"
            r"|string|unistd|errno)\.h|(?:openssl|elfutils|sys|bits|ncursesw?)/\S+\.h)>?: "
            r"No such file"
        ),
        "install the header's package; see zpmaint doctor",
    ),
    (
        re.compile(r"^\S*(?:ld(?:\.\w+)?|collect2): cannot find -l\w+|C compiler cannot create"),
        "see zpmaint doctor",
    ),
    (
        re.compile(r"^\S*(?:Makefile|Kbuild)\S*:\d+: (?:\*\*\*|error:) .*\binstall [\w.+-]"),
        "install what it names; see zpmaint doctor",
    ),
    (
        re.compile(r"^ *\*{1,3} +(?:Unable to find|Please install|.* is too old)\b", re.I),
        "install what it names; see zpmaint doctor",
    ),
    (re.compile(r"^(?:BTF: )?\S+: \w+ \(\S+\) is not available$"), _INSTALL),
    (re.compile(r"^scripts/Kconfig\.include:\d+: \w+ '[^']+' not found"), _INSTALL),
    (
        re.compile(
            r"^\S*Makefile\S*:\d+: \*\*\* (?:source directory cannot contain spaces or colons"
            r"|multiple target patterns)"
        ),
        "make builds below no folder with a blank or a colon in its name: move ZPMAINT_HOME",
    ),
)

# What a compiler, an assembler, a linker, kconfig or make says of a kernel that is wrong.
_TELLING: tuple[re.Pattern[str], ...] = (
    re.compile(r"^\S+?:\d+(?::\d+)?: ?(?:fatal )?error: "),
    re.compile(r"^\S+?:\d+: Error: "),  # the assembler
    re.compile(rf"^{_COMPILER}: (?:fatal )?error: (?!ld returned)"),
    re.compile(r"undefined reference to|multiple definition of"),
    re.compile(
        r"^\S*ld(?:\.\w+)?: .*(?:error|overlaps|will not fit|overflow|cannot|no such)", re.I
    ),
    re.compile(r"objtool: .*error", re.I),
    re.compile(r"^\S+?:\d+: .*(?:syntax error|missing separator|unknown|can't open file)"),
    re.compile(r"^\S+?:\d+: \*\*\* "),  # make, of a Makefile
    re.compile(r"^(?:ERROR|FATAL|FAILED)(?:: | )(?!.*\bwarnings?\b)"),  # modpost, resolve_btfids
    re.compile(r"^Error: \S+:\d+"),  # dtc
    re.compile(r"^Inconsistent kallsyms data"),
    re.compile(
        r"^(?:Can't|Global symbol|Bareword|Undefined subroutine|syntax error|Died|Execution of)"
        r".* at \S+ line \d+"
    ),  # perl
    re.compile(r"^\w*(?:Error|Exception): "),  # python's last line
    re.compile(r"^(?:/\S+/)?\w*sh: (?:line )?\d+: (?:Syntax error|syntax error)\b"),
    re.compile(r"^(?:\./)?scripts/\S+: (?:line )?\d+: "),
    re.compile(r"^make(?:\[\d+\])?: \*\*\* No rule to make target"),
)
# make's own words, where nobody else said anything.
_LAST_WORDS = re.compile(r"^make(?:\[\d+\])?: \*\*\* (?!Waiting for unfinished jobs|Deleting file)")
_FAILED = re.compile(r"^make(?:\[\d+\])?: \*\*\* \[(?:\S+:\d+: )?(\S+)\] Error (\d+)")
_PLACE = re.compile(r"(?:^|: )(\S+): [Ii]n function [`'\u2018]")
_EXCERPT = re.compile(r"^ *\d* \|")  # source that a compiler quotes
_OBJECT = re.compile(r"^(\S+): warning: objtool: ")
_NOT_FOUND = "127"


def diagnose(lines: Iterable[str], src: str, obj: str) -> Fault:
    """The telling line of a failed make, with the two folders' names taken out."""
    raw = [line.rstrip() for line in lines]
    said = [_short(line, src, obj) for line in raw if not _EXCERPT.match(line)]
    own = [line for line in said if "#error" not in line and "#warning" not in line]
    if found := _first(own, _MACHINE):
        return Fault(True, own[found[0]], found[1])
    failed = [done for line in said if (done := _FAILED.match(line))]
    telling = _telling(said, {done[1] for done in failed})
    lacking = _first(said, _LACKING)
    if lacking and (telling is None or lacking[0] <= telling[0]):
        return Fault(True, said[lacking[0]], lacking[1])
    program = _first(said, _NO_PROGRAM)
    if program and (telling is None or any(done[2] == _NOT_FOUND for done in failed)):
        return Fault(True, said[program[0]], program[1])
    if telling:
        return Fault(False, telling[1])
    for line in said:
        if _LAST_WORDS.search(line):
            return Fault(False, line)
    return Fault(False, next((line for line in reversed(said) if line), "make said nothing"))


def _first(lines: Sequence[str], shapes: _Shapes) -> tuple[int, str] | None:
    """The first line of one of the forms: its index and the next step."""
    for n, line in enumerate(lines):
        for shape, hint in shapes:
            if shape.search(line):
                return n, hint
    return None


def _telling(lines: Sequence[str], failed: set[str]) -> tuple[int, str] | None:
    """The first line that says what is wrong with the kernel; what objtool calls a warning is it
    where make then gave up on that object."""
    place = ""
    for n, line in enumerate(lines):
        if found := _PLACE.search(line):
            place = found[1]
        if (about := _OBJECT.match(line)) and about[1] in failed:
            return n, line
        if "warning: " not in line and any(shape.search(line) for shape in _TELLING):
            named = "undefined reference" not in line or not place or place in line
            return n, line if named else f"{place}: {line}"
    return None


def check_folder(folder: Path) -> None:
    """Raise UserError for a folder below which make builds no kernel."""
    if found := next((c for c in str(folder) if c.isspace() or c == ":"), ""):
        what = "a colon" if found == ":" else "a blank"
        raise UserError(
            f"{folder}: {what} in the name of the folder that kernels are built in, and make "
            "builds below no such folder",
            "name another with ZPMAINT_HOME",
        )


def _short(line: str, src: str, obj: str) -> str:
    # ccache hands the compiler the way from obj to src, make and the linker the whole path.
    for folder in (f"{src}/", f"{obj}/", f"{os.path.relpath(src, obj)}/"):
        line = line.replace(folder, "")
    return line.strip()
