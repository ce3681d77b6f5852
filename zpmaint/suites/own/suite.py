# SPDX-License-Identifier: GPL-2.0-only
"""`own`: the runtime and a patch set's cases in a program that is booted by itself."""

from __future__ import annotations

import functools
import shutil
from dataclasses import replace
from pathlib import Path

from zpmaint.core import tools
from zpmaint.core.errors import InfraError, UserError
from zpmaint.patchset.values import Flip
from zpmaint.suites.counters import Counter
from zpmaint.suites.guest.compile import Program, compiled
from zpmaint.suites.guest.start import runtime_guest
from zpmaint.suites.own.table import OwnCases, read_own
from zpmaint.suites.protocol import Ask, Guest, Ready, Wanted
from zpmaint.suites.values import Case, Figure
from zpmaint.vm.initramfs import Entry, file, symlink

NAME = "own"
_RUNTIME = Path(__file__).parent / "c"
DEADLINE = 5
"""Guest seconds for each case. A loop that never ends takes 10 to 40 s of QEMU's CPU time for
them, so that the case times out before the machine does."""


class Own:
    """The cases of one patch set."""

    name = NAME
    open_names: tuple[str, ...] = ()
    counters: tuple[Counter, ...] = ()

    def __init__(self, folder: Path) -> None:
        self._own: OwnCases = read_own(folder.resolve())

    @property
    def cases(self) -> tuple[Case, ...]:
        return self._own.cases

    @property
    def figures(self) -> tuple[Figure, ...]:
        return self._own.figures

    @property
    def flips(self) -> tuple[Flip, ...]:
        return self._own.flips

    def ready(self, ask: Ask) -> Ready:
        # Debian's busybox is for the host's architecture.
        scripts = self._own.scripts if ask.arch == "x86_64" else {}
        cases = tuple(c for c in self.cases if c.name in scripts or c.name not in self._own.scripts)
        program = compiled(
            Program(
                "own",
                cases,
                tuple(sorted(_RUNTIME.glob("*.[ch]"))),
                # What they include is an input of the program, too.
                (*self._own.sources, *sorted(self._own.folder.glob("*.h"))),
                _calls(cases, scripts),
            ),
            ask.arch,
            cache=ask.cache,
            reporter=ask.reporter,
        )
        beside = (
            *(_shell() if scripts else ()),
            *(
                file(f"cases/{path.name}", path.read_bytes())
                for path in dict.fromkeys(scripts.values())
            ),
        )
        left_out = tuple(
            f"{case.name}: a script runs on x86_64 alone"
            for case in self.cases
            if case not in cases
        )
        return Ready(cases, functools.partial(_guest, program, beside), left_out)


def _guest(program: Path, beside: tuple[Entry, ...], wanted: Wanted) -> Guest:
    quiet = Wanted(wanted.kernel, wanted.names, benchmark=False)
    guest = runtime_guest(program, quiet, beside)
    return replace(guest, append=(*guest.append, f"zp.deadline={DEADLINE}"))


def _calls(cases: tuple[Case, ...], scripts: dict[str, Path]) -> str:
    """The functions of the cases that are scripts."""
    functions = "".join(
        f'void {case.function}(void)\n{{\n\trun_script("/cases/{scripts[case.name].name}");\n}}\n'
        for case in cases
        if case.name in scripts
    )
    return f'#include "cases.gen.h"\n#include "script.h"\n\n{functions}' if functions else ""


@functools.cache
def _shell() -> tuple[Entry, ...]:
    """busybox, and a name for each of its programs."""
    tools.need("busybox")
    path = shutil.which("busybox")
    assert path is not None
    program = Path(path).read_bytes()
    if b"ld-linux" in program[:4096]:
        raise InfraError(
            f"{path} is linked with shared libraries; a guest has none",
            f"apt-get install {tools.declared()['busybox'].package}",
        )
    listed = tools.run([path, "--list"]).stdout.decode().split()
    if "sh" not in listed:
        raise UserError(f"{path} has no shell", "install Debian's busybox-static")
    links = (symlink(f"bin/{name}", "busybox") for name in listed if name != "busybox")
    return (file("bin/busybox", program), *links)
