# SPDX-License-Identifier: GPL-2.0-only
"""musl for another architecture than the machine's own: what static programs are linked with.

Taken from the machine where it is there, else from the Debian package of that architecture, which
is fetched and unpacked in the cache and installed nowhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core import tools
from zpmaint.core.arches import Architecture
from zpmaint.core.errors import InfraError
from zpmaint.core.progress import SILENT, Reporter

_VARIABLES = {"i386": "ZPMAINT_MUSL_I386", "arm64": "ZPMAINT_MUSL_ARM64"}


@dataclass(frozen=True)
class Parts:
    """Where they are."""

    headers: Path
    libraries: Path
    """With crt1.o, crti.o, crtn.o and libc.a."""
    libgcc: Path


def variable(arch: Architecture) -> str:
    """The environment variable that names a folder with Debian's musl-dev of an architecture
    unpacked in it, for a machine without apt."""
    return _VARIABLES[arch.name]


def parts(arch: Architecture, cache: Path, reporter: Reporter = SILENT) -> Parts:
    """What its cross compiler needs, fetched into `cache` where it is nowhere. Raises InfraError:
    which, and why not."""
    compiler = f"{arch.cross}gcc"
    tools.need(compiler)
    headers, libraries = musl(arch, cache, reporter)
    libgcc = tools.run([compiler, "-print-libgcc-file-name"]).stdout.decode().strip()
    if not Path(libgcc).is_file():
        raise InfraError(
            f"{compiler} has no libgcc.a: {libgcc or 'it names none'}",
            f"apt-get install --reinstall {tools.declared()[compiler].package}",
        )
    return Parts(headers, libraries, Path(libgcc))


def musl(arch: Architecture, cache: Path, reporter: Reporter) -> tuple[Path, Path]:
    """The folders of musl's headers and libraries. Raises InfraError where it is not to be had."""
    root = _root(arch, cache, reporter)
    libraries = root / "usr/lib" / arch.musl
    if not (libraries / "libc.a").is_file():
        raise InfraError(
            f"no musl for {arch.name}: {libraries}/libc.a is missing",
            f"unpack Debian's musl-dev for {arch.debian} there (dpkg -x), or leave "
            f"{variable(arch)} unset: then it is fetched",
        )
    return root / "usr/include" / arch.musl, libraries


def _root(arch: Architecture, cache: Path, reporter: Reporter) -> Path:
    if named := os.environ.get(variable(arch)):
        return Path(named)
    if Path("/usr/lib", arch.musl, "libc.a").is_file():
        return Path("/")  # a machine with the foreign architecture and the package installed
    return unpacked("musl-dev", arch.debian, cache=cache, reporter=reporter)


def unpacked(package: str, arch: str, *, cache: Path, reporter: Reporter) -> Path:
    """The package's files from the machine's archive; what fetches them is imported for that."""
    from zpmaint.sources import foreign  # noqa: PLC0415

    return foreign.unpacked(package, arch, cache=cache, reporter=reporter)
