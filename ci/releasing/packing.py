# SPDX-License-Identifier: GPL-2.0-only
"""Archives that depend on their contents alone: no clock, no user, no order of a folder."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from pathlib import Path


def normalised(packed: bytes, epoch: int) -> bytes:
    """The tar.gz `packed` with its members in the order of their names, all of the time `epoch`, of
    no user, with the modes 0644 and 0755."""
    out = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(packed)) as tar,
        gzip.GzipFile(filename="", fileobj=out, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as fresh,
    ):
        for member in sorted(tar.getmembers(), key=lambda one: one.name):
            made = tarfile.TarInfo(member.name)
            made.type, made.linkname = member.type, member.linkname
            made.mtime, made.size = epoch, member.size if member.isfile() else 0
            made.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            fresh.addfile(made, tar.extractfile(member) if member.isfile() else None)
    return out.getvalue()


def sums(folder: Path) -> str:
    """The text of SHA256SUMS of the files of `folder`, as `sha256sum` writes it."""
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
        if path.name != "SHA256SUMS"
    )
