# SPDX-License-Identifier: GPL-2.0-only
"""What is known of kernels, for somebody who asks about his own: "does it work on mine?". Pure.

The command `works` and the page's field answer from these; the field's script does what
`found_for` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from zpmaint.core.errors import UserError
from zpmaint.core.kernel_names import VERIFIED_ARCHES, Exactness, KernelName
from zpmaint.core.versions import KernelVersion
from zpmaint.port.values import State
from zpmaint.publish.looks import LOOKS, PENDING
from zpmaint.publish.offer import PATCH
from zpmaint.publish.rows import Row
from zpmaint.publish.words import day, number, signed

_LISTED = 6  # kernels of a series that are shown where the one that runs is not told


@dataclass(frozen=True)
class Known:
    """One verified kernel."""

    version: KernelVersion
    arch: str
    profile: str
    """The build profile that was asked for; '' the one that fits the tree."""
    state: str
    """A Result's word."""
    good: bool
    """Whether the patch holds as far as it was looked at."""
    settled: bool
    """Whether the state says anything about the kernel: an infrastructure's failure does not."""
    why: str
    verified: str
    """The day, YYYY-MM-DD."""
    cost: str
    """What it costs on this kernel, in words; '' where nothing was measured."""
    page: str
    """Its page's address in the site; '' for none."""
    patch: str
    """The address of its patch file there; '' for none."""
    sha256: str = ""
    """Of that file; '' where it is not known."""

    @property
    def look(self) -> str:
        """The sign and the words for its state."""
        look = LOOKS.get(self.state)
        return f"{look.sign} {look.words}" if look else self.state


class How(StrEnum):
    """How well what was found answers the question."""

    THIS = "this kernel"
    BESIDE = "kernels beside it"
    SERIES = "kernels of its series"
    NONE = "nothing"


@dataclass(frozen=True)
class Found:
    """What is known for a machine's kernel."""

    how: How
    kernels: tuple[Known, ...]
    """Newest first, x86_64 before others."""
    words: str
    """What it means, in a sentence."""

    @property
    def holds(self) -> bool | None:
        """Whether the patch holds on this very kernel; None: that is not known."""
        settled = [known.good for known in self.kernels if known.settled]
        return all(settled) if self.how is How.THIS and settled else None


def known_of(rows: Iterable[Row]) -> list[Known]:
    """The verified kernels among a set's rows; names that are no kernel's are left out."""
    return [_known(row, version) for row in rows if row.kernel and (version := parsed(row.version))]


def _known(row: Row, version: KernelVersion) -> Known:
    tried, patch = row.tried, row.patch_file
    return Known(
        version=version,
        arch=row.arch,
        profile=row.profile,
        state=row.look,
        good=row.is_good,
        settled=tried is not None and tried.result.settles,
        why=_why(tried.why if tried else "", row.facts.port_state, has_patch=bool(patch)),
        verified=day(tried.finished) if tried else "",
        cost=_cost(row),
        page=row.page,
        patch=patch,
        sha256=row.offer.sums.get(PATCH, "") if patch else "",
    )


def known_in_status(document: Any, patchset: str) -> list[Known]:
    """The same of a status.json, of version 1 or later. Raises UserError where it is none, or has
    no such patch set."""
    try:
        sets = {one["name"]: one for one in document["patchsets"]}
        if patchset not in sets:
            raise UserError(
                f"no patch set {patchset!r} in it", f"one of: {', '.join(sorted(sets))}"
            )
        return [
            Known(
                version=version,
                arch=str(row["arch"]),
                profile=str(row.get("profile") or ""),
                state=str(row["state"]),
                good=bool(row["good"]),
                settled=row["state"] not in (PENDING, "infrastructure", "indeterminate"),
                why=_why(
                    str(row.get("why") or ""),
                    (row.get("port") or {}).get("state"),
                    has_patch=bool(row.get("patch")),
                ),
                verified=str(row.get("verified") or "")[:10],
                cost=_cost_in(row.get("instructions_per_page")),
                page=str(row.get("page") or ""),
                patch=str(row.get("patch") or ""),
                sha256=str(row.get("sha256") or ""),  # version 1 has none
            )
            for row in sets[patchset]["kernels"]
            if row["state"] != PENDING and (version := parsed(str(row["version"])))
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"not a status.json of zpmaint: {type(error).__name__} {error}",
            "the file stands beside the page's index.html",
        ) from None


def found_for(name: KernelName, known: Sequence[Known]) -> Found:
    """What is known for the kernel that `name` tells."""
    if name.base is None:
        return Found(How.NONE, (), "which kernel it is cannot be told, so nothing is known for it")
    if name.arch and name.arch not in VERIFIED_ARCHES:
        return Found(How.NONE, (), f"no kernel is verified on {name.arch}")
    mine = [one for one in newest_first(known) if name.arch in ("", one.arch)]
    likely = (name.likely, name.likely.upstream) if name.likely else ()
    for version in (*name.kernels, *likely):
        if same := [one for one in mine if one.version == version]:
            if version in likely:
                words = f"if it is {name.likely}: this was verified as {version}"
                return Found(How.SERIES, tuple(same), words)
            if name.exactness is Exactness.BASE_OF_CHANGED_TREE:
                words = f"{version} was verified, which this kernel's changed tree stands on"
                return Found(How.BESIDE, tuple(same), words)
            return Found(How.THIS, tuple(same), f"verified as {version}")
    series = [one for one in mine if one.version.series == name.series]
    if not series:
        on = f" on {name.arch}" if name.arch else ""
        return Found(How.NONE, (), f"no kernel of the series {name.series} is verified{on}")
    if name.exactness is Exactness.SERIES_ONLY:
        good = sum(one.good for one in series)
        count = f"{len(series)} kernels of it are" if len(series) > 1 else "one kernel of it is"
        return Found(
            How.SERIES,
            tuple(series[:_LISTED]),
            f"of the series {name.series}, not known which: {count} verified, the patch holds on "
            f"{good}",
        )
    return _beside(name.base, series)


def newest_first(known: Iterable[Known]) -> list[Known]:
    """Newest kernels first, x86_64 before others."""
    return sorted(known, key=lambda one: (one.version, one.arch == "x86_64"), reverse=True)


def _beside(base: KernelVersion, series: Sequence[Known]) -> Found:
    """The nearest verified kernels before and after one that was not."""
    older = [one for one in series if one.version < base]
    newer = [one for one in series if one.version > base]
    nearest = [one for one in newer if one.version == newer[-1].version] if newer else []
    nearest += [one for one in older if one.version == older[0].version]
    return Found(
        How.BESIDE,
        tuple(nearest),
        f"{base} itself was never verified; these are the nearest of its series that were",
    )


def _why(why: str, port: object, *, has_patch: bool) -> str:
    """The reason of a verdict; with it why there is no file, where none is needed."""
    if port == State.UPSTREAM and not has_patch:
        return f"nothing is to be applied, the kernel does by itself what the patch wants; {why}"
    return why


def _cost(row: Row) -> str:
    cost = row.cost
    return _instructions(cost.stock, cost.patched) if cost else ""


def _cost_in(told: Any) -> str:
    """The same of a status.json's {stock, patched}."""
    if not isinstance(told, dict):
        return ""
    stock, patched = told.get("stock"), told.get("patched")
    figures = isinstance(stock, int | float) and isinstance(patched, int | float)
    return _instructions(stock, patched) if figures else ""


def _instructions(stock: float | None, patched: float | None) -> str:
    if patched is None or not stock:
        return ""
    share = signed(round(100 * (patched - stock) / stock))
    return f"{number(patched)} instructions for each page read, stock {number(stock)} ({share} %)"


def parsed(text: str) -> KernelVersion | None:
    """A version of the ledger's; None where it is no kernel's."""
    try:
        return KernelVersion.parse(text)
    except UserError:
        return None
