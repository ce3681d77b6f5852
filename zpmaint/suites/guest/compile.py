# SPDX-License-Identifier: GPL-2.0-only
"""Guest programs: compiled on demand, kept by the hash of all that went into them."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core import arches, tools
from zpmaint.core.errors import InfraError, UserError, ZpmaintError
from zpmaint.core.files import locked, write_whole
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.sealed import is_intact, seal, usable
from zpmaint.suites.foreign import run_foreign
from zpmaint.suites.guest import i386
from zpmaint.suites.guest.musl import Parts, parts
from zpmaint.suites.guest.patterns import full_bench, patterns_header, patterns_source
from zpmaint.suites.guest.table import table_header, table_source
from zpmaint.suites.values import Case

SOURCES = Path(__file__).parent / "c"

CFLAGS = (
    "-O2",
    "-std=gnu11",
    "-Wall",
    "-Wextra",
    "-Werror",
    # The prototypes of cases come from the table alone: a case that is not in it is an error.
    "-Wmissing-prototypes",
    # The suite counts faults: no probes of the stack, no canaries, and code where it is linked.
    "-fno-stack-protector",
    "-fno-stack-clash-protection",
    "-fno-pie",
    # Loads and stores are what is tested; the compiler makes no others of them.
    "-fno-tree-loop-distribute-patterns",
)


@dataclass(frozen=True)
class _Toolchain:
    """How a static program for an architecture is compiled and linked."""

    before: tuple[str, ...]
    after: tuple[str, ...] = ()
    inputs: tuple[Path, ...] = ()
    """Files that go into the program beside the sources."""
    headers: tuple[Path, ...] = ()
    """Folders of headers."""


@dataclass(frozen=True)
class Program:
    """An /init to make: the runtime, and the cases of one suite."""

    name: str
    """What its file is called in the cache."""
    cases: tuple[Case, ...] = ()
    sources: tuple[Path, ...] = ()
    """C files of the suite, linked among those of the runtime by name."""
    own: tuple[Path, ...] = ()
    """C files that somebody else wrote, and headers beside them: compiled where they are, so that
    the compiler's messages name them, and linked last. A fault in them is their author's."""
    generated: str = ""
    """C text that is compiled with them."""
    tables: tuple[tuple[str, str], ...] = ()
    """C files that were made from data, each with its name."""


def bench_program(arch: str, *, cache: Path, reporter: Reporter = SILENT) -> Path:
    """The runtime alone, for the full benchmark: what it measures does not change when a case
    does. Raises as `compiled` does."""
    return compiled(Program("bench"), arch, cache=cache, reporter=reporter)


def compiled(program: Program, arch: str, *, cache: Path, reporter: Reporter = SILENT) -> Path:
    """The static /init for `arch`, below `cache`/guest; compiled unless it is there already.

    What another architecture than the machine's own needs beyond a compiler is fetched where the
    machine does not have it. Raises InfraError where the compiler or musl is missing or fails,
    UserError for an unknown architecture and for a fault in the program's `own` sources: the
    compiler's message, file and line."""
    toolchain = _toolchain(arch, cache, reporter)
    with tempfile.TemporaryDirectory(prefix="zpmaint-guest-") as scratch:
        folder = Path(scratch)
        sources = [*_sources(folder, program, arch), *program.own]
        key = _key(arch, toolchain, sources)
        there = cache / "guest" / f"{program.name}-{arch}-{key}"
        if is_intact(there):
            return there
        with (
            locked(there, reporter),
            reporter.step(f"Compiling the {program.name} program for {arch}"),
        ):
            if usable(there, reporter=reporter):
                return there
            fresh = folder / "init"
            command = [
                *toolchain.before,
                *CFLAGS,
                "-static",
                "-no-pie",
                "-o",
                str(fresh),
                *(f"-I{folder}" for _ in program.own[:1]),
                *(str(source) for source in sources if source.suffix == ".c"),
                *toolchain.after,
            ]
            theirs = {source.parent for source in program.own}
            done = run_foreign(
                command,
                writable=[folder],
                readable=[*theirs, *(path.parent for path in toolchain.inputs), *toolchain.headers],
                cwd=folder,
            )
            if done.ended.status:
                raise _refused(program, arch, done.stderr.decode("utf-8", "replace"), command)
            write_whole(there, fresh.read_bytes())
            there.chmod(0o755)
            seal(there)
    return there


def _refused(program: Program, arch: str, text: str, command: list[str]) -> ZpmaintError:
    said = text.strip().splitlines()
    errors = [line.strip() for line in said if "error" in line or "undefined" in line] or said
    first = errors[0] if errors else ""
    if not program.own:
        return InfraError(
            f"compiling the {program.name} program for {arch} failed: {first}",
            f"the command was: {' '.join(command)}",
        )
    for case in program.cases:
        if any(f"undefined reference to `{case.function}'" in line for line in errors):
            return UserError(
                f"{program.own[0].parent}: the case {case.name} has no function",
                f"write `void {case.function}(void)` in its file",
            )
    return UserError(
        f"a case does not compile for {arch}: {first}",
        "the function of a case is its name with _ for . and -; make every other one static"
        if "no previous prototype" in first
        else "mend it, or take its row out of cases.toml",
    )


def _sources(folder: Path, program: Program, arch: str) -> list[Path]:
    """All sources in `folder`, the generated tables among them; sorted by name."""
    for source in (*SOURCES.glob("*.[ch]"), *program.sources):
        shutil.copyfile(source, folder / source.name)
    patterns = full_bench().pattern
    (folder / "patterns.gen.h").write_text(patterns_header(patterns))
    (folder / "patterns.gen.c").write_text(patterns_source(patterns))
    (folder / "cases.gen.h").write_text(table_header(program.cases))
    (folder / "cases.gen.c").write_text(table_source(program.cases, arch))
    for name, text in program.tables:
        (folder / name).write_text(text)
    if program.generated:
        (folder / "own.gen.c").write_text(program.generated)
    return sorted(folder.glob("*.[ch]"))


def _key(arch: str, toolchain: _Toolchain, sources: list[Path]) -> str:
    compiler = tools.run([toolchain.before[0], "--version"])
    digest = hashlib.sha256()
    for part in (
        arch.encode(),
        " ".join((*toolchain.before, *CFLAGS, *toolchain.after)).encode(),
        compiler.stdout.splitlines()[0] if compiler.stdout else b"",
        *(path.read_bytes() for path in toolchain.inputs),
        *(source.name.encode() + b"\0" + source.read_bytes() for source in sources),
    ):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


def _toolchain(arch: str, cache: Path, reporter: Reporter) -> _Toolchain:
    if arch == "x86_64":
        tools.need("musl-gcc")
        library = tools.run(["musl-gcc", "-print-file-name=libc.a"]).stdout.decode().strip()
        return _Toolchain(("musl-gcc",), inputs=(Path(library),))
    if arch == "i386":  # of the machine's own compiler, which compiles for both
        return _linked(("gcc", "-m32"), i386.parts(cache, reporter))
    row = arches.named(arch)
    if not row.musl:
        return _by_itself(f"{row.cross}gcc")
    return _linked((f"{row.cross}gcc",), parts(row, cache, reporter))


def _by_itself(compiler: str) -> _Toolchain:
    """A cross compiler with the libc that it comes with."""
    tools.need(compiler)
    library = Path(tools.run([compiler, "-print-file-name=libc.a"]).stdout.decode().strip())
    if not library.is_file():
        raise InfraError(
            f"{compiler} has no libc.a to link with", "zpmaint doctor names the package that has it"
        )
    return _Toolchain((compiler,), inputs=(library,))


def _linked(compiler: tuple[str, ...], found: Parts) -> _Toolchain:
    """A compiler against musl's own package: musl-gcc itself only knows its own architecture."""
    start = tuple(str(found.libraries / name) for name in ("crt1.o", "crti.o"))
    archives = (found.libraries / "libc.a", found.libgcc)
    builtin = tools.run([*compiler, "-print-file-name=include"]).stdout.decode().strip()
    return _Toolchain(
        (
            *compiler,
            *("-nostdinc", "-nostdlib"),
            *("-isystem", str(found.headers), "-isystem", builtin),
            *start,
        ),
        (*(str(archive) for archive in archives), str(found.libraries / "crtn.o")),
        archives,
        (found.headers, found.libraries),
    )
