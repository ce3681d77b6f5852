# SPDX-License-Identifier: GPL-2.0-only
"""[[track]] of kernels.toml: which kernels are tracked by a rule, without being named one by one.

What of it is due is made of the kernels that sources offer, in `zpmaint/matrix/policy.py`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PlainValidator, field_validator, model_validator

from zpmaint.core.errors import UserError
from zpmaint.core.strict import Arch, StrictTable
from zpmaint.core.versions import KernelVersion

_MOST = 10_000


def _amount(value: object) -> object:
    if value in ("newest", "all") or (type(value) is int and 0 < value <= _MOST):
        return value
    raise ValueError(f'{value!r:.60} is no amount; write "newest", "all" or a number from 1')


Amount = Annotated[Literal["newest", "all"] | int, PlainValidator(_amount)]
"""How many of a kind, from the newest on: "newest" is one."""


def first(amount: Amount, kernels: list[KernelVersion]) -> list[KernelVersion]:
    """So many of `kernels`, which are newest first."""
    if amount == "all":
        return kernels
    return kernels[: 1 if amount == "newest" else int(amount)]


class TrackTable(StrictTable):
    """[[track]]: a rule; each key but the last five names a kind of kernels, and how many of it."""

    mainline_since: str = ""
    """Every mainline release from this one on: "6.6" for 6.6, 6.7 and so on."""
    mainline_candidates: Amount | None = None
    """Release candidates of the next mainline release."""
    longterm: Amount | None = None
    """Point releases of each series that is maintained as longterm."""
    stable: Amount | None = None
    """Point releases of each series that is maintained as stable."""
    stable_candidates: Amount | None = None
    """Candidates of the next point release of each maintained series (6.12.108-rc1)."""
    rt: Amount | None = None
    """Kernels with the real-time patches, of each maintained series (6.12.107-rt34)."""
    next: Amount | None = None
    """linux-next, by its days."""
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    """Which of [sources] are asked, in this order."""
    arch: Annotated[tuple[Arch, ...], Field(min_length=1)] = ("x86_64",)
    """Each is a verification of its own."""
    patches: tuple[str, ...] = ()
    """Patch sets to verify there; empty: the project's default one."""
    profile: str = ""
    """The build profile; empty: the one that fits the tree."""
    note: str = ""
    """Why they are tracked; shown on the status page."""

    @field_validator("mainline_since")
    @classmethod
    def _mainline(cls, text: str) -> str:
        hint = "name the first mainline release to track, as 6.6 or 2.6.20"
        try:
            version = KernelVersion.parse(text)
        except UserError as error:
            raise ValueError(f"{error.what}; {hint}") from None
        if not is_mainline(version):
            raise ValueError(f"{text!r} is no mainline release; {hint}")
        return text

    @model_validator(mode="after")
    def _tracks_something(self) -> TrackTable:
        if not self.mainline_since and not self.amounts:
            raise ValueError(f"tracks nothing; give one of: mainline_since, {', '.join(_KINDS)}")
        return self

    @property
    def since(self) -> KernelVersion | None:
        """The first mainline release that is tracked."""
        return KernelVersion.parse(self.mainline_since) if self.mainline_since else None

    @property
    def amounts(self) -> dict[str, Amount]:
        """By kind how many of it are tracked; what is not tracked is not there."""
        given = {kind: getattr(self, kind) for kind in _KINDS}
        return {kind: amount for kind, amount in given.items() if amount is not None}


_KINDS = ("mainline_candidates", "longterm", "stable", "stable_candidates", "rt", "next")


def is_mainline(version: KernelVersion) -> bool:
    """Whether it is a release of Linus Torvalds' own: 6.12, 2.6.20, and no point release."""
    return version.is_release and version.debian is None and not version.numbers[-1]
