# SPDX-License-Identifier: GPL-2.0-only
"""Logs of failed makes: which line tells, and whose fault it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from zpmaint.build.diagnosis import check_folder, diagnose
from zpmaint.core.errors import UserError


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
        (  # the words of a full disk in source that the compiler quotes
            "/w/src/fs/x.c:9:2: error: expected ';' before 'return'\n"
            '    9 |  pr_err("%s: No space left on device", name)\n'
            "      |                                             ^\n",
            False,
            "fs/x.c:9:2: error: expected ';' before 'return'",
        ),
        (
            "/w/src/mm/x.c:3:2: error: #error bits: No space left on device",
            False,
            "mm/x.c:3:2: error: #error bits: No space left on device",
        ),
        (  # asked for, done without
            "/bin/sh: 1: pahole: not found\n/w/src/mm/x.c:3:2: error: no\n"
            "make[2]: *** [scripts/Makefile.build:1: mm/x.o] Error 1",
            False,
            "mm/x.c:3:2: error: no",
        ),
        (
            "/bin/sh: 1: ./scripts/own.sh: not found\nmake: *** [Makefile:1: x] Error 127",
            False,
            "make: *** [Makefile:1: x] Error 127",
        ),
        (
            "cc1: error: unknown value 'x' for '-march='\nmake[1]: *** [a.o] Error 1",
            False,
            "cc1: error: unknown value 'x' for '-march='",
        ),
        (
            "/w/src/Makefile:12: *** missing separator.  Stop.\nmake: Leaving directory '/w/src'",
            False,
            "Makefile:12: *** missing separator.  Stop.",
        ),
        (
            "  LD      a.o\nkernel/a.o: warning: objtool: no relocs\n"
            "make[3]: *** [scripts/Makefile.build:1: kernel/a.o] Error 255",
            False,
            "kernel/a.o: warning: objtool: no relocs",
        ),
        (
            'ERROR: modpost: "oat_count" [drivers/net/oat.ko] undefined!\nmake: *** [x] Error 1',
            False,
            'ERROR: modpost: "oat_count" [drivers/net/oat.ko] undefined!',
        ),
        (
            "Unknown word at scripts/x.pl line 3.\nCan't locate Oat.pm at scripts/x.pl line 4.",
            False,
            "Can't locate Oat.pm at scripts/x.pl line 4.",
        ),
        (
            "/w/src/Makefile:9: *** please install elfutils-devel.  Stop.",
            True,
            "Makefile:9: *** please install elfutils-devel.  Stop.",
        ),
        (
            "/w/src/drivers/x.c:1:10: fatal error: openssl/bio.h: No such file or directory",
            False,
            "drivers/x.c:1:10: fatal error: openssl/bio.h: No such file or directory",
        ),
        ("../src/mm/x.c:1:2: error: no", False, "mm/x.c:1:2: error: no"),
        ("something\nlast words\n\n", False, "last words"),
        ("", False, "make said nothing"),
    ],
)
def test_the_telling_line(log: str, infrastructure: bool, line: str) -> None:
    fault = diagnose(log.splitlines(), "/w/src", "/w/obj")
    assert (fault.infrastructure, fault.line) == (infrastructure, line)


@pytest.mark.parametrize("name", ["a b", "a:b"])
def test_a_folder_that_make_builds_nothing_in_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="builds below no such folder"):
        check_folder(tmp_path / name / "work")
    check_folder(Path("/var/a-b/work"))


def test_every_fault_of_the_surroundings_has_a_next_step() -> None:
    assert diagnose(["/bin/sh: 1: bc: not found"], "/w/src", "/w/obj").hint
