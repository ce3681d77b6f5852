# SPDX-License-Identifier: GPL-2.0-only
"""Finding the diffs inside a posting: a mail, a web page saved as text, a quoted reply.

What was done to the text as a whole (CRLF, quoted-printable, HTML entities, quote marks) is
undone here and counted; what was done to blanks is left for where the base tells more.
"""

from __future__ import annotations

import html
import quopri
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_bytes, to_text
from zpmaint.diffs.grammar import hunk_header
from zpmaint.diffs.paths import NOWHERE, tree_path, without_backup
from zpmaint.diffs.reader import FileDiff, HunkText, Reader

_COMBINED = re.compile(r"diff --(?:cc|combined) |@@@+ -\d")
_KEPT = ("old mode ", "new mode ", "new file mode ", "deleted file mode ")
_QUOTE = re.compile(r"(?:>[ \t]?|\|[ \t])+")
_ENTITY = re.compile(r"&(?:#\d{1,6}|#[xX][0-9a-fA-F]{1,5}|lt|gt|amp|quot|apos|nbsp);")
_QP = re.compile(r"=(?:[0-9A-F]{2}|\n)")
_QP_HEX = re.compile(r"=[0-9A-F]{2}")
_QP_SAID = re.compile(r"content-transfer-encoding:\s*quoted-printable", re.IGNORECASE)
_INDENTED_BY_NBSP = re.compile(r"[ +-]?\u00a0")
_MARKUP = re.compile(r"<(?:!doctype|html|body|pre|div|span|p|br|td|code)\b[^>]*>", re.IGNORECASE)
_ABOVE = re.compile(r"diff -|Index: ")
_BETWEEN = re.compile(r"diff |Index: |={60,}$|index [0-9a-f]+\.\.|(?:new|deleted) file mode ")
_REFUSED = (
    (
        re.compile(r"Binary files? .* differ$|GIT binary patch$"),
        "a binary change",
        "only text can be carried from kernel to kernel",
    ),
    (
        re.compile(r"(?:rename|copy) from "),
        "a rename or a copy",
        "only changes of contents can be mended",
    ),
)


@dataclass(frozen=True)
class Posted:
    """One line of the posting, without what was done to the text as a whole."""

    number: int
    """Counted from 1 in the posting as it was handed in."""
    text: str


@dataclass(frozen=True)
class PostedHunk:
    """A hunk header and all lines up to the next one; prose may follow its last line."""

    header: Posted
    old_start: int
    old_count: int
    new_count: int
    body: tuple[Posted, ...]


@dataclass(frozen=True)
class PostedFile:
    """The hunks for one file."""

    path: str
    creates: bool
    deletes: bool
    number: int
    """The line of the posting where its header stands."""
    hunks: tuple[PostedHunk, ...]
    head: tuple[str, ...] = ()
    """git's header lines that say more than the lines do: a mode."""


@dataclass(frozen=True)
class Posting:
    """The diffs of a posting, and how often which damage to the whole was undone."""

    files: tuple[PostedFile, ...]
    undone: Counter[str]
    around: int
    """Lines outside of the diffs: mail headers, prose."""


def read_posting(text: str, name: str) -> Posting:
    """Find the diffs in `text`; `name` is its file, for errors.

    Raises UserError where there is none, or where it is of a kind that cannot be carried.
    """
    undone: Counter[str] = Counter()
    if not text.strip():
        raise UserError(f"{name}: empty", "save the posting's text there")
    lines = _unquoted_lines(_decoded(text, undone), undone)
    reader = _Loose(
        [line.text + "\n" for line in lines],
        name,
        1,
        undone=undone,
        numbers=[line.number for line in lines],
    )
    for at in range(len(lines)):
        _refuse_context(lines, at, name)
    pieces = list(reader.pieces())
    files: list[PostedFile] = []
    inside = 0
    at = 0
    bodies = iter(reader.bodies)
    for piece in pieces:
        if isinstance(piece, str):
            for n in range(at, at + piece.count("\n")):
                _refuse(lines, n, name)
            at += piece.count("\n")
            continue
        size = len(piece.head) + sum(1 + len(h.lines) for h in piece.hunks) + len(piece.binary)
        file = _posted(piece, lines, bodies, name)
        if any(file.path == other.path for other in files):
            raise UserError(
                f"{name}: line {file.number}: {file.path} is there twice", "import one diff of both"
            )
        files.append(file)
        inside += size
        at += size
    if not files:
        if len(_MARKUP.findall(text)) > 2:
            raise UserError(
                f"{name}: an HTML page without a readable diff in it",
                "save what the browser shows as text and import that",
            )
        raise UserError(
            f"{name}: no unified diff in it (no ---, +++ and @@ lines)",
            "check that the whole posting was saved",
        )
    return Posting(tuple(files), undone, len(lines) - inside)


def _decoded(text: str, undone: Counter[str]) -> list[Posted]:
    """The lines with the damage to the whole undone. Line numbers stay those of `text`, except
    behind a soft line break of quoted-printable, which keeps its first line's."""
    raw = text.split("\n")
    if raw[-1] == "":
        raw.pop()
    # git ends its own lines with LF also in the diff of a file that has CRLF.
    headers = [line for line in raw if hunk_header(line.lstrip("> \t|"))]
    if headers and all(line.endswith("\r") for line in headers):
        undone["CRLF line end"] += sum(line.endswith("\r") for line in raw)
        raw = [line.removesuffix("\r") for line in raw]
    lines = [Posted(number, line) for number, line in enumerate(raw, 1)]
    if _is_quoted_printable([line.text for line in lines]):
        lines = _printed(lines, undone)
    if _has_entities([line.text for line in lines]):
        for index, line in enumerate(lines):
            plain = _ENTITY.sub(lambda m: html.unescape(m[0]), line.text)
            if plain != line.text:
                undone["HTML entity"] += len(_ENTITY.findall(line.text))
                lines[index] = Posted(line.number, plain)
    if any(_INDENTED_BY_NBSP.match(line.text) for line in lines):
        undone["no-break blank"] += sum(line.text.count("\u00a0") for line in lines)
        lines = [Posted(line.number, line.text.replace("\u00a0", " ")) for line in lines]
    return lines


def _diff_part(lines: list[str]) -> list[str]:
    """From the first hunk header on: prose before it says nothing about the code's encoding."""
    for index, line in enumerate(lines):
        if "@@ -" in line:
            return lines[index:]
    return []


def _is_quoted_printable(lines: list[str]) -> bool:
    """Every = of the diffs opens an escape, and not only because lines were broken behind it
    (unless the mail's header says so): no C source looks like that."""
    part = "\n".join(_diff_part(lines)) + "\n"
    said = _QP_HEX.search(part) or any(_QP_SAID.match(line) for line in lines)
    return bool(said) and part.count("=") == len(_QP.findall(part))


def _printed(lines: list[Posted], undone: Counter[str]) -> list[Posted]:
    """`lines` decoded, soft line breaks joined."""
    out: list[Posted] = []
    held = ""
    number = 0
    for line in lines:
        number = number if held else line.number
        text = line.text.rstrip(" \t\r")
        if text.endswith("="):
            held += text[:-1]
            undone["quoted-printable escape"] += 1
            continue
        undone["quoted-printable escape"] += text.count("=")
        plain = to_text(quopri.decodestring(to_bytes(held + line.text)))
        out.append(Posted(number, plain.rstrip("\n")))
        held = ""
    if held:
        out.append(Posted(number, to_text(quopri.decodestring(to_bytes(held)))))
    return out


def _has_entities(lines: list[str]) -> bool:
    """Entities are damage where every & of the diffs opens one and no bare < is left; a source
    that itself holds &amp; (documentation) has bare ones too."""
    part = "\n".join(_diff_part(lines))
    entities = len(_ENTITY.findall(part))
    return entities > 0 and part.count("&") == entities and "<" not in part


def paths_in(posting: str, name: str = "the posting") -> tuple[str, ...]:
    """The paths in the kernel tree that a posting touches; those are what `mend` needs."""
    return tuple(file.path for file in read_posting(posting, name).files)


def message_of(posting: str, is_mail: bool) -> str:
    """What stands above the diffs of a posting, for the head of the mended patch: all of it of a
    mail, no more than the text above the first file of anything else that is not quoted."""
    undone: Counter[str] = Counter()
    lines = _decoded(posting, undone)
    end = 0
    while end < len(lines):
        text = lines[end].text
        found = _QUOTE.match(text)
        if _opens_file(lines, end, found[0] if found else "") or _ABOVE.match(
            _unquoted(text, found[0] if found else "")
        ):
            if found:
                return ""  # the words of whoever quoted it
            break
        end += 1
    head = [line.text.rstrip("\r") for line in lines[:end]]
    while head and not head[-1].strip():
        head.pop()
    if not head or not (is_mail or any(text.strip() for text in head)):
        return ""
    return "".join(f"{text}\n" for text in [*head, ""])


def _unquoted_lines(lines: list[Posted], undone: Counter[str]) -> list[Posted]:
    """The lines of diffs without the mark of the reply that they are quoted in. A line without it
    is a wrapped rest and stays as it is."""
    out: list[Posted] = []
    quote = ""
    for n, line in enumerate(lines):
        found = _QUOTE.match(line.text)
        mark = found[0] if found else ""
        if _opens_file(lines, n, mark):
            quote = mark
        text = _unquoted(line.text, quote)
        if quote and text is not line.text:
            undone["quote mark"] += 1
        out.append(Posted(line.number, text))
    return out


def _opens_file(lines: list[Posted], n: int, mark: str) -> bool:
    """Whether a file's lines --- and +++ begin here, quoted with `mark`."""
    if not _unquoted(lines[n].text, mark).lstrip(" \t").startswith("--- "):
        return False
    after = (_unquoted(line.text, mark).lstrip(" \t") for line in lines[n + 1 : n + 3])
    return any(text.startswith("+++ ") for text in after)


def _unquoted(text: str, quote: str) -> str:
    """`text` without the quote mark; a line without it is a wrapped rest and stays as it is."""
    if not quote:
        return text
    if text.startswith(quote):
        return text[len(quote) :]
    bare = quote.rstrip()
    if text.rstrip() == bare:  # the mark of an empty line has often lost its blank
        return ""
    return text[len(bare) :] if text.startswith(bare + "\t") else text


@dataclass
class _Loose(Reader):
    """The reader of all patches, where the lines of hunks may be damaged: a hunk's lines are all
    up to the next header, for the base to tell which of them are its own."""

    undone: Counter[str] = field(default_factory=Counter)
    bodies: list[tuple[int, int]] = field(default_factory=list)
    """Of each hunk, in order: the index of its header, and that of the line behind its last."""

    def at_hunk(self) -> bool:
        return hunk_header(self.line().lstrip(" \t")) is not None

    def names(self) -> tuple[str, str] | None:
        """Each of the two lines may be wrapped once (name and date)."""
        at = self.at
        if not self.line().lstrip(" \t").startswith("--- "):
            return None
        for plus in (1, 2):
            if not self.line(plus).lstrip(" \t").startswith("+++ "):
                continue
            for more in (1, 2):
                if hunk_header(self.line(plus + more).lstrip(" \t")):
                    old, new = (_name(self.line(n).lstrip(" \t")) for n in (0, plus))
                    self.undone["wrapped line"] += plus + more - 2
                    self.at = at + plus + more
                    return old, new
        return None

    def path(self, name: str, line: int) -> str | None:
        if name == NOWHERE:
            return None
        return without_backup(tree_path(name, f"{self.name}: line {self.number(line)}"))

    def number(self, at: int) -> int:
        return self.numbers[at] if at < len(self.numbers) else at + 1

    numbers: list[int] = field(default_factory=list)

    def one_name(self, old: str, new: str) -> str:
        raise UserError(
            f"{self.name}: line {self.number(self.at)}: {old} becomes {new}",
            "only changes of contents are carried",
        )

    def hunk(self) -> HunkText:
        head = self.at
        header = hunk_header(self.line().lstrip(" \t"))
        assert header is not None
        self.at += 1
        while self.at < len(self.lines) and not (
            self.at_hunk() or _BETWEEN.match(self.line()) or self.opens_file()
        ):
            self.at += 1
        self.bodies.append((head, self.at))
        lines = tuple(self.lines[head + 1 : self.at])
        return HunkText(
            header.old_start,
            header.old_count,
            header.new_start,
            header.new_count,
            header.tail,
            self.lines[head],
            lines,
        )

    def opens_file(self) -> bool:
        if not self.line().lstrip(" \t").startswith("--- "):
            return False
        at, undone = self.at, Counter(self.undone)
        found = self.names() is not None
        self.at, self.undone = at, undone
        return found


def _name(header: str) -> str:
    """The file name of a --- or +++ line: up to the tab, or to the blank that was one."""
    words = header[4:].split()
    return words[0] if words else ""


def _posted(
    diff: FileDiff, lines: list[Posted], bodies: Iterator[tuple[int, int]], name: str
) -> PostedFile:
    names = next(
        (n for n, text in enumerate(diff.head) if text.lstrip(" \t").startswith("--- ")), 0
    )
    number = lines[diff.number - 1 + names].number
    where = f"{name}: line {number}"
    for n, text in enumerate(diff.head, diff.number - 1):
        for pattern, what, hint in _REFUSED:
            if pattern.match(text):
                raise UserError(f"{name}: line {lines[n].number}: {what}", hint)
    if diff.binary:
        raise UserError(f"{where}: a binary change", "only text can be carried")
    if diff.old is None and diff.new is None:
        raise UserError(f"{where}: both sides are /dev/null", "name the file")
    if None not in (diff.old, diff.new) and diff.old != diff.new:
        raise UserError(
            f"{where}: {diff.old} becomes {diff.new}", "only changes of contents are carried"
        )
    hunks = []
    for hunk in diff.hunks:
        head, end = next(bodies)
        header = Posted(lines[head].number, hunk.header.strip())
        hunks.append(
            PostedHunk(
                header, hunk.old_start, hunk.old_count, hunk.new_count, tuple(lines[head + 1 : end])
            )
        )
    # What git says of a file beyond its lines is not damaged by what damages blanks.
    extended = tuple(text for text in diff.head if text.startswith(_KEPT))
    kept = (f"diff --git a/{diff.new or diff.old} b/{diff.new or diff.old}\n", *extended)
    return PostedFile(
        diff.new or str(diff.old),
        diff.old is None,
        diff.new is None,
        number,
        tuple(hunks),
        kept if extended else (),
    )


def _refuse_context(lines: list[Posted], at: int, name: str) -> None:
    after = lines[at + 1].text if at + 1 < len(lines) else ""
    if lines[at].text.startswith("*** ") and after.startswith("--- "):
        raise UserError(
            f"{name}: line {lines[at].number}: a context diff", "only unified diffs can be mended"
        )


def _refuse(lines: list[Posted], at: int, name: str) -> None:
    text = lines[at].text
    where = f"{name}: line {lines[at].number}"
    if hunk_header(text.lstrip(" \t>")):
        raise UserError(
            f"{where}: a hunk without --- and +++ lines above it", "import the whole posting"
        )
    if _COMBINED.match(text):
        raise UserError(f"{where}: a combined diff (of a merge)", "make a diff of one parent")
    for pattern, what, hint in _REFUSED:
        if pattern.match(text):
            raise UserError(f"{where}: {what}", hint)
