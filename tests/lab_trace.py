# SPDX-License-Identifier: GPL-2.0-only
"""What a program really did to a folder, as strace saw it, as operations of `lab_disk`."""

from __future__ import annotations

import codecs
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lab_disk import Cut, Disk, Kind, Names, Operation, Run, Sync, Write

_CALLS = (
    "openat,open,creat,close,dup,dup2,dup3,lseek,write,pwrite64,writev,sendfile,copy_file_range,"
    "ftruncate,truncate,fsync,fdatasync,syncfs,sync,rename,renameat,renameat2,unlink,unlinkat,"
    "rmdir,mkdir,mkdirat,link,linkat,symlink,symlinkat"
)
_LINE = re.compile(r"^(\d+\.\d+) (\w+)\((.*)\)\s+= (-?\d+)(?:<.*>)?(?: .*)?$", re.S)
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|<[^>]*>|[^,<"]+|,')


def strace() -> str:
    """strace, where it is there and may trace; else the test is skipped, and says so."""
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is not installed (apt-get install strace)")
    if subprocess.run([found, "-o", "/dev/null", "true"], check=False).returncode:
        pytest.skip("strace may not trace here (ptrace is not allowed)")
    return found


def record(command: Sequence[str], top: Path, scratch: Path) -> Run:
    """Run `command`, which has to end well, and give what it did below `top`."""
    before = Disk.of(top)
    scratch.mkdir()
    words = [strace(), "-ff", "-y", "-qq", "-ttt", "-s", "10000000", "-e", f"trace={_CALLS}"]
    subprocess.run([*words, "-o", str(scratch / "log"), *command], check=True)
    reader = _Reader(before.copy(), str(top))
    lines = sorted(line for log in scratch.glob("log.*") for line in _lines(log))
    operations = [one for line in lines for one in reader.read(*line)]
    return Run(before, tuple(operations))


def _lines(log: Path) -> Iterator[tuple[float, int, str, list[str], int]]:
    pid = int(log.suffix[1:])
    for line in log.read_text(errors="surrogateescape").split("\n"):
        found = _LINE.match(line)
        if found and int(found[4]) >= 0:
            yield float(found[1]), pid, found[2], _arguments(found[3]), int(found[4])


def _arguments(text: str) -> list[str]:
    words = [""]
    for part in _WORD.findall(text):
        if part == ",":
            words.append("")
        else:
            words[-1] += part if part[0] in '"<' else part.strip()
    return words


@dataclass
class _Reader:
    """Follows the names as they were while the program ran."""

    disk: Disk
    top: str
    at: dict[tuple[int, str], int] = field(default_factory=dict)
    """By process and file descriptor where it writes next; -1: at the end."""

    def read(
        self, _: float, pid: int, call: str, words: list[str], status: int
    ) -> Iterator[Operation]:
        for one in self._read(pid, call, words, status):
            self.disk.apply(one)
            yield one

    def _read(  # noqa: PLR0912 - a case for each call
        self, pid: int, call: str, words: list[str], status: int
    ) -> Iterator[Operation]:
        match call:
            case "openat" | "open" | "creat":
                yield from self._open(pid, call, words, status)
            case "lseek":
                if self._open_file(words[0]) is not None:
                    self.at[pid, _number(words[0])] = status
            case "write" | "pwrite64":
                inode = self._open_file(words[0])
                if inode is not None:
                    data = _bytes(words[1])[:status]
                    size = len(self.disk.contents.get(inode, b""))
                    key = pid, _number(words[0])
                    at = int(words[3]) if call == "pwrite64" else self.at.get(key, 0)
                    at = size if at < 0 else at
                    if call == "write" and self.at.get(key, 0) >= 0:
                        self.at[key] = at + len(data)
                    yield Write(inode, at, data)
            case "ftruncate":
                if (inode := self._open_file(words[0])) is not None:
                    yield Cut(inode, int(words[1]))
            case "fsync" | "fdatasync":
                if (inode := self._open_file(words[0])) is not None:
                    yield Sync(inode)
            case "syncfs" | "sync":
                yield Sync(None)
            case "mkdir" | "mkdirat":
                if (place := self._place(words, 0 if call == "mkdir" else 1)) is not None:
                    yield Names(((*place, self.disk.new(Kind.FOLDER)),))
            case "symlink" | "symlinkat":
                if (place := self._place(words, len(words) - 1)) is not None:
                    inode = self.disk.new(Kind.LINK)
                    self.disk.contents[inode] = _bytes(words[0])
                    yield Names(((*place, inode),))
            case "unlink" | "rmdir" | "unlinkat":
                if (place := self._place(words, 1 if call == "unlinkat" else 0)) is not None:
                    yield Names(((*place, None),))
            case "rename" | "renameat" | "renameat2":
                first, second = (0, 1) if call == "rename" else (1, 3)
                yield from self._rename(words, first, second)
            case "link" | "linkat":
                first, second = (0, 1) if call == "link" else (1, 3)
                old, new = self._place(words, first), self._place(words, second)
                if new is not None:
                    assert old is not None, f"linked from elsewhere: {words}"
                    yield Names(((*new, self.disk.names[old]),))
            case "truncate" | "writev" | "sendfile" | "copy_file_range":
                assert self.top not in "".join(words), f"the laboratory does not know {call}"

    def _open(self, pid: int, call: str, words: list[str], status: int) -> Iterator[Operation]:
        at = 1 if call == "openat" else 0
        flags = words[at + 1] if call != "creat" else "O_CREAT|O_TRUNC"
        place = self._place(words, at)
        if place is None or "O_DIRECTORY" in flags:
            return
        self.at[pid, str(status)] = -1 if "O_APPEND" in flags else 0
        inode = self.disk.names.get(place)
        if inode is None:
            yield Names(((*place, self.disk.new(Kind.FILE)),))
        elif "O_TRUNC" in flags:
            yield Cut(inode, 0)

    def _rename(self, words: list[str], first: int, second: int) -> Iterator[Operation]:
        old, new = self._place(words, first), self._place(words, second)
        if old is None and new is None:
            return
        assert old is not None and new is not None, f"renamed across the top: {words}"
        moved = self.disk.names[old]
        if "RENAME_EXCHANGE" in words[-1]:
            yield Names(((*old, self.disk.names[new]), (*new, moved)))
        else:
            yield Names(((*old, None), (*new, moved)))

    def _place(self, words: list[str], at: int) -> tuple[int, str] | None:
        """Folder and name of a path in the arguments; None outside of the top."""
        path = os.fsdecode(_bytes(words[at]))
        if not path.startswith("/"):
            base = words[at - 1] if at and "<" in words[at - 1] else ""
            path = f"{base.partition('<')[2].rpartition('>')[0]}/{path}"
        path = os.path.normpath(path)
        if not path.startswith(f"{self.top}/"):
            return None
        folder, _, name = path.removeprefix(self.top).rpartition("/")
        inode = self.disk.find(folder)
        assert inode is not None, f"in no folder: {path}"
        return inode, name

    def _open_file(self, word: str) -> int | None:
        path = word.partition("<")[2].removesuffix(">").removesuffix(" (deleted)")
        if path != self.top and not path.startswith(f"{self.top}/"):
            return None
        return self.disk.find(path.removeprefix(self.top))


def _number(word: str) -> str:
    return word.partition("<")[0]


def _bytes(word: str) -> bytes:
    start, end = word.index('"'), word.rindex('"')
    assert not word.endswith("..."), "strace cut a string short"
    return codecs.escape_decode(word[start + 1 : end].encode())[0]
