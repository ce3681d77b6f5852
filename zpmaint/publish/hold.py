# SPDX-License-Identifier: GPL-2.0-only
"""What a downloaded file is held against: a list of digests, a statement, or both, as they lie on
the disk, named or beside the file. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.checked import Check, State
from zpmaint.core.errors import UserError
from zpmaint.publish import checks
from zpmaint.publish.checks import Checked
from zpmaint.publish.files import SUMS
from zpmaint.publish.offer import ARCHIVE, PATCH, STATEMENT

SIGNATURES = {"gpg": ".asc", "minisign": ".minisig"}
"""By program how the signature of SHA256SUMS ends."""
Vouch = Callable[[bytes, Mapping[str, bytes]], Check]
"""What is known of a list by its signatures, of which there is one at least."""
_ABOVE = 4  # folders above a file in which its site's list is looked for
_MOST = 256 << 20  # bytes of a file that is read


@dataclass(frozen=True)
class Listed:
    """A list of digests, read."""

    path: Path
    data: bytes
    sums: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Listed:
        data = read_file(path)
        return cls(path, data, checks.sums_of(data, str(path)))

    def signature(self, vouch: Vouch) -> Check:
        """Whether somebody who is trusted signed it."""
        beside = {kind: Path(f"{self.path}{ending}") for kind, ending in SIGNATURES.items()}
        found = {kind: read_file(path) for kind, path in beside.items() if path.is_file()}
        return vouch(self.data, found) if found else checks.unsigned()


def held(path: Path, against: Path | None, vouch: Vouch) -> Checked:
    """All that can be told of a file. Raises UserError where something that was named is not
    there, or is no list."""
    data = read_file(path)
    if path.name == SUMS and against is None:
        return Checked(str(path), checks.digest_of(data), _of_list(Listed.read(path), vouch))
    made: list[Check] = []
    statement = _statement(path, against)
    name, listed = path.name, data
    if statement:
        made.append(checks.stated(data, statement[1], statement[0].name))
        if _names(against):  # then the list has to vouch for the statement
            name, listed = statement[0].name, statement[1]
    sums = _list(statement[0] if statement and _names(against) else path, against)
    if sums:
        made.append(checks.listed(name, listed, sums.sums, sums.path.name))
        made.append(sums.signature(vouch))
    itself = checks.by_itself(path.name, data)
    if itself:
        made.append(itself)
    if not sums:
        made.append(
            Check(
                "digest",
                State.UNKNOWN,
                "no SHA256SUMS vouches for it",
                f"download the site's {SUMS} and its signature, then --against {SUMS}",
            )
        )
    return Checked(str(path), checks.digest_of(data), tuple(made))


def read_file(path: Path) -> bytes:
    """A file that the user has. Raises UserError where it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST + 1)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}", "name a file that was downloaded") from None
    if len(data) > _MOST:
        raise UserError(f"{path}: more than {_MOST >> 20} MB: no file of a site is that large")
    return data


def _names(against: Path | None) -> bool:
    """Whether a statement was named."""
    return against is not None and against.name.endswith(".json")


def _list(path: Path, against: Path | None) -> Listed | None:
    """The list that was named, or the nearest above a file."""
    if against is not None and not _names(against):
        place = against / SUMS if against.is_dir() else against
        return Listed.read(place)
    above = path.absolute().parents[:_ABOVE]
    found = next((folder / SUMS for folder in above if (folder / SUMS).is_file()), None)
    return Listed.read(found) if found else None


def _statement(path: Path, against: Path | None) -> tuple[Path, bytes] | None:
    """The statement that was named, or that lies beside a file."""
    if against is not None and _names(against):
        return against, read_file(against)
    for ending in (PATCH, ARCHIVE):
        if path.name.endswith(ending):
            beside = path.with_name(path.name.removesuffix(ending) + STATEMENT)
            return (beside, read_file(beside)) if beside.is_file() else None
    return None


def _of_list(found: Listed, vouch: Vouch) -> tuple[Check, ...]:
    """A list itself, with the files of it that are there."""
    folder = found.path.parent
    there = {
        name: read_file(folder / name)
        for name in found.sums
        if _is_below(name) and (folder / name).is_file()
    }
    return (found.signature(vouch), checks.beside(found.sums, there, found.path.name))


def _is_below(name: str) -> bool:
    """Whether a name of a list stays below its folder, whoever wrote it."""
    return not name.startswith("/") and ".." not in name.split("/") and "\0" not in name
