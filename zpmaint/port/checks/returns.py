# SPDX-License-Identifier: GPL-2.0-only
"""What a placement's lines return is of the type that the function has in the target."""

from __future__ import annotations

import re
from enum import Enum

from zpmaint.port.calls import bare
from zpmaint.port.checks.brought import Brought
from zpmaint.port.scopes import Scope, Source

_RETURN = re.compile(r"\breturn\b\s*([^;]*);")
_IGNORED = re.compile(
    r"\b(?:static|inline|extern|const|volatile|asmlinkage|notrace|noinline\w*|__\w+)\b"
    r"(?:\s*\([^()]*\))?"
)
_NUMBERS = frozenset(
    {"char", "short", "int", "long", "unsigned", "signed", "u8", "u16", "u32", "u64"}
    | {"s8", "s16", "s32", "s64", "size_t", "ssize_t", "loff_t"}
)
_ERROR = re.compile(r"-\s*E[A-Z0-9]+$")
_NUMBER = re.compile(r"-?\s*(?:0x[0-9a-fA-F]+|\d+)[uUlL]*$")


class Kind(Enum):
    """What of a function's type matters for a constant that it returns."""

    VOID = "nothing"
    BOOL = "a bool"
    NUMBER = "a number"
    POINTER = "a pointer"
    OTHER = "another type"


class _Value(Enum):
    TRUTH = "true or false"
    ERROR = "an error number"
    NULL = "NULL"
    TEXT = "a string"
    NUMBER = "a number"


_WRONG = {
    Kind.BOOL: {_Value.ERROR, _Value.NULL, _Value.TEXT},
    Kind.NUMBER: {_Value.TRUTH, _Value.NULL, _Value.TEXT},
    Kind.POINTER: {_Value.TRUTH, _Value.ERROR, _Value.NUMBER},
    Kind.OTHER: {_Value.TRUTH, _Value.ERROR, _Value.NULL, _Value.TEXT, _Value.NUMBER},
}
"""What a function of a kind does not return, where it was of another kind before."""


def check(own: Brought, result: Source) -> list[str]:
    """What is wrong with the returns in a placement's lines."""
    values = [" ".join(told.split()) for told in _RETURN.findall("\n".join(own.lines))]
    job = own.job
    scope = own.within
    if not values or scope is None or scope.kind != "function":
        return []
    twin = next(iter(result.same_scope(scope)), None)
    if twin is None or (kind := _kind(result, twin)) is None:
        return []
    before = _kind(job.base, job.home) if job.base is not None and job.home is not None else None
    return list(
        dict.fromkeys(
            reason for value in values if (reason := _refused(scope.name, value, kind, before))
        )
    )


def _refused(name: str, value: str, kind: Kind, before: Kind | None) -> str:
    if before is kind:
        return ""
    if kind is Kind.VOID and value:
        return f"{name}() returns nothing in the target, and the patch would have it return {value}"
    if kind is not Kind.VOID and not value:
        return f"{name}() returns {kind.value} in the target, and the patch would return nothing"
    what = _value(value)
    if before is not None and what in _WRONG.get(kind, ()):
        return (
            f"{name}() returns {kind.value} in the target, and the patch would have it return "
            f"{value}"
        )
    return ""


def _value(text: str) -> _Value | None:
    """What kind of constant a value is; None where it is none."""
    if text in ("true", "false"):
        return _Value.TRUTH
    if text == "NULL":
        return _Value.NULL
    if text.startswith('"'):
        return _Value.TEXT
    if _ERROR.match(text):
        return _Value.ERROR
    return _Value.NUMBER if _NUMBER.match(text) and text != "0" else None


def _kind(source: Source, scope: Scope) -> Kind | None:
    """What kind of type a function has; None where its head does not show it."""
    head = bare("".join(source.lines[scope.start : scope.end])).split("{", 1)[0]
    named = re.search(rf"\b{re.escape(scope.name)}\s*\(", head)
    if named is None:
        return None
    told = _IGNORED.sub(" ", head[: named.start()])
    if "(" in told or "#" in told:
        return None
    words = re.findall(r"\w+|\*", told)
    if not words:
        return None
    if "*" in words:
        return Kind.POINTER
    if words == ["void"]:
        return Kind.VOID
    if words == ["bool"]:
        return Kind.BOOL
    return Kind.NUMBER if set(words) <= _NUMBERS else Kind.OTHER
