# SPDX-License-Identifier: GPL-2.0-only
"""The forms in which distributions take patches: which files each has. Pure.

Every form lists its files by name and is read back by the same module: what is written gives the
same patches in the same order.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import re
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zpmaint.core.errors import UserError
from zpmaint.core.text import safe_name, to_bytes
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs import mail

_LINE = re.compile(r"(?!series$)[^\s#-]\S*")
"""A name that a line of a file `series` can hold."""
_OURS = re.compile(
    rb"\nMessage-ID: <zpmaint-[0-9a-f]+@zpmaint\.invalid>(?:\nIn-Reply-To: .*\nReferences: .*)?"
)
_FIRST = 900
"""OpenWrt's numbers from here on are for what comes last (generic/pending-*/ has 1xx to 8xx)."""


@dataclass(frozen=True)
class Patch:
    """One patch of a queue."""

    name: str
    """As its series names it: may have folders before it."""
    data: bytes
    """For patch -p1; a mail that git am takes."""


@dataclass(frozen=True)
class Queue:
    """What is exported."""

    name: str
    version: KernelVersion
    patches: tuple[Patch, ...]
    when: int
    """Seconds since the epoch: the newest patch's date. The same queue gives the same bytes."""


Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Form:
    """How one kind of user takes patches."""

    name: str
    is_folder: bool
    files: Callable[[Queue, str], Files]
    """By name below the folder; of a file its contents by ''. The word is the name that was asked
    for, whose ending may choose a compression."""
    read: Callable[[Files], list[bytes]]
    """The patches again, in order."""


def _flat(queue: Queue) -> list[Patch]:
    """With names that every program takes, no folders, and in order where they are sorted."""
    found = []
    for number, patch in enumerate(queue.patches, 1):
        stem = safe_name(patch.name.rpartition("/")[2].removesuffix(".patch"), "")
        stem = re.sub(r"^\d{4}-", "", stem) or "patch"
        found.append(Patch(f"{number:04}-{stem}.patch", patch.data))
    return found


def _series(patches: Sequence[Patch]) -> bytes:
    return to_bytes("".join(f"{patch.name}\n" for patch in patches))


def _quilt(queue: Queue, _: str) -> Files:
    """Under their own names, where quilt takes all of them."""
    patches: Sequence[Patch] = queue.patches
    if not all(_LINE.fullmatch(patch.name) for patch in patches):
        patches = _flat(queue)
    return {patch.name: patch.data for patch in patches} | {"series": _series(patches)}


def _read_quilt(files: Files) -> list[bytes]:
    names = files["series"].decode("utf-8", "surrogateescape").splitlines()
    return [files[name] for name in names]


def _mbox(queue: Queue, _: str) -> Files:
    """One thread: b4 takes none whose mails have no Message-ID."""
    mails = [patch.data for patch in queue.patches]
    first = mail.field_of(mails[0], "Message-ID") or _message_id(mails[0]) if mails else ""
    return {"": b"".join(_threaded(data, first if n else "") for n, data in enumerate(mails))}


def _message_id(data: bytes) -> str:
    return f"<zpmaint-{hashlib.sha256(data).hexdigest()[:24]}@zpmaint.invalid>"


def _threaded(data: bytes, first: str) -> bytes:
    head, end, body = data.partition(b"\n\n")
    if mail.field_of(data, "Message-ID"):
        return data
    fields = [f"Message-ID: {_message_id(data)}"]
    if first:
        fields += [f"In-Reply-To: {first}", f"References: {first}"]
    return head + b"\n" + "\n".join(fields).encode() + end + body


def _read_mbox(files: Files) -> list[bytes]:
    return [_OURS.sub(b"", data, count=1) for data in mail.split(files[""])]


def _tar(queue: Queue, asked: str) -> Files:
    patches = _flat(queue)
    top = f"{queue.name}-{queue.version}"
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in [*((p.name, p.data) for p in patches), ("series", _series(patches))]:
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size, info.mtime, info.mode = len(data), queue.when, 0o644
            archive.addfile(info, io.BytesIO(data))
    data = raw.getvalue()
    if asked.endswith((".gz", ".tgz")):
        data = gzip.compress(data, mtime=queue.when)
    elif asked.endswith((".xz", ".txz")):
        data = lzma.compress(data)
    elif not asked.endswith(".tar"):
        raise UserError(f"{asked}: what kind of archive?", "let it end in .tar, .tar.gz or .tar.xz")
    return {"": data}


def _read_tar(files: Files) -> list[bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(files[""])) as archive:
        for info in archive:
            stream = archive.extractfile(info)
            found[info.name.partition("/")[2]] = stream.read() if stream else b""
    return _read_quilt(found)


def _openwrt(queue: Queue, _: str) -> Files:
    major, minor = queue.version.numbers[:2] if queue.version.numbers else (0, 0)
    folder = f"pending-{major}.{minor}"
    return {
        f"{folder}/{_FIRST + number}-{patch.name[5:]}": patch.data
        for number, patch in enumerate(_flat(queue))
    }


def _read_openwrt(files: Files) -> list[bytes]:
    def number(name: str) -> int:
        return int(name.rpartition("/")[2].partition("-")[0])

    return [files[name] for name in sorted(files, key=number)]


def _nix(queue: Queue, _: str) -> Files:
    patches = _flat(queue)
    rows = "".join(
        f'  {{ name = "{patch.name.removesuffix(".patch")}"; patch = ./{patch.name}; }}\n'
        for patch in patches
    )
    text = (
        f"# {queue.name} for Linux {queue.version}: boot.kernelPatches = import ./default.nix;\n"
        f"[\n{rows}]\n"
    )
    return {patch.name: patch.data for patch in patches} | {"default.nix": text.encode()}


def _read_nix(files: Files) -> list[bytes]:
    return [files[name] for name in re.findall(r"patch = \./(\S+);", files["default.nix"].decode())]


def _pkgbuild(queue: Queue, _: str) -> Files:
    patches = _flat(queue)
    names = "".join(f"  '{patch.name}'\n" for patch in patches)
    sums = "".join(f"  '{hashlib.sha256(patch.data).hexdigest()}'\n" for patch in patches)
    text = (
        f"# {queue.name} for Linux {queue.version}: goes behind a PKGBUILD's source=() and\n"
        "# sha256sums=(), or is read from it: source PKGBUILD.patches\n"
        f"source+=(\n{names})\nsha256sums+=(\n{sums})\n"
    )
    return {patch.name: patch.data for patch in patches} | {"PKGBUILD.patches": text.encode()}


def _read_pkgbuild(files: Files) -> list[bytes]:
    text = files["PKGBUILD.patches"].decode()
    names = re.findall(r"^  '(\S+\.patch)'$", text, re.M)
    sums = re.findall(r"^  '([0-9a-f]{64})'$", text, re.M)
    found = [files[name] for name in names]
    if [hashlib.sha256(data).hexdigest() for data in found] != sums:
        return []
    return found


FORMS = (
    Form("quilt", True, _quilt, _read_quilt),
    Form("mbox", False, _mbox, _read_mbox),
    Form("tar", False, _tar, _read_tar),
    Form("openwrt", True, _openwrt, _read_openwrt),
    Form("nix", True, _nix, _read_nix),
    Form("pkgbuild", True, _pkgbuild, _read_pkgbuild),
)
