# SPDX-License-Identifier: GPL-2.0-only
"""Building programs of tools/testing/selftests, one by one, static where the libraries allow it."""

from __future__ import annotations

import functools
import hashlib
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zpmaint.core.ends import epoch_of
from zpmaint.core.errors import InfraError
from zpmaint.core.files import locked, read_mark, write_whole
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.sealed import forget, is_intact, seal
from zpmaint.suites.commands.programs import Command, command, first_error
from zpmaint.suites.foreign import run_foreign

ROOT = "tools/testing/selftests"
_CFLAGS = ("-O2", "-w", "-static", "-s", "-U_FORTIFY_SOURCE", "-D_GNU_SOURCE=")
_LIBRARIES = ("-lrt", "-lpthread", "-lm")
_PROGRAMS = re.compile(
    r"^\s*TEST_GEN_(?:PROGS|FILES)(?:_64)?\s*[:+]?=\s*((?:.*\\\n)*.*)$", re.MULTILINE
)


@functools.cache
def declared() -> Mapping[str, Any]:
    """programs.toml: what programs of the folder mm need beside their own source."""
    table: Mapping[str, Any] = tomllib.loads(
        (Path(__file__).parent / "programs.toml").read_text(encoding="utf-8")
    )
    return table


@dataclass(frozen=True)
class Target:
    """A folder of selftests, or one program of it."""

    folder: str
    program: str = ""
    """'' for all that the folder's Makefile builds."""

    @classmethod
    def parse(cls, text: str) -> Target:
        """'mm' or 'mm/mkdirty'."""
        folder, _, program = text.rpartition("/")
        return cls(folder, program) if folder else cls(text)

    @property
    def case(self) -> str:
        """Its case's name, less the suite's; of a folder, with a dot at its end."""
        plain = re.sub(r"[^a-z0-9]+", "-", self.program.lower()).strip("-")
        return f"{self.folder.replace('/', '.').replace('_', '-').lower()}.{plain}"


def headers(tree: Path, out: Path, reporter: Reporter = SILENT) -> Path:
    """The include folder that `make headers` makes of `tree`, below `out`; made once."""
    include = out / "obj" / "usr" / "include"
    with locked(out / "headers", reporter):
        epoch = epoch_of(out.absolute())
        if read_mark(out / "headers.done") == _done(include, epoch):
            return include
        shutil.rmtree(out / "obj", ignore_errors=True)
        words: list[str | Path] = ["make", "-C", tree, f"O={out / 'obj'}", "ARCH=x86"]
        (out / "obj").mkdir(parents=True, exist_ok=True)
        writable, readable = [out / "obj"], [tree]
        done = run_foreign([*words, "headers"], writable=writable, readable=readable)
        if done.ended.status:  # up to 5.2 there is only the other one
            done = run_foreign([*words, "headers_install"], writable=writable, readable=readable)
        if done.ended.status:
            said = done.stderr.decode("utf-8", "replace")
            raise InfraError(f"{tree}: {first_error('make headers', said)}")
        write_whole(out / "headers.done", _done(include, epoch))
    return include


def _done(include: Path, epoch: str) -> str:
    """What says that the headers are as they were made: names, sizes and times, and that the
    machine did not go down since."""
    seen = hashlib.sha256(epoch.encode())
    for path in sorted(include.rglob("*")):
        status = path.lstat()
        if path.is_file():
            looks = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} "
            seen.update(looks.encode() + bytes(path.relative_to(include)) + b"\0")
    return seen.hexdigest()


def programs_of(tree: Path, folder: str) -> list[str]:
    """What a folder's Makefile builds, by the words of its TEST_GEN_PROGS and TEST_GEN_FILES that
    have a C file of their name."""
    place = tree / ROOT / folder
    text = (place / "Makefile").read_text(encoding="utf-8", errors="replace")
    words = (word for found in _PROGRAMS.finditer(text) for word in found[1].split())
    return [word for word in dict.fromkeys(words) if (place / f"{word}.c").is_file()]


def rows(tree: Path, target: Target) -> Iterator[dict[str, Any]]:
    """The rows of a target's programs: those of programs.toml where it has one, else plain ones."""
    known = {row["run"].split()[0]: row for row in declared()["program"]}
    wanted = [target.program] if target.program else programs_of(tree, target.folder)
    for name in wanted:
        row = known.get(name, {}) if target.folder == "mm" else {}
        yield {"run": name, **row, "name": Target(target.folder, name).case}


def build(
    tree: Path, folder: str, include: Path, wanted: Sequence[Mapping[str, Any]], out: Path
) -> tuple[list[Command], list[str]]:
    """The programs of `wanted` rows that compile, below `out`, and why the others do not."""
    place = tree / ROOT / folder
    out.mkdir(parents=True, exist_ok=True)
    # What the kernel's own check for liburing writes where there is one.
    write_whole(out / "local_config.h", "#define LOCAL_CONFIG_HAVE_LIBURING 1\n")
    shared = declared()["always"] if folder == "mm" else ()
    always = [name for name in shared if (place / name).is_file()]
    flags: list[str | Path] = ["-I", out, "-I", tree / ROOT, "-isystem", include, "-I", tree]
    flags += ["-I", tree / "tools/include/uapi"]
    found: list[Command] = []
    left_out: list[str] = []
    for row in wanted:
        one = command(row, row["run"].split(), out)
        source = place / f"{one.words[0]}.c"
        if not source.is_file():
            left_out.append(f"{one.name}: no {source.relative_to(tree)} in this kernel")
            continue
        if not (is_intact(one.at) and one.at.stat().st_mtime > source.stat().st_mtime):
            forget(one.at)
            sources = [source.name, *always, *row.get("also", ())]
            libraries = [*_LIBRARIES, *row.get("libraries", ())]
            done = run_foreign(
                [
                    "gcc",
                    *_CFLAGS,
                    *row.get("flags", ()),
                    *flags,
                    *sources,
                    "-o",
                    one.at,
                    *libraries,
                ],
                writable=[out],
                readable=[tree, include],
                cwd=place,
            )
            if done.ended.status:
                left_out.append(first_error(one.name, done.stderr.decode("utf-8", "replace")))
                continue
            seal(one.at)
        found.append(one)
    return found, left_out
