# SPDX-License-Identifier: GPL-2.0-only
"""How people lay out the patches of a queue in a folder, and which of them are on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_text
from zpmaint.diffs import mail, opened
from zpmaint.diffs.member import Member, Series
from zpmaint.diffs.packed import SUFFIXES, plain_name
from zpmaint.diffs.subject import read_subject
from zpmaint.diffs.thread import chosen

Read = Callable[[Path], bytes]
"""How a file is read."""

TABLES = ("series", "series.conf", "patches/series", "debian/patches/series")
"""Where a folder's table of patches may stand: quilt's, Armbian's and SUSE's, Debian's."""
_STRIP = re.compile(r"-p(\d|ab)")
_FILES = (".patch", ".diff", ".eml", ".mbox", ".mbx")
_STAGE = re.compile(r"(backport|pending|hack|patches)(?:-(\d+(?:\.\d+)+))?")
_STAGES = ("backport", "pending", "hack", "patches")
"""OpenWrt's folders, in the order in which its build takes them."""


def table_in(folder: Path) -> Path | None:
    """The table of a folder's patches, if it has one."""
    return next((folder / name for name in TABLES if (folder / name).is_file()), None)


def quilt(folder: Path, table: Path, read: Read = Path.read_bytes) -> Series:
    """The patches that a table names, those turned off left out and named."""
    members: dict[str, Member] = {}
    lines: list[tuple[str, str]] = []
    left_out: list[tuple[str, str]] = []
    for number, line in enumerate(to_text(table.read_bytes()).split("\n"), 1):
        where = f"{table}: line {number}"
        line = line.removesuffix("\r")  # noqa: PLW2901
        words = re.sub(r"(^|\s)#.*", "", line).split()
        if not words:
            lines.append((line, ""))
            continue
        words, off = _guarded(words)
        name = words[0] if words else ""
        if off or not name:
            left_out.append((name or line.strip(), off or "names no patch"))
            lines.append((f"# {line}", ""))
            continue
        if name.startswith("/") or ".." in PurePosixPath(name).parts:
            raise UserError(f"{where}: {name} leads out of the folder", "name a file below it")
        bare = plain_name(name)
        if bare in members:
            raise UserError(f"{where}: {name} is there twice", "leave one of them out")
        file = folder / name
        if not file.is_file():
            raise UserError(f"{where}: no file {file}", "put the patch there, or take its line out")
        members[bare] = opened.whole(read(file), bare, _strip(words[1:], where))
        lines.append((line.replace(name, bare, 1), bare))
    if lines and lines[-1] == ("", ""):
        lines.pop()  # what follows the last newline
    return Series(folder.name, tuple(members.values()), tuple(lines), tuple(left_out))


def _guarded(words: list[str]) -> tuple[list[str], str]:
    """A line's words without its guards, and why it is off. `+x` is on where x is asked for, which
    nobody does; `-x` is off there, so it is on. Armbian writes a mere - before what is off."""
    off = ""
    while words and words[0][0] in "+-":
        if words[0] == "-":
            off = "turned off with -"
        elif words[0][0] == "+":
            off = f"the guard {words[0]} is not asked for"
        words = words[1:]
    return words, off


def _strip(options: list[str], where: str) -> int | None:
    strip = None
    for option in options:
        found = _STRIP.fullmatch(option)
        if found is None:
            hint = "apply it once and keep the result" if option == "-R" else "-pN is understood"
            raise UserError(f"{where}: option {option} is not carried on", hint)
        strip = 1 if found[1] == "ab" else int(found[1])
    return strip


def stages(folder: Path) -> list[Path]:
    """OpenWrt's folders of patches, in their order; none where it is no such layout."""
    found: dict[str, list[tuple[str, Path]]] = {}
    for place in sorted(folder.iterdir()):
        if place.is_dir() and (stage := _STAGE.fullmatch(place.name)):
            found.setdefault(stage[1], []).append((stage[2] or "", place))
    if not set(found) & {"backport", "pending", "hack"}:
        return []
    kernels = sorted({version for places in found.values() for version, _ in places if version})
    if len(kernels) > 1:
        raise UserError(
            f"{folder}: patches for several kernels: {', '.join(kernels)}",
            "name the folders of one, each with its own --series",
        )
    return [place for stage in _STAGES for _, place in found.get(stage, [])]


def staged(folder: Path, places: list[Path], read: Read = Path.read_bytes) -> Series:
    """A queue in stages, each a folder of patches in the order of their numbers."""
    members = tuple(
        opened.whole(read(file), f"{place.name}/{plain_name(file.name)}")
        for place in places
        for file in _numbered(place)
    )
    order = ", ".join(place.name for place in places)
    table = tuple((m.name, m.name) for m in members)
    return Series(folder.name, members, table, notes=(f"in the order {order}",))


def numbered(folder: Path, read: Read = Path.read_bytes) -> Series:
    """The files of a folder in the order of their numbers, as git format-patch writes them."""
    found = [opened.whole(read(f), plain_name(f.name)) for f in _numbered(folder)]
    return _of_mails(folder.name, found, alone=False)


def _numbered(folder: Path) -> list[Path]:
    files = [
        file
        for file in folder.iterdir()
        if file.is_file() and plain_name(file.name).endswith(_FILES)
    ]
    return sorted(files, key=lambda file: _by_number(file.name))


def _by_number(name: str) -> list[tuple[int, int, str]]:
    """A key that has 2-x before 10-x."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(p), p) if n % 2 else (1, 0, p) for n, p in enumerate(parts) if p or n % 2]


def file(place: Path, read: Read = Path.read_bytes) -> Series:
    """One file: a patch, a mail, an mbox, a page."""
    name = plain_name(place.name)
    found: list[Member] = []
    mails = opened.mails_in(read(place), str(place))
    count = sum(len(letters) for letters in mails)
    for letter in (letter for letters in mails for letter in letters):
        number = len(found) + 1
        if count == 1:
            stem = name if name.endswith((".patch", ".diff")) else f"{place.stem}.patch"
        else:
            stem = f"{number:04}-{slug(mail.field_of(letter.data, 'Subject'))}.patch"
        found.append(opened.member(stem, letter.data, None, letter.said, letter.fault))
    return _of_mails(Path(name).stem, found, alone=count == 1)


def is_table(place: Path) -> bool:
    """Whether a file is a table of patches rather than a patch."""
    bare = plain_name(place.name)
    if bare != place.name or bare.endswith((*_FILES, ".html", ".htm")):
        return False
    lines = to_text(place.read_bytes()).split("\n")
    named = (re.sub(r"(^|\s)#.*", "", line).split() for line in lines)
    words = [_guarded(line)[0] for line in named if line]
    return all(not line or _names_file(place.parent, line[0]) for line in words)


def _names_file(folder: Path, word: str) -> bool:
    return word.endswith((*_FILES, *SUFFIXES)) or (
        len(word) < 256 and "\0" not in word and (folder / word).is_file()
    )


def _of_mails(name: str, found: list[Member], *, alone: bool) -> Series:
    taken = chosen(found)
    members = taken.members
    if alone and members and not members[0].unreadable:
        subject = read_subject(mail.field_of(members[0].data, "Subject"))
        if subject.is_reply:
            taken_notes = (*taken.notes, "a reply: taken, as it is the only mail")
            return _series(name, members, taken.left_out, taken.missing, taken_notes)
    return _series(name, members, taken.left_out, taken.missing, taken.notes)


def _series(
    name: str,
    members: tuple[Member, ...],
    left_out: tuple[tuple[str, str], ...],
    missing: tuple[str, ...],
    notes: tuple[str, ...],
) -> Series:
    table = tuple((m.name, m.name) for m in members)
    return Series(name, members, table, left_out, missing, notes)


def slug(subject: str) -> str:
    """A subject as git format-patch makes a file name of it."""
    text = re.sub(r"^\s*(?:\[[^]]*\]\s*)*", "", subject)
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-.")[:52].rstrip("-.") or "patch"
