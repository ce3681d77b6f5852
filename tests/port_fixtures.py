# SPDX-License-Identifier: GPL-2.0-only
"""Toy patch sets for the tests of the port room."""

from __future__ import annotations

from pathlib import Path

from zpmaint.core.eras import Era
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.writer import unified
from zpmaint.merge.lines import lines_of
from zpmaint.patchset.values import Adoption, Anchor, PatchSet, single
from zpmaint.port.engine import port
from zpmaint.port.values import Port

PATH = "mm/toy.c"
V = KernelVersion.parse


def anchor(patch: str, name: str = "a", version: str = "2.6.20", era: Era | None = None) -> Anchor:
    return Anchor(name, V(version), V(version), era or Era(), single(patch), "the first")


def patchset(*anchors: Anchor, adoptions: tuple[Adoption, ...] = ()) -> PatchSet:
    return PatchSet(
        name="toy",
        title="Toy change",
        author="A. Author <a@example.org>",
        origin="a posting",
        intent="no special case",
        anchors=anchors,
        adoptions=adoptions,
        flips=(),
        telling=(),
        leaves=(),
        folder=Path("patches/toy"),
    )


def diff(old: str, new: str, path: str = PATH) -> str:
    return unified(path, lines_of(old.encode()), lines_of(new.encode()))


def changed(old: bytes | None, new: bytes | None, path: str = PATH) -> str:
    """The diff between two states of a file; None is a file that is not there."""
    return unified(
        path, None if old is None else lines_of(old), None if new is None else lines_of(new)
    )


def carry(
    base: str | None,
    patched: str,
    target: str,
    *,
    cut_from: str | None = None,
    adoptions: tuple[Adoption, ...] = (),
    version: str = "2.6.21",
    path: str = PATH,
) -> Port:
    """Port the change base -> patched onto target; with base None from the patch alone, cut from
    `cut_from`."""
    patch = diff(cut_from if base is None else base, patched, path)  # type: ignore[arg-type]
    bases = {} if base is None else {"a": {path: base.encode()}}
    chosen = patchset(anchor(patch), adoptions=adoptions)
    return port(chosen, V(version), bases, {path: target.encode()})


def outcome(ported: Port) -> str:
    """The ported file as text; '' where there is none."""
    result = ported.files[0].result
    return "" if result is None else result.decode()


def placed(ported: Port) -> list[str]:
    return [hunk.placed for file in ported.files for hunk in file.hunks]
