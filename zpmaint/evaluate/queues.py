# SPDX-License-Identifier: GPL-2.0-only
"""A patch queue as a Debian source package holds it: read from its .debian.tar.xz."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zpmaint.core.errors import InfraError
from zpmaint.evaluate.values import QueuedPatch
from zpmaint.sources.tar_stream import Kind, members
from zpmaint.sources.xz import decoded

PARTS = (("debian/patches", ""), ("debian/patches-rt", "rt/"))
"""The folder of each queue and what stands before its patches' names; applied in this order."""


def read_queue(archive: Path) -> list[QueuedPatch]:
    """The patches of a package in the order they are applied, PREEMPT_RT's after Debian's own.

    Raises InfraError where the archive cannot be read or a series names a patch it lacks.
    """
    with decoded(archive) as source:
        files = {
            member.name.removeprefix("./"): member.data
            for member in members(source.stream)
            if member.kind is Kind.FILE and "/patches" in member.name
        }
    found: list[QueuedPatch] = []
    for folder, prefix in PARTS:
        for name in series(files.get(f"{folder}/series", b"")):
            text = files.get(f"{folder}/{name}")
            if text is None:
                raise InfraError(f"{archive}: {folder}/series names {name}, which is not there")
            found.append(QueuedPatch(prefix + name, text))
    return found


def series(text: bytes) -> Sequence[str]:
    """The names in a series file, without comments and options."""
    lines = (line.partition("#")[0].split() for line in text.decode().splitlines())
    return [words[0] for words in lines if words]
