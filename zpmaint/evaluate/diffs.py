"""A patch taken apart into its files, byte for byte. Pure.

The port engine reads patches with a library; the ground truth must not depend on what is
measured, and has to know also of what the engine does not carry (renames, modes, binaries).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from zpmaint.evaluate.values import FileDiff

_WORD = re.compile(rb"[A-Za-z_]\w*", re.ASCII)
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_GIT = re.compile(rb"diff --git a/(\S+) b/(\S+)\s*$")
_EXTENDED = (
    b"index ", b"old mode ", b"new mode ", b"new file mode ", b"deleted file mode ",
    b"similarity index ", b"dissimilarity index ", b"rename from ", b"rename to ",
    b"copy from ", b"copy to ", b"Index: ", b"===",
)  # fmt: skip


@dataclass
class _Open:
    """The file whose part is being read."""

    lines: list[bytes] = field(default_factory=list)
    old: str | None = None
    new: str | None = None
    renames: bool = False
    mode: bool = False
    binary: bool = False
    named: bool = False

    def closed(self) -> FileDiff:
        return FileDiff(
            self.old, self.new, b"".join(self.lines), self.renames, self.mode, self.binary
        )


def words(text: bytes) -> set[str]:
    """The names in a text, as C has them."""
    return {word.decode() for word in _WORD.findall(text)}


def brought(patch: bytes) -> set[str]:
    """The names in the lines that a patch adds."""
    return words(
        b"".join(
            line[1:] + b"\n"
            for part in split(patch)
            for line in part.text.split(b"\n")
            if line.startswith(b"+") and not line.startswith(b"+++ ")
        )
    )


def split(patch: bytes) -> list[FileDiff]:
    """The files of a patch in its order; a file that it holds twice comes twice."""
    return [part.closed() for part in _parts(patch.splitlines(keepends=True)) if part.named]


def _parts(lines: list[bytes]) -> Iterator[_Open]:
    part = _Open()
    n = 0
    while n < len(lines):
        line = lines[n]
        if git := _GIT.match(line):
            yield part
            part = _Open([line], _text(git[1]), _text(git[2]), named=True)
            n += 1
            while n < len(lines) and lines[n].startswith(_EXTENDED):
                _extended(part, lines[n])
                part.lines.append(lines[n])
                n += 1
        elif line.startswith(b"--- ") and n + 1 < len(lines) and lines[n + 1].startswith(b"+++ "):
            if part.named and any(text.startswith(b"@@ ") for text in part.lines):
                yield part
                part = _Open()
            old, new = _path(line), _path(lines[n + 1])
            if not part.named:
                part = _Open(part.lines if part.named else [], named=True)
                part.old, part.new = old, new
            part.old, part.new = (
                None if old is None else (part.old if part.renames else old),
                None if new is None else (part.new if part.renames else new),
            )
            part.lines += lines[n : n + 2]
            n += 2
        elif part.named and (hunk := _HUNK.match(line)):
            end = _end_of_hunk(lines, n + 1, _count(hunk[1]), _count(hunk[2]))
            part.lines += lines[n:end]
            n = end
        elif part.named and line.startswith((b"GIT binary patch", b"Binary files ")):
            part.binary = True
            part.lines.append(line)
            n += 1
            while n < len(lines) and not _GIT.match(lines[n]):
                part.lines.append(lines[n])
                n += 1
        else:
            n += 1  # prose before, between or after the diffs
    yield part


def _extended(part: _Open, line: bytes) -> None:
    if line.startswith((b"rename ", b"copy ")):
        part.renames = True
    elif line.startswith((b"old mode ", b"new mode ")):
        part.mode = True
    elif line.startswith(b"new file mode "):
        part.old = None
    elif line.startswith(b"deleted file mode "):
        part.new = None


def _end_of_hunk(lines: list[bytes], at: int, old: int, new: int) -> int:
    while at < len(lines) and (old > 0 or new > 0):
        kind = lines[at][:1]
        if kind == b"-":
            old -= 1
        elif kind == b"+":
            new -= 1
        elif kind in (b" ", b"\n", b"\t"):  # mailers eat the blank of an empty context line
            old -= 1
            new -= 1
        elif kind != b"\\":
            break
        at += 1
    while at < len(lines) and lines[at].startswith(b"\\"):
        at += 1
    return at


def _count(digits: bytes | None) -> int:
    return 1 if digits is None else int(digits)


def _path(header: bytes) -> str | None:
    name = _text(header[4:].split(b"\t")[0].strip())
    return None if name == "/dev/null" else name.partition("/")[2] or name


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
