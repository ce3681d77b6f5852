# SPDX-License-Identifier: GPL-2.0-only
"""Frozen dataclasses to JSON's own types and back, for what the ledger keeps. Pure.

Reading is lenient where time makes it so: a key that the class does not know is passed over, one
that is missing takes the field's default. A value of another type is damage: ValueError.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Hashable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar, cast

Value = TypeVar("Value")
Reader = Callable[[Any], Any]
_PLAIN = frozenset((str, int, float, bool, type(None)))


def to_json(value: Any) -> Any:
    """A value as JSON's own types: a dataclass as an object, a tuple as a list."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if names := _names(cast(Hashable, kind)):
        return {name: to_json(getattr(value, name)) for name in names}
    if isinstance(value, tuple | list):
        return [to_json(one) for one in value]
    if isinstance(value, dict):
        return {str(key): to_json(one) for key, one in value.items()}
    return value.value if isinstance(value, Enum) else value


@functools.cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass; () of another type."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


def from_json(kind: type[Value], value: object, where: str = "record") -> Value:
    """The `kind` that an object of JSON stands for. Raises ValueError, naming the key."""
    try:
        return cast(Value, _reader(cast(Hashable, kind))(value))
    except _OtherError as error:
        raise ValueError(f"{where}{error.where} {error.what}") from None


class _OtherError(Exception):
    """What is there is not what is wanted; `where` grows from the inside out."""

    def __init__(self, what: str, where: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where

    @classmethod
    def than(cls, value: object, wanted: str) -> _OtherError:
        return cls(f"is {value!r:.60}, not {wanted}")


@dataclass(frozen=True)
class _Field:
    name: str
    read: Reader
    needed: bool


@functools.cache
def _fields(kind: type) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(kind)
    return tuple(
        _Field(
            field.name,
            _reader(hints[field.name]),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(kind)
    )


@functools.cache
def _reader(kind: Any) -> Reader:
    """How values of a type are read. The types are those that records are made of."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return lambda value: value
    if origin in (types.UnionType, typing.Union):
        read = _reader(next(part for part in parts if part is not type(None)))
        return lambda value: None if value is None else read(value)
    if origin is tuple:
        return functools.partial(_sequence, _reader(parts[0]))
    if origin is dict:
        return functools.partial(_mapping, _reader(parts[1]))
    if isinstance(kind, type) and is_dataclass(kind):
        return functools.partial(_object, kind)
    if issubclass(kind, Enum):
        return functools.partial(_word, kind)
    return functools.partial(_plain, kind)


def _sequence(read: Reader, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise _OtherError.than(value, "a list")
    made: list[Any] = []
    try:
        for one in value:
            made.append(read(one))
    except _OtherError as error:
        error.where = f"[{len(made)}]{error.where}"
        raise
    return tuple(made)


def _mapping(read: Reader, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _OtherError.than(value, "an object")
    key: object = ""
    made: dict[str, Any] = {}
    try:
        for key, one in value.items():
            made[str(key)] = read(one)
    except _OtherError as error:
        error.where = f".{key}{error.where}"
        raise
    return made


def _object(kind: type, value: Any) -> Any:
    if not isinstance(value, dict):
        raise _OtherError.than(value, "an object")
    made: dict[str, Any] = {}
    name = ""
    try:
        for field in _fields(kind):
            name = field.name
            if name in value:
                made[name] = field.read(value[name])
            elif field.needed:
                raise _OtherError("is missing")
    except _OtherError as error:
        error.where = f".{name}{error.where}"
        raise
    return kind(**made)


def _word(kind: type[Enum], value: Any) -> Enum:
    try:
        return kind(value)
    except ValueError:
        raise _OtherError.than(value, " or ".join(str(one.value) for one in kind)) from None


def _plain(kind: type, value: Any) -> Any:
    if type(value) is kind or (kind is float and type(value) is int):
        return value
    raise _OtherError.than(value, kind.__name__)
