"""What a verification's result depends on, as one hash: the same inputs are verified once."""

from __future__ import annotations

import functools
import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import zpmaint
from zpmaint.core.tools import run
from zpmaint.core.versions import KernelVersion
from zpmaint.kbuild.options import BuildOptions
from zpmaint.patchset.values import PatchSet
from zpmaint.vm.profiles import Accelerator

# The rooms whose code or data can change a result; the command line and the pages cannot.
_ROOMS = (
    *(
        "core",
        "diffs",
        "merge",
        "patchset",
        "sources",
        "port",
        "kbuild",
        "vm",
        "suites",
        "judge",
        "app",
    ),
)
_TOOLS = (("gcc", "--version"), ("ld", "--version"), ("qemu-system-x86_64", "--version"))


def verification_key(
    version: KernelVersion,
    patchset: PatchSet,
    build: BuildOptions = BuildOptions(),
    accelerator: Accelerator = Accelerator.ICOUNT,
) -> str:
    """The hash of all inputs of verifying `patchset` on `version`."""
    parts = [
        str(version),
        repr(replace(build, jobs=None)),
        accelerator,
        repr(replace(patchset, folder=Path())),
        _folder(patchset.folder / "cases", ("*.c", "*.h", "*.sh", "*.toml")),
        _own_code(),
        _toolchain(),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _folder(folder: Path, patterns: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for path in sorted({p for pattern in patterns for p in folder.rglob(pattern)}):
        digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def _own_code() -> str:
    package = Path(zpmaint.__file__).parent
    return "".join(
        _folder(package / room, ("*.py", "*.toml", "*.config", "*.c", "*.h", "*.S"))
        for room in _ROOMS
    )


@functools.cache
def _toolchain() -> str:
    """The version lines of the programs that make and run a kernel. A missing one is '' here;
    the step that needs it says so."""
    return "\n".join(
        run(command).stdout.decode(errors="replace").partition("\n")[0]
        for command in _TOOLS
        if shutil.which(command[0])
    )
