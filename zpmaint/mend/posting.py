"""Finding the diffs inside a posting: a mail, a web page saved as text, a quoted reply.

What was done to the text as a whole (CRLF, quoted-printable, HTML entities, quote marks) is
undone here and counted; what was done to blanks is left for where the base tells more.
"""

from __future__ import annotations

import html
import quopri
import re
from collections import Counter
from dataclasses import dataclass

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_bytes, to_text
from zpmaint.diffs.paths import NOWHERE, tree_path, without_backup

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_QUOTE = re.compile(r"(?:>[ \t]?|\|[ \t])+")
_ENTITY = re.compile(r"&(?:#\d{1,6}|#[xX][0-9a-fA-F]{1,5}|lt|gt|amp|quot|apos|nbsp);")
_QP = re.compile(r"=(?:[0-9A-F]{2}|\n)")
_QP_HEX = re.compile(r"=[0-9A-F]{2}")
_QP_SAID = re.compile(r"content-transfer-encoding:\s*quoted-printable", re.IGNORECASE)
_INDENTED_BY_NBSP = re.compile(r"[ +-]?\u00a0")
_MARKUP = re.compile(r"<(?:!doctype|html|body|pre|div|span|p|br|td|code)\b[^>]*>", re.IGNORECASE)
_BETWEEN = re.compile(r"diff |Index: |={60,}$|index [0-9a-f]+\.\.|(?:new|deleted) file mode ")
_REFUSED = (
    (
        re.compile(r"Binary files? .* differ$|GIT binary patch$"),
        "a binary change",
        "only text can be carried from kernel to kernel",
    ),
    (
        re.compile(r"(?:rename|copy) from |old mode "),
        "a rename, a copy or a change of mode",
        "only changes of contents are carried",
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
    lines = _decoded(text, undone)
    files: list[PostedFile] = []
    inside = 0
    at = 0
    while at < len(lines):
        head = _file_header(lines, at, undone)
        if head is None:
            _refuse(lines, at, name)
            at += 1
            continue
        file, after = _file(lines, head, name, undone)
        if any(file.path == other.path for other in files):
            raise UserError(
                f"{name}: line {file.number}: {file.path} is there twice", "import one diff of both"
            )
        files.append(file)
        inside += after - at
        at = after
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
    headers = [line for line in raw if _HUNK.match(line.lstrip("> \t|"))]
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


def _file_header(
    lines: list[Posted], at: int, undone: Counter[str]
) -> tuple[Posted, Posted, int, str] | None:
    """The --- and +++ lines at `at`, where the first hunk header is, and the quote mark before
    them; None where no file begins. Each of the two may be wrapped once (name and date)."""
    quote = ""
    if found := _QUOTE.match(lines[at].text):
        quote = found[0]
    old = _unquoted(lines[at].text, quote).lstrip(" \t")
    if not old.startswith("--- "):
        return None
    for new_at in (at + 1, at + 2):
        if new_at >= len(lines):
            return None
        new = _unquoted(lines[new_at].text, quote).lstrip(" \t")
        if not new.startswith("+++ "):
            continue
        for hunk_at in (new_at + 1, new_at + 2):
            if hunk_at < len(lines) and _hunk_header(lines, hunk_at, quote):
                undone["wrapped line"] += (new_at - at - 1) + (hunk_at - new_at - 1)
                return Posted(lines[at].number, old), Posted(lines[at].number, new), hunk_at, quote
    return None


def _hunk_header(lines: list[Posted], at: int, quote: str) -> re.Match[str] | None:
    return _HUNK.match(_unquoted(lines[at].text, quote).lstrip(" \t"))


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


def _file(
    lines: list[Posted], head: tuple[Posted, Posted, int, str], name: str, undone: Counter[str]
) -> tuple[PostedFile, int]:
    """The file whose header was found, and the index of the first line after it."""
    old, new, at, quote = head
    if quote:
        undone["quote mark"] += 2
    hunks: list[PostedHunk] = []
    while at < len(lines) and (found := _hunk_header(lines, at, quote)):
        header = Posted(lines[at].number, found[0])
        if quote:
            undone["quote mark"] += 1
        at += 1
        body: list[Posted] = []
        while at < len(lines) and not (
            _hunk_header(lines, at, quote)
            or _BETWEEN.match(_unquoted(lines[at].text, quote))
            or _file_header(lines, at, Counter())
        ):
            text = _unquoted(lines[at].text, quote)
            if quote and text is not lines[at].text:
                undone["quote mark"] += 1
            body.append(Posted(lines[at].number, text))
            at += 1
        hunks.append(
            PostedHunk(
                header,
                int(found[1]),
                int(found[2] or 1),
                int(found[4] or 1),
                tuple(body),
            )
        )
    where = f"{name}: line {old.number}"
    old_name, new_name = _name(old.text), _name(new.text)
    creates, deletes = old_name == NOWHERE, new_name == NOWHERE
    paths = [
        without_backup(tree_path(side, where)) for side in (old_name, new_name) if side != NOWHERE
    ]
    if not paths:
        raise UserError(f"{where}: both sides are /dev/null", "name the file")
    if len(set(paths)) > 1:
        raise UserError(
            f"{where}: {paths[0]} becomes {paths[1]}", "only changes of contents are carried"
        )
    return PostedFile(paths[0], creates, deletes, old.number, tuple(hunks)), at


def _name(header: str) -> str:
    """The file name of a --- or +++ line: up to the tab, or to the blank that was one."""
    words = header[4:].split()
    return words[0] if words else ""


def _refuse(lines: list[Posted], at: int, name: str) -> None:
    text = lines[at].text
    where = f"{name}: line {lines[at].number}"
    if _HUNK.match(text.lstrip(" \t>")):
        raise UserError(
            f"{where}: a hunk without --- and +++ lines above it", "import the whole posting"
        )
    if text.startswith("*** ") and at + 1 < len(lines) and lines[at + 1].text.startswith("--- "):
        raise UserError(f"{where}: a context diff", "only unified diffs can be mended")
    for pattern, what, hint in _REFUSED:
        if pattern.match(text):
            raise UserError(f"{where}: {what}", hint)
