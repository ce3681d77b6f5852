# SPDX-License-Identifier: GPL-2.0-only
"""The patches of a kernel as a quilt series in an archive: the same patches, the same bytes. Pure.

Unpacked it is NAME/patches/ with the file `series`: `QUILT_PATCHES=.../NAME/patches quilt push -a`.
"""

from __future__ import annotations

import io
import lzma
import tarfile
from collections.abc import Sequence

from zpmaint.publish.mails import Mail

_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 20}]
"""A dictionary of 1 MiB: one of 8 MiB costs more to set up than such an archive to pack."""


def archive(name: str, mails: Sequence[Mail]) -> bytes:
    """A .tar.xz of the patches and of `series`, which has their order. Owners are nobody, times the
    epoch, so that nothing but the patches counts."""
    series = "".join(f"{mail.name}\n" for mail in mails).encode()
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.PAX_FORMAT) as out:
        for folder in (name, f"{name}/patches"):
            out.addfile(_entry(folder, tarfile.DIRTYPE))
        for file, data in [*((mail.name, mail.data) for mail in mails), ("series", series)]:
            out.addfile(_entry(f"{name}/patches/{file}", tarfile.REGTYPE, data), io.BytesIO(data))
    return lzma.compress(
        held.getvalue(), format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC64, filters=_FILTERS
    )


def _entry(name: str, kind: bytes, data: bytes = b"") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.size, entry.mtime = kind, len(data), 0
    entry.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    return entry


_MOST = 64 << 20  # bytes of an archive's contents: what packs more is none of ours


def unpacked(data: bytes) -> list[bytes]:
    """The patches of such an archive in the order of its series. Raises ValueError, in words, for
    what is none."""
    unpacker = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_MOST)
    try:
        tar = unpacker.decompress(data, max_length=_MOST)
    except lzma.LZMAError as error:
        raise ValueError(f"it is no .tar.xz: {error}") from None
    if not unpacker.eof:
        raise ValueError("it is cut, or unpacks to more than any archive of patches holds")
    held: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as opened:
            for entry in opened:
                file = opened.extractfile(entry) if entry.isreg() else None
                if file is not None:
                    held[entry.name.rpartition("/")[2]] = file.read()
    except tarfile.TarError as error:
        raise ValueError(f"it is no archive: {error}") from None
    names = held.get("series", b"").decode("utf-8", "replace").split()
    if not names or any(name not in held for name in names):
        raise ValueError("it has no series, or not the patches that its series names")
    return [held[name] for name in names]
