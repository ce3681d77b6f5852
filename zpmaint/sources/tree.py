"""An unpacked kernel tree on the disk."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from zpmaint.core.errors import UserError
from zpmaint.core.tools import run
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.series import newest_of
from zpmaint.sources.source import NotServedError, SourceFailedError

_LINE = re.compile(r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)[ \t]*=[ \t]*(.*?)[ \t]*$", re.M)
_EXTRA = re.compile(r"(\.\d+)?(-rc\d+)?")


class TreeSource:
    """The one kernel that stands unpacked in a folder; what it is, its Makefile says."""

    def __init__(self, folder: Path) -> None:
        """Raises UserError where the folder is no kernel tree."""
        self.folder = folder.expanduser().resolve()
        self.name = f"tree:{folder}"
        self.version = version_of(self.folder)

    def versions(self) -> list[KernelVersion]:
        return [self.version]

    def newest(self, series: str) -> KernelVersion:
        return newest_of(series, [self.version], self.name)

    def blobs(self, version: KernelVersion, paths: Iterable[str]) -> dict[str, bytes | None]:
        return read_blobs(self.tree(version), paths)

    def tree(self, version: KernelVersion, keep: Iterable[str] = ()) -> Path:
        if version != self.version:
            raise NotServedError(f"{self.name}: is {self.version}, not {version}")
        return self.folder

    def speaks_of(self, version: KernelVersion, name: str) -> bool:
        tree = self.tree(version)
        found = run(["grep", "-rqwF", "-e", name, str(tree)])
        if found.returncode not in (0, 1):
            raise SourceFailedError(f"{self.name}: grep: {found.stderr.decode(errors='replace')}")
        return found.returncode == 0

    def speaking_of(self, version: KernelVersion, name: str) -> list[str]:
        return files_speaking_of(self.tree(version), name)


def files_speaking_of(tree: Path, name: str) -> list[str]:
    """The files of an unpacked tree that have `name` as a whole word, by path."""
    found = run(["grep", "-rlwIFZ", "-e", name, "."], cwd=tree)
    if found.returncode not in (0, 1):
        raise SourceFailedError(f"{tree}: grep: {found.stderr.decode(errors='replace')}")
    paths = found.stdout.decode("utf-8", "surrogateescape").split("\0")
    return sorted(path.removeprefix("./") for path in paths if path)


def read_blobs(tree: Path, paths: Iterable[str]) -> dict[str, bytes | None]:
    """The files of an unpacked tree; None for what is not a file there."""
    found: dict[str, bytes | None] = {}
    for path in paths:
        file = (tree / path).resolve()
        if not file.is_relative_to(tree.resolve()):
            raise UserError(f"{path!r} leads out of the tree {tree}")
        found[path] = file.read_bytes() if file.is_file() else None
    return found


def version_of(folder: Path) -> KernelVersion:
    """What the top Makefile of a kernel tree says it is. A local suffix of EXTRAVERSION
    ("-custom") is not part of the version. Raises UserError, naming what is missing."""
    makefile = folder / "Makefile"
    try:
        text = makefile.read_text(encoding="latin-1")
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            f"{folder}: no kernel tree, it has no Makefile", "name the top folder of the tree"
        ) from None
    except OSError as error:
        raise UserError(f"{makefile}: {error.strerror}") from None
    found: dict[str, str] = {}
    for key, value in _LINE.findall(text):
        found.setdefault(key, value)
    try:
        numbers = [str(int(found[key])) for key in ("VERSION", "PATCHLEVEL")]
        numbers.append(str(int(found.get("SUBLEVEL") or "0")))
    except (KeyError, ValueError):
        raise UserError(
            f"{makefile}: names no kernel (VERSION, PATCHLEVEL)", "name the top folder of a kernel"
        ) from None
    match = _EXTRA.match(found.get("EXTRAVERSION", ""))
    point, candidate = (match[1] or "", match[2] or "") if match else ("", "")
    if int(numbers[0]) >= 3:
        point = ""  # only 2.6 kept its point releases in EXTRAVERSION
    return KernelVersion.parse(".".join(numbers) + point + candidate)
