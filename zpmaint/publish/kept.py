# SPDX-License-Identifier: GPL-2.0-only
"""What is kept of a part of a set's kernels between two publishings: files beside the site, each
with a digest over all that follows. What is damaged, or was made by another program, is none: it is
made anew.

    .NAME.kept/SET-PART.part     what other parts and pages of the whole site are made of
    .NAME.kept/SET-PART.facts    of each kernel its facts, for when one of its neighbours has news
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from zpmaint.ledger import codec
from zpmaint.publish.base import Base
from zpmaint.publish.facts import Facts
from zpmaint.publish.glance import Glance
from zpmaint.publish.reading import Kept

_TEXT = "kernels_text"
"""The largest part of a glance, which nobody reads: it is copied."""
_PLAIN = (_TEXT, "line_texts", "news", "verdicts", "sums", "runs", "names")
_PLAIN_IN_BASE = ("changes",)
"""What is of JSON's own values, and taken as it is."""
Value = TypeVar("Value")


@dataclass(frozen=True)
class Asked:
    """What a part asked of the world beside its records, so that it can be asked again."""

    confirmed: Sequence[str] = ()
    """Keys of inputs that may have been confirmed meanwhile."""
    logs: Sequence[str] = ()
    """Digests of texts that may be there or not."""
    places: Sequence[Sequence[Any]] = ()
    """Logs of before texts had digests."""
    ages: Sequence[Sequence[float]] = ()
    """Moments, and after how many seconds something is said of them that was not before."""


@dataclass(frozen=True)
class Made:
    """What was kept of a part."""

    base_of: str = ""
    """What the base was made of; '' where none is kept."""
    base: Base = field(default_factory=Base)
    made_of: str = ""
    """What the rest was made of."""
    asked: Asked = field(default_factory=Asked)
    glance: Glance = field(default_factory=Glance)
    pages: Sequence[Sequence[str]] = ()
    """Address and inputs of each page."""


NOTHING = Made()


class KeptParts:
    """Those of one site."""

    def __init__(self, folder: Path | None, program: str) -> None:
        """`folder` is made when something is kept; None: nothing is."""
        self._folder = folder
        self._program = program

    def part(self, name: str) -> Made:
        """What is kept of a part; NOTHING where there is nothing that can be believed."""
        if (data := self._read(f"{name}.part")) is None:
            return NOTHING
        try:
            first, second, text = data.split(b"\n", 2)
            base, rest = json.loads(first), json.loads(second)
            return Made(
                base["of"],
                _read(Base, base["base"], _PLAIN_IN_BASE),
                rest["of"],
                Asked(**rest["asked"]),
                _read(Glance, {**rest["glance"], _TEXT: text}, _PLAIN),
                rest["pages"],
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return NOTHING

    def facts(self, name: str) -> Kept:
        """What is kept of a part's kernels."""
        if (data := self._read(f"{name}.facts")) is None:
            return {}
        try:
            return {
                (version, arch, patchset, profile): (state, Facts.kept(facts))
                for version, arch, patchset, profile, state, facts in json.loads(data)
            }
        except (ValueError, TypeError):
            return {}

    def keep(self, name: str, made: Made) -> None:
        """Keep a part for the next time. That it cannot be kept harms nobody."""
        base = {"of": made.base_of, "base": _told(Base, made.base, _PLAIN_IN_BASE)}
        glance = _told(Glance, made.glance, _PLAIN)
        text = glance.pop(_TEXT)
        asked = asdict(made.asked)
        rest = {"of": made.made_of, "asked": asked, "glance": glance, "pages": made.pages}
        self._write(f"{name}.part", b"\n".join((_json(base), _json(rest), text)))

    def keep_facts(self, name: str, facts: Kept) -> None:
        """Keep the facts of a part's kernels."""
        rows = [[*kernel, state, one.as_json()] for kernel, (state, one) in facts.items()]
        self._write(f"{name}.facts", _json(rows))

    def charts(self, name: str, of: str) -> str | None:
        """A set's drawings that were made of `of`; None where none are kept."""
        head, _, body = (self._read(f"{name}.charts") or b"").partition(b"\n")
        return body.decode() if head == of.encode() else None

    def keep_charts(self, name: str, of: str, text: str) -> None:
        """Keep a set's drawings for the next time."""
        self._write(f"{name}.charts", f"{of}\n{text}".encode())

    def keep_only(self, names: Collection[str]) -> None:
        """Forget the parts that there are no more."""
        if self._folder is None or not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.stem not in names:
                with suppress(OSError):
                    path.unlink()

    def _read(self, name: str) -> bytes | None:
        if self._folder is None:
            return None
        try:
            head, _, body = (self._folder / name).read_bytes().partition(b"\n")
        except OSError:
            return None
        return body if head == self._head(body) else None

    def _write(self, name: str, body: bytes) -> None:
        if self._folder is None:
            return
        path = self._folder / name
        fresh = path.with_name(f".{name}.{os.getpid()}")
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            fresh.write_bytes(self._head(body) + b"\n" + body)
            fresh.replace(path)

    def _head(self, body: bytes) -> bytes:
        return f"{self._program} {sha256(body).hexdigest()}".encode()


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _told(kind: type[Any], value: Any, plain: Collection[str]) -> dict[str, Any]:
    """A dataclass as JSON; what is of JSON's own values is taken as it is."""
    return {
        one.name: found if one.name in plain else codec.to_json(found)
        for one in fields(kind)
        for found in [getattr(value, one.name)]
    }


def _read(kind: type[Value], told: dict[str, Any], plain: Collection[str]) -> Value:
    hints = get_type_hints(kind)
    return kind(
        **{
            name: found if name in plain else codec.from_json(hints[name], found, name)
            for name, found in told.items()
        }
    )
