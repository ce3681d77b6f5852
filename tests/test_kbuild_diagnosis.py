"""Logs of failed makes: which line tells, and whose fault it is."""

from __future__ import annotations

import pytest

from zpmaint.kbuild.diagnosis import diagnose


@pytest.mark.parametrize(
    ("log", "infrastructure", "line"),
    [
        (
            """  CC      mm/memory.o
/w/src/mm/memory.c: In function 'do_anonymous_page':
/w/src/mm/memory.c:4100:9: warning: unused variable 'x' [-Wunused-variable]
/w/src/mm/memory.c:4109:2: error: 'zz' undeclared (first use in this function)
make[4]: *** [scripts/Makefile.build:243: mm/memory.o] Error 1""",
            False,
            "mm/memory.c:4109:2: error: 'zz' undeclared (first use in this function)",
        ),
        (
            """ld: mm/memory.o: in function `handle_mm_fault':
memory.c:(.text+0x12): undefined reference to `lost'
make[2]: *** [scripts/Makefile.vmlinux:34: vmlinux] Error 1""",
            False,
            "mm/memory.o: memory.c:(.text+0x12): undefined reference to `lost'",
        ),
        (
            "/w/src/arch/x86_64/lib/copy_user.S: Assembler messages:\n"
            "/w/src/arch/x86_64/lib/copy_user.S:10: Error: .size expression does not evaluate\n",
            False,
            "arch/x86_64/lib/copy_user.S:10: Error: .size expression does not evaluate",
        ),
        (
            "ld: section .data LMA [00,10] overlaps section .text LMA [00,20]\n"
            "make: *** [Makefile:1: vmlinux] Error 1",
            False,
            "ld: section .data LMA [00,10] overlaps section .text LMA [00,20]",
        ),
        (
            "/w/src/Makefile:415: *** mixed implicit and normal rules.  Stop.",
            False,
            "Makefile:415: *** mixed implicit and normal rules.  Stop.",
        ),
        (
            "mm/Kconfig:12: syntax error\nmake[1]: *** [allnoconfig] Error 1",
            False,
            "mm/Kconfig:12: syntax error",
        ),
        (
            "make[1]: *** Waiting for unfinished jobs....\nmake[1]: *** [x.o] Error 2",
            False,
            "make[1]: *** [x.o] Error 2",
        ),
        (
            "  CC      a.o\na.c:3:1: error: expected ';'\n"
            "a.c:9: fatal error: error writing to /tmp/cc.s: No space left on device",
            True,
            "a.c:9: fatal error: error writing to /tmp/cc.s: No space left on device",
        ),
        (
            "gcc: fatal error: Killed signal terminated program cc1\ncompilation terminated.",
            True,
            "gcc: fatal error: Killed signal terminated program cc1",
        ),
        (
            "a.c:1:1: internal compiler error: Segmentation fault",
            True,
            "a.c:1:1: internal compiler error: Segmentation fault",
        ),
        ("/bin/sh: 1: bc: not found", True, "/bin/sh: 1: bc: not found"),
        (
            "tools/objtool/elf.h:10:10: fatal error: gelf.h: No such file or directory",
            True,
            "tools/objtool/elf.h:10:10: fatal error: gelf.h: No such file or directory",
        ),
        ("../src/mm/x.c:1:2: error: no", False, "mm/x.c:1:2: error: no"),
        ("something\nlast words\n\n", False, "last words"),
        ("", False, "make said nothing"),
    ],
)
def test_the_telling_line(log: str, infrastructure: bool, line: str) -> None:
    fault = diagnose(log.splitlines(), "/w/src", "/w/obj")
    assert (fault.infrastructure, fault.line) == (infrastructure, line)


def test_every_fault_of_the_surroundings_has_a_next_step() -> None:
    assert diagnose(["/bin/sh: 1: bc: not found"], "/w/src", "/w/obj").hint
