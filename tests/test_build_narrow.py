# SPDX-License-Identifier: GPL-2.0-only
"""A build of one change looks into its folder alone, where nothing else can have changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from build_fixtures import MEMORY, VERSION, Toy, toy  # noqa: F401

from zpmaint.build.options import BuildOptions
from zpmaint.build.pair import _narrowed, build
from zpmaint.build.values import Kernel


@pytest.mark.parametrize(
    ("makefile", "changed", "words"),
    [
        ("$(build-dirs): prepare\n", ["mm/memory.c"], ["build-dirs=mm"]),
        ("$(build-dirs): prepare\n", ["mm/memory.c", "mm/rmap.c"], ["build-dirs=mm"]),
        ("$(vmlinux-dirs): prepare scripts\n", ["mm/memory.c"], ["vmlinux-dirs=mm"]),
        # One target for all folders: nothing to leave out.
        ("$(build-dir): prepare\n", ["mm/memory.c"], []),
        # Another folder, or any, may see these.
        ("$(build-dirs): prepare\n", ["mm/memory.c", "fs/exec.c"], []),
        ("$(build-dirs): prepare\n", ["mm/internal.h"], []),
        ("$(build-dirs): prepare\n", ["mm/Kconfig"], []),
        ("$(build-dirs): prepare\n", [], []),
    ],
)
def test_words(tmp_path: Path, makefile: str, changed: list[str], words: list[str]) -> None:
    (tmp_path / "Makefile").write_text(makefile)
    assert _narrowed(tmp_path, changed) == words


def narrow(toy: Toy, memory: bytes) -> Kernel:  # noqa: F811
    pair = build(
        VERSION,
        toy.tree,
        BuildOptions(jobs=1),
        {"mm/memory.c": memory},
        work=toy.work,
        narrow=True,
    )
    assert pair.patched is not None
    return pair.patched


def test_only_after_a_whole_build(toy: Toy) -> None:  # noqa: F811
    """The words are given where the last make ended well, and not after one that did not."""
    makefile = (toy.tree / "Makefile").read_text()
    toy.write("Makefile", makefile + "\n$(build-dirs): prepare\nprepare:\n")
    said = [narrow(toy, MEMORY + b"int first;\n").log.read_text()]
    with pytest.raises(Exception, match="does not build"):
        narrow(toy, b"nonsense\n")
    said.append(narrow(toy, MEMORY + b"int second;\n").log.read_text())
    said.append(narrow(toy, MEMORY + b"int third;\n").log.read_text())
    assert ["build-dirs=mm" in text for text in said] == [True, False, True]
