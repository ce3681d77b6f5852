# SPDX-License-Identifier: GPL-2.0-only
"""Programs that were not made for zpmaint, and the guest whose init runs a list of them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zpmaint.core import tools
from zpmaint.core.errors import InfraError
from zpmaint.suites.foreign import run_foreign
from zpmaint.suites.guest.compile import SOURCES
from zpmaint.vm.initramfs import Entry, file, folder

INIT = Path(__file__).parent / "c" / "commands.c"
SECONDS = 10
"""Guest seconds that a program gets, where its row does not say."""
DEADLINES = {False: 90, True: 600}
"""Seconds of QEMU's CPU time that a boot gets, with the quick programs and with the slow ones: a
kernel that hangs costs them all. A sound one takes 25 with the quick ones."""
_PASSWD = b"root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
_GROUP = b"root:x:0:\nusers:x:100:\nnobody:x:65534:\nnogroup:x:65533:\n"


@dataclass(frozen=True)
class Command:
    """One line of a guest's list."""

    name: str
    words: tuple[str, ...]
    """The program's file name and its arguments."""
    at: Path
    """Where it was built."""
    seconds: int = SECONDS
    slow: bool = False
    """Whether it takes long."""
    helpers: tuple[Path, ...] = ()
    """What it starts itself."""
    why: str = ""


def command(row: Mapping[str, Any], words: Sequence[str], at: Path) -> Command:
    """A row of a table (`name`, `helpers`, `seconds`, `slow`, `why`) as a command built in `at`."""
    name = row.get("name") or re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")
    return Command(
        name,
        tuple(words),
        at / words[0],
        row.get("seconds", SECONDS),
        row.get("slow", False),
        tuple(at / helper for helper in row.get("helpers", ())),
        row.get("why", ""),
    )


def first_error(name: str, said: str) -> str:
    """Why a program was not built, in one line."""
    errors = [line for line in said.splitlines() if re.search("error|undefined|cannot find", line)]
    return f"{name}: {(errors or ['it was not built'])[0].strip()}"


def init_program(cache: Path) -> bytes:
    """The init that runs a list. Raises InfraError where it does not compile."""
    tools.need("musl-gcc")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        out = Path(scratch) / "init"
        sources: list[str | Path] = [INIT, SOURCES / "channel.c", "-I", SOURCES]
        done = tools.run(["musl-gcc", "-O2", "-static", *sources, "-o", out])
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").splitlines()
            raise InfraError(f"compiling {INIT.name} failed: {said[0] if said else ''}")
        return out.read_bytes()


def listed(
    commands: Iterable[Command],
    *,
    config: bytes,
    shift: int = 0,
    verbose: bool = False,
    expected: Mapping[str, str] | None = None,
) -> tuple[Entry, ...]:
    """All that a guest of these commands has beside its init. With `expected`, what they are to
    report, it goes no further than to the first that reports otherwise; `config` is the kernel's
    own, which LTP reads; another `shift` begins a little otherwise."""
    commands = tuple(commands)
    words = expected or {}
    settings = f"= shift {shift}\n= verbose {verbose:d}\n= brief {expected is not None:d}\n"
    lines = (
        f"{one.name} {one.seconds} {words.get(one.name, '-')} /t/{' '.join(one.words)}\n"
        for one in commands
    )
    files = {at.name: at for one in commands for at in (one.at, *one.helpers)}
    return (
        file("list", (settings + "".join(lines)).encode(), 0o644),
        file("config", config, 0o644),
        file("etc/passwd", _PASSWD, 0o644),
        file("etc/group", _GROUP, 0o644),
        folder("t"),
        *(file(f"t/{name}", path.read_bytes()) for name, path in files.items()),
        *_libraries(files.values()),
    )


def _libraries(programs: Iterable[Path]) -> list[Entry]:
    """The shared libraries that programs are linked with, at their paths."""
    programs = [path.absolute() for path in programs]
    # It starts the loader that a program names.
    done = run_foreign(["ldd", *programs], readable=[path.parent for path in programs])
    said = done.stdout.decode("utf-8", "replace")
    found = set(re.findall(r"^\s(?:\S+ => )?(/\S+) \(", said, re.MULTILINE))
    # Not linked, but looked for beside libc when a thread ends itself.
    for libc in [path for path in found if path.endswith("/libc.so.6")]:
        found.add(str(Path(libc).with_name("libgcc_s.so.1")))
    return [file(path.lstrip("/"), Path(path).read_bytes()) for path in sorted(found)]
