# SPDX-License-Identifier: GPL-2.0-only
"""What gcc -m32 needs to link a static program: musl and libgcc for i386.

Taken from the machine where it is there, else from the Debian packages of the architecture i386,
which are fetched and unpacked in the cache and installed nowhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core import tools
from zpmaint.core.errors import InfraError
from zpmaint.core.progress import SILENT, Reporter

MUSL_I386 = "ZPMAINT_MUSL_I386"
"""The environment variable that names a folder with Debian's musl-dev:i386 unpacked in it, for a
machine without apt."""


@dataclass(frozen=True)
class Parts:
    """Where they are."""

    headers: Path
    libraries: Path
    """With crt1.o, crti.o, crtn.o and libc.a."""
    libgcc: Path


def parts(cache: Path, reporter: Reporter = SILENT) -> Parts:
    """Find them, fetching into `cache` what is nowhere. Raises InfraError: which, and why not."""
    tools.need("gcc")
    root = _musl(cache, reporter)
    libraries = root / "usr/lib/i386-linux-musl"
    if not (libraries / "libc.a").is_file():
        raise InfraError(
            f"no musl for i386: {libraries}/libc.a is missing",
            f"unpack Debian's musl-dev for i386 there (dpkg -x), or leave {MUSL_I386} unset: "
            "then it is fetched",
        )
    return Parts(root / "usr/include/i386-linux-musl", libraries, _libgcc(cache, reporter))


def _musl(cache: Path, reporter: Reporter) -> Path:
    if named := os.environ.get(MUSL_I386):
        return Path(named)
    if Path("/usr/lib/i386-linux-musl/libc.a").is_file():
        return Path("/")  # a machine with the foreign architecture and the package installed
    return unpacked("musl-dev", "i386", cache=cache, reporter=reporter)


def _libgcc(cache: Path, reporter: Reporter) -> Path:
    """gcc's own one for -m32 (gcc-multilib), else that of the i386 compiler of its version."""
    own = _gcc("-m32", "-print-libgcc-file-name")
    # Without gcc-multilib gcc names its 64-bit one for -m32, too.
    if own != _gcc("-print-libgcc-file-name") and Path(own).is_file():
        return Path(own)
    major = _gcc("-dumpversion").partition(".")[0]
    root = unpacked(f"libgcc-{major}-dev", "i386", cache=cache, reporter=reporter)
    found = sorted(root.glob("usr/lib/gcc/*/*/libgcc.a"))
    if not found:
        raise InfraError(
            f"no libgcc.a in {root}",
            f"apt-get install {tools.declared()['gcc'].package}-multilib",
        )
    return found[0]


def _gcc(*words: str) -> str:
    return tools.run(["gcc", *words]).stdout.decode().strip()


def unpacked(package: str, arch: str, *, cache: Path, reporter: Reporter) -> Path:
    """The package's files from the machine's archive; what fetches them is imported for that."""
    from zpmaint.sources import foreign  # noqa: PLC0415

    return foreign.unpacked(package, arch, cache=cache, reporter=reporter)
