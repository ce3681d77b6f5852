"""A series of patches: a quilt folder, a folder of `git format-patch`, or an mbox."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from email.header import decode_header
from functools import cached_property
from pathlib import Path, PurePosixPath

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_text
from zpmaint.diffs import mail
from zpmaint.diffs.reader import PatchText, read_patch

TABLE = "series"
_STRIP = re.compile(r"-p(\d+|ab)")
_WHAT = "name a quilt folder (with a file `series`), a folder of NNNN-*.patch files, or an mbox"


@dataclass(frozen=True)
class Member:
    """One patch of a series."""

    name: str
    """Its file, as `series` names it: features/all/x.patch."""
    data: bytes
    """The whole file; a mail's body is no longer encoded (quoted-printable, base64)."""
    strip: int = 1
    """How many parts of a file name -p takes off."""

    @cached_property
    def patch(self) -> PatchText:
        """Its pieces. Raises UserError where it is no patch."""
        return read_patch(to_text(self.data), self.name, self.strip)

    @property
    def paths(self) -> frozenset[str]:
        """The files of the kernel that it reads or writes."""
        return frozenset(path for diff in self.patch.diffs for path in diff.paths)


@dataclass(frozen=True)
class Series:
    """Patches in the order in which they go onto a kernel."""

    name: str
    members: tuple[Member, ...]
    table: tuple[tuple[str, str], ...]
    """The lines of the file `series` as they stand, each with the member it names, or ''."""
    left_out: tuple[tuple[str, str], ...] = ()
    """What stands among the patches and is none, with the reason: cover letters."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file of the kernel that any patch reads or writes."""
        return tuple(sorted({path for member in self.members for path in member.paths}))


def one_text(patches: Iterable[bytes]) -> bytes:
    """Several patch files one after the other, as `patch` and `git am` take them from a pipe."""
    *before, last = [data for data in patches if data] or [b""]
    return b"".join(data if data.endswith(b"\n") else data + b"\n" for data in before) + last


def load_series(place: Path) -> Series:
    """Read the series at `place`: a folder with a file `series`, that file itself, a folder of
    `git format-patch`, or an mbox. Raises UserError: file, line, what would be right."""
    try:
        if place.is_dir():
            table = place / TABLE
            read = _quilt(place, table) if table.is_file() else _numbered(place)
        elif place.is_file():
            with place.open("rb") as stream:
                begins_mail = stream.read(5) == b"From "
            read = _mbox(place) if begins_mail else _quilt(place.parent, place)
        else:
            raise UserError(f"{place}: not there", _WHAT)
    except OSError as error:
        raise UserError(f"{error.filename or place}: {error.strerror}") from None
    if not read.members:
        raise UserError(f"{place}: holds no patch", _WHAT)
    return read


def joined(several: list[Series]) -> Series:
    """One series of several, each on top of the one before, as Debian's patches and patches-rt:
    its patches are below a folder of the series' name. Raises UserError for two of one name."""
    if len(several) == 1:
        return several[0]
    names = [series.name for series in several]
    if len(set(names)) < len(names):
        raise UserError(f"two series of one name: {', '.join(names)}", "rename a folder")
    return Series(
        "+".join(names),
        tuple(replace(m, name=f"{s.name}/{m.name}") for s in several for m in s.members),
        tuple(
            (f"{s.name}/{line.lstrip()}", f"{s.name}/{name}") if name else (line, "")
            for s in several
            for line, name in s.table
        ),
        tuple((f"{s.name}/{name}", why) for s in several for name, why in s.left_out),
    )


def _quilt(folder: Path, table: Path) -> Series:
    members: dict[str, Member] = {}
    lines: list[tuple[str, str]] = []
    for number, line in enumerate(to_text(table.read_bytes()).split("\n"), 1):
        where = f"{table}: line {number}"
        words = re.sub(r"(^|\s)#.*", "", line).split()
        if not words:
            lines.append((line, ""))
            continue
        name = words[0]
        if name.startswith(("+", "-")):
            raise UserError(f"{where}: {name} is a guard", "write the series out: guards select it")
        if name.startswith("/") or ".." in PurePosixPath(name).parts:
            raise UserError(f"{where}: {name} leads out of the folder", "name a file below it")
        if name in members:
            raise UserError(f"{where}: {name} is there twice", "leave one of them out")
        file = folder / name
        if not file.is_file():
            raise UserError(f"{where}: no file {file}", "put the patch there, or take its line out")
        strip = _strip(words[1:], where)
        members[name] = Member(name, _readable(file.read_bytes(), str(file)), strip)
        lines.append((line, name))
    if lines and lines[-1] == ("", ""):
        lines.pop()  # what follows the last newline
    return Series(folder.name, tuple(members.values()), tuple(lines))


def _strip(options: list[str], where: str) -> int:
    strip = 1
    for option in options:
        found = _STRIP.fullmatch(option)
        if found is None:
            hint = "apply it once and keep the result" if option == "-R" else "-pN is understood"
            raise UserError(f"{where}: option {option} is not carried on", hint)
        strip = 1 if found[1] == "ab" else int(found[1])
    return strip


def _numbered(folder: Path) -> Series:
    """The files that git format-patch numbers, in their order."""
    files = sorted(file for file in folder.glob("*.patch") if file.is_file())
    found = [Member(file.name, mail.plain(file.read_bytes(), str(file))) for file in files]
    return _of_mails(folder.name, found)


def _mbox(file: Path) -> Series:
    found = []
    for number, message in enumerate(mail.split(file.read_bytes()), 1):
        name = f"{number:04}-{_slug(mail.field(message, 'Subject'))}.patch"
        found.append(Member(name, mail.plain(message, f"{file}: mail {number}")))
    return _of_mails(file.stem, found)


def _of_mails(name: str, found: list[Member]) -> Series:
    members = tuple(member for member in found if member.patch.diffs)
    left_out = tuple((m.name, "holds no diff") for m in found if not m.patch.diffs)
    return Series(name, members, tuple((m.name, m.name) for m in members), left_out)


def _slug(subject: str) -> str:
    """A subject as git format-patch makes a file name of it."""
    parts = (
        part.decode(charset or "latin-1", "replace") if isinstance(part, bytes) else part
        for part, charset in decode_header(subject)
    )
    text = re.sub(r"^\s*(?:\[[^]]*\]\s*)*", "", " ".join("".join(parts).split()))
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-.")[:52].rstrip("-.") or "patch"


def _readable(data: bytes, name: str) -> bytes:
    if data.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
        raise UserError(f"{name}: a compressed patch", "unpack it")
    return mail.plain(data, name) if data.startswith(b"From ") else data
