# SPDX-License-Identifier: GPL-2.0-only
"""One file of the site: where it stands, what it is made of, and how it is made. Pure.

A kind of page is a module with a function `pages(site) -> Iterator[Page]`, and a line of
`plan.KINDS`. The function is called on every publishing, for all kernels: so it looks only at what
is light (`Site`, its sets, their rows). `make` is called only where the page is not there yet or
was made of other inputs: it may read a whole record (`Row.record`).

`inputs` has to say all that the bytes depend on, less the program and its templates, which are
added for all. A page that leaves one out goes stale; one that names too much is made for nothing. A
time of day is no input of a page that is to be left alone: only few pages show `Site.generated`.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, NamedTuple

from zpmaint.core.shown import json_visible, visible


class Page(NamedTuple):
    """One file of the site. There are tens of thousands."""

    address: str
    """Relative to the site's root, with slashes; a permanent one. Not quoted."""
    inputs: str | bytes | None
    """What it is made of; `made_of` gives one for anything. None: it is made every time, and
    written where its bytes are others."""
    make: Callable[[], bytes]


class Bundle(NamedTuple):
    """Pages that are made of one thing: while that is as it was, none of them is looked at."""

    name: str
    """What it is known by among the bundles of a site; never ''."""
    told: str
    """A digest of all that they are made of."""
    pages: Callable[[], Iterable[Page]]


def made_of(*parts: object) -> str:
    """A digest of plain values, enums, dataclasses and lists, tuples and mappings of them; the same
    for equal parts. Raises TypeError for anything else: it would be another one each time."""
    text = _ENCODER.encode(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def shown(text: str) -> bytes:
    """A page's text as bytes: control characters and marks of direction are shown, not acted on."""
    return visible(text).encode("utf-8", "replace")


def shown_json(text: str) -> bytes:
    """The same for JSON, which stays JSON."""
    return json_visible(text).encode("utf-8", "replace")


def _plain(value: object) -> Any:
    """The fields alone: what an object has worked out and kept is no part of what it is."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: getattr(value, name) for name in _names(type(value))}
    if isinstance(value, Enum):
        return str(value)
    raise TypeError(f"{type(value).__name__} is nothing that a page can be made of")


@functools.cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_plain)
"""Made once: there are tens of thousands of pages."""
