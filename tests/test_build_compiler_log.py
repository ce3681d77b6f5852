# SPDX-License-Identifier: GPL-2.0-only
"""What is read of a make of single objects, and on which hunk a line is blamed."""

from __future__ import annotations

from zpmaint.build.blame import place_of
from zpmaint.build.change import ChangedLine, FileChange, HunkChange, KeptLine
from zpmaint.build.compiler_log import read_log
from zpmaint.port.proof import CompilerLine

LOG = """\
make[1]: Entering directory '/w/obj'
  CALL    /w/src/scripts/checksyscalls.sh
  CC      mm/one.o
  CC [M]  drivers/two.o
In file included from ../src/drivers/two.c:3:
../src/include/linux/mm.h:12:5: error: unknown type name 'foo_t'
   12 | foo_t x;
      | ^~~~~
../src/drivers/two.c: In function 'probe':
../src/drivers/two.c:40:2: warning: implicit declaration of function 'zap' [-Wimplicit-function-declaration]
../src/drivers/two.c:41:6: warning: unused variable 'x' [-Wunused-variable]
../src/drivers/two.c:44:9: note: each undeclared identifier is reported only once
make[3]: *** [/w/src/scripts/Makefile.build:229: drivers/two.o] Error 1
  AS      arch/x86/lib/three.o
/w/src/arch/x86/lib/three.S:7: Error: no such instruction: `movx'
make[2]: *** [arch/x86/lib/three.o] Error 1
make[1]: *** No rule to make target 'mm/four.c', needed by 'mm/four.o'.
make: *** [mm/five.o] Error 1
"""  # noqa: E501 - as gcc says it


def test_each_object_has_its_own_lines() -> None:
    log = read_log(LOG.splitlines(), "/w/src", "/w/obj")
    assert log.failed == {"drivers/two.o", "arch/x86/lib/three.o", "mm/five.o"}
    assert log.said["mm/one.o"].errors == []
    two = log.said["drivers/two.o"]
    assert [str(line) for line in two.errors] == [
        "include/linux/mm.h:12: error: unknown type name 'foo_t'"
    ]
    assert [line.line for line in two.grave] == [40]
    assert str(log.said["arch/x86/lib/three.o"].errors[0]).startswith("arch/x86/lib/three.S:7: ")


def hunk(first: int, added: dict[int, str], removed: tuple[str, ...] = ()) -> HunkChange:
    kept = tuple(KeptLine("x", n, n) for n in (first, first + 5))
    return HunkChange(
        f"@@ -{first} +{first} @@",
        tuple(ChangedLine(text, n) for n, text in added.items()),
        tuple(ChangedLine(text, first + 1) for text in removed),
        kept,
    )


CHANGED = (
    FileChange("mm/a.c", "1.patch", (hunk(10, {12: "old();"}), hunk(40, {42: "y = three;"}))),
    FileChange("mm/a.c", "2.patch", (hunk(11, {13: "z();"}),)),
    FileChange("mm/b.h", "2.patch", (hunk(5, {}, ("struct thing *field;",)),)),
)


def blamed(path: str, line: int, text: str = "error: x", source: str = "mm/a.c") -> object:
    place = place_of(CompilerLine(path, line, text), CHANGED, source)
    return place and (place.patch, place.path, place.number)


def test_a_line_is_blamed_on_the_hunk_that_adds_it_and_else_on_the_closest() -> None:
    assert blamed("mm/a.c", 42) == ("1.patch", "mm/a.c", 1)
    assert blamed("mm/a.c", 13) == ("2.patch", "mm/a.c", 0)
    assert blamed("mm/a.c", 12) == ("1.patch", "mm/a.c", 0)
    assert blamed("mm/a.c", 14) == ("2.patch", "mm/a.c", 0)  # around both, the later one
    assert blamed("mm/a.c", 60) == ("1.patch", "mm/a.c", 1)
    # What is named is more than what is near.
    assert blamed("mm/a.c", 60, "error: 'struct s' has no member named 'field'") == (
        "2.patch",
        "mm/b.h",
        0,
    )
    assert blamed("fs/far.c", 9, "error: unknown 'field'") == ("2.patch", "mm/b.h", 0)
    assert blamed("fs/far.c", 9) == ("1.patch", "mm/a.c", 0)
    assert blamed("fs/far.c", 9, source="fs/far.c") is None
