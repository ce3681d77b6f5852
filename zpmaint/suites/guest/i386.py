# SPDX-License-Identifier: GPL-2.0-only
"""What gcc -m32 needs to link a static program: musl and libgcc for i386.

musl is found as for every other architecture than the machine's own (musl.py). libgcc is another
matter: gcc compiles for both, and has one of them.
"""

from __future__ import annotations

from pathlib import Path

from zpmaint.core import arches, tools
from zpmaint.core.errors import InfraError
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.suites.guest.musl import Parts, musl, unpacked


def parts(cache: Path, reporter: Reporter = SILENT) -> Parts:
    """Find them, fetching into `cache` what is nowhere. Raises InfraError: which, and why not."""
    tools.need("gcc")
    headers, libraries = musl(arches.named("i386"), cache, reporter)
    return Parts(headers, libraries, _libgcc(cache, reporter))


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
