"""The guest program built with cases of the test's own, and run as an ordinary process."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from zpmaint.guest import compile as compiling
from zpmaint.guest.cases import read_cases
from zpmaint.guest.compile import init_program

needs_linux = pytest.mark.skipif(
    platform.machine() != "x86_64" or not shutil.which("musl-gcc"),
    reason="needs musl-gcc on x86_64",
)


def ran(program: Path, *words: str) -> str:
    """What the program says in user mode."""
    return subprocess.run(
        [program, *words], check=True, capture_output=True, text=True, timeout=120
    ).stdout


def program_of(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *, bodies: dict[str, str], table: str = ""
) -> Path:
    """The guest program with the cases `bodies` (name to C statements) instead of its own."""
    sources = folder / "c"
    shutil.copytree(compiling.SOURCES, sources)
    for own in sources.glob("cases_*.c"):
        own.unlink()
    table = table or "".join(
        f'[[case]]\nname = "{name}"\nreason = "r"\ntags = ["t"]\n' for name in bodies
    )
    cases = read_cases(table)
    functions = "".join(
        f"void {case.function}(void)\n{{\n{bodies[case.name]}\n}}\n" for case in cases
    )
    (sources / "cases_test.c").write_text(
        "#include <signal.h>\n#include <sys/mman.h>\n#include <sys/syscall.h>\n"
        '#include <unistd.h>\n#include "cases.gen.h"\n#include "memory.h"\n#include "probe.h"\n'
        '#include "registers.h"\n#include "tell.h"\n' + functions
    )
    monkeypatch.setattr(compiling, "SOURCES", sources)
    monkeypatch.setattr(compiling, "all_cases", lambda: cases)
    return init_program("x86_64", cache=folder / "cache")
