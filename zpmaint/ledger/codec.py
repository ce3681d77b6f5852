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
Reader = Callable[[Any, str], Any]


def to_json(value: Any) -> Any:
    """A value as JSON's own types: a dataclass as an object, a tuple as a list."""
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [to_json(one) for one in value]
    if isinstance(value, dict):
        return {str(key): to_json(one) for key, one in value.items()}
    return str(value) if isinstance(value, Enum) else value


def from_json(kind: type[Value], value: object, where: str = "record") -> Value:
    """The `kind` that an object of JSON stands for. Raises ValueError, naming the key."""
    return cast(Value, _reader(cast(Hashable, kind))(value, where))


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
    if origin in (types.UnionType, typing.Union):
        return _optional(_reader(next(part for part in parts if part is not type(None))))
    if origin is tuple:
        return _sequence(_reader(parts[0]))
    if origin is dict:
        return _mapping(_reader(parts[1]))
    if isinstance(kind, type) and is_dataclass(kind):
        return functools.partial(_object, kind)
    if issubclass(kind, Enum):
        return functools.partial(_word, kind)
    return functools.partial(_plain, kind)


def _optional(read: Reader) -> Reader:
    return lambda value, where: None if value is None else read(value, where)


def _sequence(read: Reader) -> Reader:
    def of(value: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise _other(value, where, "a list")
        return tuple(read(one, f"{where}[{place}]") for place, one in enumerate(value))

    return of


def _mapping(read: Reader) -> Reader:
    def of(value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _other(value, where, "an object")
        return {str(key): read(one, f"{where}.{key}") for key, one in value.items()}

    return of


def _object(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _other(value, where, "an object")
    made: dict[str, Any] = {}
    for field in _fields(kind):
        if field.name in value:
            made[field.name] = field.read(value[field.name], f"{where}.{field.name}")
        elif field.needed:
            raise ValueError(f"{where}.{field.name} is missing")
    return kind(**made)


def _word(kind: type[Enum], value: Any, where: str) -> Enum:
    try:
        return kind(value)
    except ValueError:
        raise _other(value, where, " or ".join(str(one.value) for one in kind)) from None


def _plain(kind: type, value: Any, where: str) -> Any:
    # A whole number is a float, too; a truth value is neither, though Python has it so.
    fits = (int, float) if kind is float else kind
    if not isinstance(value, fits) or (isinstance(value, bool) and kind is not bool):
        raise _other(value, where, kind.__name__)
    return value


def _other(value: object, where: str, wanted: str) -> ValueError:
    return ValueError(f"{where} is {value!r:.60}, not {wanted}")
