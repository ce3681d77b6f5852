# SPDX-License-Identifier: GPL-2.0-only
"""Whether `patch -p1 -F0` takes a patch onto a kernel, tried on copies of the files it touches."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from zpmaint.cell.launch import run
from zpmaint.cell.values import Cell, Limits
from zpmaint.core.beneath import read_beneath, write_beneath
from zpmaint.core.checked import Check, State
from zpmaint.core.errors import KernelError, UserError
from zpmaint.core.shown import one_line
from zpmaint.core.text import to_text
from zpmaint.core.tools import declared
from zpmaint.diffs.reader import read_patch

WHAT = "applies"
_LIMITS = Limits(memory=1 << 30, seconds=120, file_size=1 << 30)
Files = Callable[[Iterable[str]], Mapping[str, bytes | None]]
"""The files of a kernel, None for one that it does not have."""


def of_tree(tree: Path) -> Files:
    """The files of a kernel's tree. Raises UserError where there is no such folder."""
    if not tree.is_dir():
        raise UserError(f"{tree}: no such folder", "name a kernel's sources with --tree")
    return lambda paths: {path: read_beneath(tree, path) for path in paths}


def applies(patches: Iterable[bytes], files: Files, onto: str) -> Check:
    """The patches one after the other onto a kernel, called `onto`."""
    tool = declared()["patch"]
    if not tool.path():
        return Check(WHAT, State.UNKNOWN, "not installed: patch", f"apt-get install {tool.package}")
    patches = list(patches)
    try:
        paths = sorted({
            path
            for data in patches
            for diff in read_patch(to_text(data), "the patch").diffs
            for path in diff.paths
        })  # fmt: skip
        found = files(paths)
    except (UserError, KernelError) as error:
        return Check(WHAT, State.BAD, one_line(error.what))
    if not paths:
        return Check(WHAT, State.BAD, "it holds no diff")
    with tempfile.TemporaryDirectory() as folder:
        tree, given = Path(folder, "tree"), Path(folder, "patches")
        tree.mkdir()
        given.mkdir()
        for path, data in found.items():
            if data is not None:
                write_beneath(tree, path, data)
        for number, data in enumerate(patches, 1):
            file = given / f"{number:04}.patch"
            file.write_bytes(data)
            command = ["patch", "-p1", "-F0", "--forward", "--no-backup-if-mismatch", "-r", "-",
                       "-i", str(file)]  # fmt: skip
            cell = Cell(
                name="patch",
                writable=(tree,),
                readable=(given,),
                environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
                limits=_LIMITS,
                cwd=tree,
            )
            done = run(command, cell)
            said = (done.stdout + done.stderr).decode("utf-8", "replace")
            if done.ended.status:
                failed = [line for line in said.splitlines() if "FAILED" in line or "!" in line]
                words = one_line((failed or said.splitlines() or ["patch says nothing"])[0])
                return Check(WHAT, State.BAD, f"not to {onto}: patch -p1 -F0: {words}")
    return Check(WHAT, State.GOOD, f"patch -p1 -F0 takes it onto {onto}")
