# SPDX-License-Identifier: GPL-2.0-only
"""The guest program built with cases of the test's own, and run as an ordinary process."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from zpmaint.suites.cases import read_cases
from zpmaint.suites.guest.compile import Program, compiled

needs_linux = pytest.mark.skipif(
    platform.machine() != "x86_64" or not shutil.which("musl-gcc"),
    reason="needs musl-gcc on x86_64",
)


def ran(program: Path, *words: str) -> str:
    """What the program says in user mode."""
    return subprocess.run(
        [program, *words], check=True, capture_output=True, text=True, timeout=120
    ).stdout


def program_of(folder: Path, *, bodies: dict[str, str], table: str = "") -> Path:
    """The guest program with the cases `bodies` (name to C statements) instead of its own."""
    source = folder / "cases_test.c"
    table = table or "".join(
        f'[[case]]\nname = "{name}"\nreason = "r"\ntags = ["t"]\n' for name in bodies
    )
    cases = read_cases(table)
    functions = "".join(
        f"void {case.function}(void)\n{{\n{bodies[case.name]}\n}}\n" for case in cases
    )
    source.write_text(
        "#include <signal.h>\n#include <sys/mman.h>\n#include <sys/syscall.h>\n"
        '#include <unistd.h>\n#include "cases.gen.h"\n#include "memory.h"\n#include "probe.h"\n'
        '#include "registers.h"\n#include "tell.h"\n' + functions
    )
    return compiled(Program("init", cases, (source,)), "x86_64", cache=folder / "cache")
