"""The guest program: compiled on demand, kept by the hash of all that went into it."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core import tools
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.files import locked, write_whole
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.guest.cases import all_cases
from zpmaint.guest.i386 import Parts, parts
from zpmaint.guest.patterns import full_bench, patterns_header, patterns_source
from zpmaint.guest.table import table_header, table_source
from zpmaint.guest.values import Case

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


def bench_program(arch: str, *, cache: Path, reporter: Reporter = SILENT) -> Path:
    """The same program without the suite's cases, for the full benchmark: what it measures does not
    change when a case does. Raises as `init_program` does."""
    return _program("bench", arch, (), cache, reporter)


def init_program(arch: str, *, cache: Path, reporter: Reporter = SILENT) -> Path:
    """The static /init for `arch`, below `cache`/guest; compiled unless it is there already.

    What i386 needs beyond gcc is fetched where the machine does not have it. Raises InfraError
    where the compiler or musl is missing or fails, UserError for an unknown architecture.
    """
    return _program("init", arch, all_cases(), cache, reporter)


def _program(
    name: str, arch: str, cases: tuple[Case, ...], cache: Path, reporter: Reporter
) -> Path:
    toolchain = _toolchain(arch, cache, reporter)
    with tempfile.TemporaryDirectory(prefix="zpmaint-guest-") as scratch:
        folder = Path(scratch)
        sources = _sources(folder, cases)
        key = _key(arch, toolchain, sources)
        program = cache / "guest" / f"{name}-{arch}-{key}"
        if program.is_file():
            program.chmod(0o755)  # a run killed right after the rename left it plain
            return program
        with locked(program, reporter), reporter.step(f"Compiling the guest program for {arch}"):
            if program.is_file():
                return program
            fresh = folder / "init"
            command = [
                *toolchain.before,
                *CFLAGS,
                "-static",
                "-no-pie",
                "-o",
                str(fresh),
                *(str(source) for source in sources if source.suffix == ".c"),
                *toolchain.after,
            ]
            done = tools.run(command, cwd=folder)
            if done.returncode:
                said = done.stderr.decode("utf-8", "replace").strip().splitlines()
                first = next((line for line in said if "error" in line), said[0] if said else "")
                raise InfraError(
                    f"compiling the guest program for {arch} failed: {first}",
                    f"the command was: {' '.join(command)}",
                )
            write_whole(program, fresh.read_bytes())
            program.chmod(0o755)
    return program


def _sources(folder: Path, cases: tuple[Case, ...]) -> list[Path]:
    """All sources in `folder`, the generated tables among them; sorted by name."""
    for source in SOURCES.glob("*.[ch]"):
        if cases or not source.name.startswith("cases_"):
            shutil.copyfile(source, folder / source.name)
    patterns = full_bench().pattern
    (folder / "patterns.gen.h").write_text(patterns_header(patterns))
    (folder / "patterns.gen.c").write_text(patterns_source(patterns))
    (folder / "cases.gen.h").write_text(table_header(cases))
    (folder / "cases.gen.c").write_text(table_source(cases))
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
    if arch == "i386":
        return _i386(parts(cache, reporter))
    raise UserError(f"no guest program for architecture {arch!r}", "choose one of: x86_64, i386")


def _i386(found: Parts) -> _Toolchain:
    """gcc -m32 against musl's i386 package: musl-gcc itself only knows its own architecture."""
    start = tuple(str(found.libraries / name) for name in ("crt1.o", "crti.o"))
    archives = (found.libraries / "libc.a", found.libgcc)
    builtin = tools.run(["gcc", "-m32", "-print-file-name=include"]).stdout.decode().strip()
    return _Toolchain(
        (
            *("gcc", "-m32", "-nostdinc", "-nostdlib"),
            *("-isystem", str(found.headers), "-isystem", builtin),
            *start,
        ),
        (*(str(archive) for archive in archives), str(found.libraries / "crtn.o")),
        archives,
    )
