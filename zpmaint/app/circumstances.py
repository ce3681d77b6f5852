# SPDX-License-Identifier: GPL-2.0-only
"""With what a verification is done: program, tools, machine. For whoever does it again."""

from __future__ import annotations

import functools
import platform
import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import zpmaint
from zpmaint.core.built import built
from zpmaint.core.shown import one_line
from zpmaint.core.tools import run
from zpmaint.ledger.told import CircumstancesRecord

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def circumstances(
    accelerator: str, sources: Iterable[str], programs: Iterable[str] = ()
) -> CircumstancesRecord:
    """Those of now. `programs` are those that made and ran the kernels, beside make."""
    commit, modified = _checkout()
    return CircumstancesRecord(
        program=zpmaint.__version__,
        commit=commit,
        modified=modified,
        accelerator=accelerator,
        sources=tuple(sources),
        tools=_lines(tuple(sorted({"make", *programs}))),
        packages=dict(_packages()),
        host=_host(),
    )


@functools.cache
def _checkout() -> tuple[str, bool | None]:
    """The commit of the checkout that this runs from, and whether its files are others; of a
    release the one that it was built of; ('', None) where it runs from neither."""
    if made := built():
        return made.commit, None
    top = Path(zpmaint.__file__).parent.parent
    if not (top / ".git").exists() or not shutil.which("git"):
        return "", None
    git = ("git", "-C", str(top))
    head = run((*git, "rev-parse", "--verify", "HEAD"))
    if head.returncode:
        return "", None
    seen = run((*git, "status", "--porcelain", "--untracked-files=no", "--", "zpmaint"))
    return head.stdout.decode().strip(), bool(seen.stdout.strip()) if not seen.returncode else None


@functools.cache
def _lines(names: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in names:
        if shutil.which(name):
            said = run((name, "--version")).stdout.decode(errors="replace")
            found[name] = one_line(said.partition("\n")[0])
    return found


@functools.cache
def _packages() -> tuple[tuple[str, str], ...]:
    """Python, and what zpmaint declares that it needs, each with its version here."""
    found = {"python": platform.python_version()}
    try:
        wanted = metadata.requires("zpmaint") or []
    except metadata.PackageNotFoundError:  # it runs from a folder that nothing installed
        wanted = []
    for row in wanted:
        name = _NAME.match(row)
        if name and "extra ==" not in row:
            with suppress(metadata.PackageNotFoundError):  # the import of it will say so
                found[name[0]] = metadata.version(name[0])
    return tuple(sorted(found.items()))


@functools.cache
def _host() -> str:
    processor = platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    model = next((line.partition(":")[2] for line in lines if line.startswith("model name")), "")
    return one_line(f"{model.strip() or processor}; {platform.system()} {platform.release()}")
