# SPDX-License-Identifier: GPL-2.0-only
"""The initramfs, read back by cpio(1) and by a reader of our own, byte for byte."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import stat
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as some

from zpmaint.vm.initramfs import char_device, file, folder, pack, symlink

INIT = file("init", b"\x7fELF not really")


def read(archive: bytes) -> list[tuple[str, dict[str, int], bytes]]:
    """A newc reader written from the format's description."""
    names = "ino mode uid gid nlink mtime size major minor rmajor rminor namesize check"
    entries, at = [], 0
    while True:
        assert archive[at : at + 6] == b"070701"
        words = [archive[at + 6 + 8 * i : at + 14 + 8 * i] for i in range(13)]
        head = {name: int(word, 16) for name, word in zip(names.split(), words, strict=True)}
        name = archive[at + 110 : at + 110 + head["namesize"]]
        assert name.endswith(b"\0")
        at = (at + 110 + head["namesize"] + 3) & ~3
        data = archive[at : at + head["size"]]
        at = (at + head["size"] + 3) & ~3
        if name == b"TRAILER!!!\0":
            assert at == len(archive)
            return entries
        entries.append((name[:-1].decode(), head, data))


def test_holds_init_and_what_every_guest_finds() -> None:
    found = {name: (head, data) for name, head, data in read(pack([INIT]))}
    assert list(found) == ["dev", "dev/console", "dev/null", "init", "proc", "sys", "tmp"]
    head, data = found["init"]
    assert head["mode"] == stat.S_IFREG | 0o755
    assert data == INIT.data
    console = found["dev/console"][0]
    assert stat.S_ISCHR(console["mode"])
    assert (console["rmajor"], console["rminor"]) == (5, 1)
    assert found["tmp"][0]["mode"] == stat.S_IFDIR | 0o1777
    assert len({head["ino"] for head, _ in found.values()}) == len(found)
    assert not any(head["mtime"] or head["uid"] or head["gid"] for head, _ in found.values())


def test_same_entries_same_bytes() -> None:
    entries = [INIT, file("etc/x", b"1"), symlink("bin/a", "../init"), folder("empty")]
    assert pack(entries) == pack(reversed(entries))
    assert pack(entries, compress=True) == pack(entries, compress=True)
    assert gzip.decompress(pack(entries, compress=True)) == pack(entries)


def test_bytes_are_pinned() -> None:
    """A change of the format changes every guest's hash: it should be a decision."""
    digest = hashlib.sha256(pack([INIT])).hexdigest()
    assert digest == "edfedce9b6d01c238b9f50b54c172ac4d73b51617948386e23d055fc221c2c1c"


def test_folders_come_before_what_is_in_them() -> None:
    names = [name for name, _, _ in read(pack([INIT, file("a-b", b""), file("a/b/c", b"")]))]
    assert names.index("a") < names.index("a/b") < names.index("a/b/c")


def test_own_entry_takes_the_place_of_the_skeleton() -> None:
    found = {name: head for name, head, _ in read(pack([INIT, folder("tmp", 0o700)]))}
    assert found["tmp"]["mode"] == stat.S_IFDIR | 0o700


@given(
    some.dictionaries(
        some.text("abc", min_size=1, max_size=3).map(lambda name: f"data/{name}"),
        some.binary(max_size=9),
    )
)
def test_every_size_comes_back(files: dict[str, bytes]) -> None:
    archive = pack([INIT, *(file(path, data, 0o644) for path, data in files.items())])
    back = {name: data for name, _, data in read(archive) if name.startswith("data/")}
    assert back == files


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([file("bin/sh", b"")], "no executable file `init`"),
        ([file("init", b"", 0o644)], "no executable file `init`"),
        ([folder("init")], "no executable file `init`"),
        ([INIT, INIT], "init is there twice"),
        ([INIT, file("/etc/x", b"")], "not a path below the root"),
        ([INIT, file("a/../x", b"")], "not a path below the root"),
        ([INIT, file("init/x", b"")], "which is no folder"),
    ],
)
def test_refuses(entries: list, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        pack(entries)


def test_cpio_lists_it() -> None:
    if not shutil.which("cpio"):
        pytest.skip("cpio is not installed (apt-get install cpio)")
    archive = pack([INIT, char_device("dev/mem", 1, 1), symlink("linuxrc", "init")])
    listed = subprocess.run(
        ["cpio", "-itv", "--quiet"], input=archive, capture_output=True, check=True
    )
    assert not listed.stderr
    rows = [row.split() for row in listed.stdout.decode().splitlines()]
    by_name = {row[8 if row[0][0] != "c" else 9]: row for row in rows}
    assert by_name["dev/console"][0] == "crw-------"
    assert by_name["dev/console"][4:6] == ["5,", "1"]
    assert by_name["tmp"][0] == "drwxrwxrwt"
    assert by_name["init"][4] == str(len(INIT.data))
    assert rows[[row[8] for row in rows].index("linuxrc")][8:] == ["linuxrc", "->", "init"]
