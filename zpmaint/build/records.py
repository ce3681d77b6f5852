# SPDX-License-Identifier: GPL-2.0-only
"""kbuild's own records: the .cmd file beside each thing that was made.

A record holds the command that made a target and, for what a compiler read, the list of files
(deps_TARGET). Kernels before 6.x write cmd_TARGET, later ones savedcmd_TARGET.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_SKIPPED = frozenset({"config"})  # include/config: an empty file for each symbol
_LONG = re.compile(r"[^ \t\n]{65536}")
_DEPTH = 3  # source -> generated header -> generated header -> object


@dataclass(frozen=True)
class Record:
    """How one target was made."""

    target: str
    """Below the build folder."""
    text: bytes

    @cached_property
    def command(self) -> str:
        """The command as the shell saw it."""
        line = self.text.split(b"\n", 1)[0].decode("utf-8", "surrogateescape")
        said = line.partition(":=")[2].strip()
        return said.replace("$(pound)", "#").replace("\\#", "#").replace("$$", "$")

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of its first command; what comes after a semicolon or a pipe is another's."""
        if _LONG.search(self.command):
            return ()  # shlex takes the square of a word's length; no compiler has one so long
        lexer = shlex.shlex(self.command, posix=True, punctuation_chars=";&|<>")
        lexer.whitespace_split = True
        lexer.commenters = ""
        words: list[str] = []
        try:
            for word in lexer:
                if word.strip(";&|<>") == "":
                    break
                words.append(word)
        except ValueError:
            return ()  # a quotation that does not end: no compiler's command
        return tuple(words)

    @property
    def is_compiled(self) -> bool:
        """Whether a compiler made an object or an assembler file of a source."""
        head = self.text[: self.text.find(b"\n")]
        return (b" -c " in head or b" -S " in head) and b" -o " in head


class Records:
    """All records of a build folder."""

    def __init__(self, obj: Path, src: Path) -> None:
        """Reads every .cmd file below `obj`, some thousand of a few kilobytes."""
        self.obj, self.src = obj, src
        self.by_target: dict[str, Record] = {}
        for folder, folders, names in os.walk(obj):
            folders[:] = [name for name in folders if name not in _SKIPPED]
            below = os.path.relpath(folder, obj)
            for name in names:
                if name.startswith(".") and name.endswith(".cmd"):
                    target = os.path.normpath(f"{below}/{name[1:-4]}")
                    text = Path(folder, name).read_bytes()
                    self.by_target[target] = Record(target, text)

    def users(self, path: str) -> tuple[str, ...]:
        """The objects and other end products whose records name a source; where no object does,
        those of what is generated from it. In no order that means anything."""
        found: dict[str, None] = {}
        names = [*self._spellings(path)]
        for _ in range(_DEPTH):
            fresh = [target for target in self._naming(names) if target not in found]
            found.update(dict.fromkeys(fresh))
            names = [target for target in fresh if not target.endswith((".o", ".a", ".ko"))]
            if not names or any(target.endswith(".o") for target in fresh):
                break
        return tuple(found)

    def _spellings(self, path: str) -> list[str]:
        """A source as records may name it: old kernels reach include/asm-ARCH by a link."""
        found = [path]
        for link in ("include2/asm", "include/asm"):
            if (self.obj / link).is_symlink():
                real = os.path.realpath(self.obj / link)
                for root in (self.src, self.obj):
                    below = os.path.relpath(real, os.path.realpath(root))
                    if path.startswith(f"{below}/"):
                        found.append(link + path[len(below) :])
        return found

    def naming(self, path: str) -> frozenset[str]:
        """The targets whose own records name a source."""
        return frozenset(self._naming(self._spellings(path)))

    def _naming(self, names: Iterable[str]) -> list[str]:
        wanted = [(name.encode("utf-8", "surrogateescape"), name) for name in names]
        return [
            record.target
            for record in self.by_target.values()
            if any(
                record.target != name and self._names(record.text, word) for word, name in wanted
            )
        ]

    def _names(self, text: bytes, path: bytes) -> bool:
        at = text.find(path)
        while at >= 0:
            end = at + len(path)
            if text[end : end + 1] in _ENDS and self._is_rooted(text, at):
                return True
            at = text.find(path, end)
        return False

    def _is_rooted(self, text: bytes, at: int) -> bool:
        """Whether the path that ends here begins at the top of the sources or of the objects."""
        start = at
        while start and text[start - 1 : start] not in _ENDS:
            start -= 1
        prefix = text[start:at].decode("utf-8", "surrogateescape")
        if not prefix:
            return True
        if not prefix.endswith("/"):
            return False
        return os.path.normpath(os.path.join(self.obj, prefix)) in self._roots  # noqa: PTH118

    @cached_property
    def _roots(self) -> frozenset[str]:
        return frozenset({str(self.obj), str(self.src)})


_ENDS = frozenset(bytes([sign]) for sign in b" \t\n\\;\"':") | {b""}

_WORD = re.compile(r"[^\s\"'()]+\.(?:o|a)(?=[\s\"';)]|$)")
_PRINTED = re.compile(r"printf \"([^\"%]*)%s \"((?:\s+[^\s|;]+)*)")


def members(record: Record, obj: Path) -> list[str]:
    """The objects and archives that a linker's or an archiver's record names."""
    command = record.command
    found: list[str] = []
    for prefix, words in _PRINTED.findall(command):
        found += [prefix + word for word in words.split()]
    command = _PRINTED.sub("", command)
    found += _WORD.findall(command)
    for listed in re.findall(r"@(\S+\.mod)\b", command):
        if (obj / listed).is_file():
            found += (obj / listed).read_text(errors="replace").split()
    return [
        path
        for word in found
        if (path := os.path.normpath(word.lstrip("@"))) != record.target
        and path.endswith((".o", ".a"))
    ]
