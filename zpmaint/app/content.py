# SPDX-License-Identifier: GPL-2.0-only
"""Hashes of declared data, of which only what can change a result on one kernel counts: prose is
left out, and so is a row whose range of kernels does not hold the one in question."""

from __future__ import annotations

import functools
import hashlib
import json
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from zpmaint.core.eras import Era
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion

PROSE = frozenset(
    {"why", "reason", "note", "notes", "title", "author", "origin", "intent", "leaves", "by",
     "date"}
)  # fmt: skip
"""Keys of data files and of the values made of them that are there for people."""

_DROPPED = object()
_RANGE = frozenset({"since", "until"})
_ANY = KernelVersion.parse("6.1")
"""For what counts alike on all."""


def value_digest(value: object, version: KernelVersion) -> str:
    """The hash of a value as it counts on `version`: dataclasses, tuples, mappings, plain values.

    What has an `era` counts where that holds the version, and then without the range itself."""
    return _hash(_of_value(value, version))


def file_digest(path: Path, version: KernelVersion) -> str:
    """The hash of a data file as it counts on `version`. Of TOML the rows are read, of all else
    the bytes count."""
    stat = path.stat()
    read = _read(path, stat.st_mtime_ns, stat.st_size)
    return read if isinstance(read, str) else _hash(_of_table(read, version))


@functools.cache
def _read(path: Path, _time: int, _size: int) -> dict[str, Any] | str:
    """What TOML with ranges of kernels says, the hash of all else, which counts alike on every
    kernel. Read once for all kernels of a matrix."""
    data = path.read_bytes()
    if path.suffix == ".toml":
        with suppress(tomllib.TOMLDecodeError, UnicodeDecodeError):  # its user says what is wrong
            table = tomllib.loads(data.decode())
            return table if _has_ranges(table) else _hash(_of_table(table, _ANY))
    return hashlib.sha256(data).hexdigest()[:32]


def folder_digests(folder: Path, version: KernelVersion) -> dict[str, str]:
    """The hash of every file below a folder, by its path in there; none without one."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): file_digest(path, version) for path in files}


def _hash(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _of_value(value: object, version: KernelVersion) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        era = getattr(value, "era", None)
        if isinstance(era, Era) and version not in era:
            return _DROPPED
        if isinstance(value, KernelVersion):
            return str(value)
        kept = {
            field.name: _of_value(getattr(value, field.name), version)
            for field in fields(value)
            if field.name not in PROSE and not isinstance(getattr(value, field.name), Era | Path)
        }
        return [type(value).__name__, kept]
    if isinstance(value, tuple | list | set | frozenset):
        parts = [_of_value(one, version) for one in value]
        return _kept(sorted(parts, key=repr) if isinstance(value, set | frozenset) else parts)
    if isinstance(value, dict):
        return {str(key): _of_value(one, version) for key, one in value.items() if key not in PROSE}
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return str(value) if isinstance(value, Enum) else value


def _of_table(value: object, version: KernelVersion) -> Any:
    if isinstance(value, dict):
        if not _holds(value, version):
            return _DROPPED
        made = {key: _of_table(one, version) for key, one in value.items() if key not in PROSE}
        return {key: one for key, one in made.items() if one is not _DROPPED and key not in _RANGE}
    if isinstance(value, list):
        return _kept(_of_table(one, version) for one in value)
    return value


def _has_ranges(value: object) -> bool:
    if isinstance(value, dict):
        return not _RANGE.isdisjoint(value) or any(map(_has_ranges, value.values()))
    return isinstance(value, list) and any(map(_has_ranges, value))


def _kept(values: Iterable[object]) -> list[object]:
    return [one for one in values if one is not _DROPPED]


def _holds(table: dict[str, Any], version: KernelVersion) -> bool:
    """Whether a row's `since` and `until`, if they are versions, hold the kernel."""
    if _RANGE.isdisjoint(table):
        return True
    try:
        return version in Era.parse(table.get("since"), table.get("until"))
    except (UserError, AttributeError, TypeError):
        return True
