# SPDX-License-Identifier: GPL-2.0-only
"""Carrying a patch set from an anchor that is a series: one port of all its patches. Pure.

All or nothing, as for one patch: a patch of the series that goes nowhere makes the port a conflict.
Patches that the kernel has already are dropped, and named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from zpmaint.core.text import to_bytes, to_text
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.series import Series, one_text
from zpmaint.patchset.values import Anchor, PatchSet, Resolution
from zpmaint.port.series import port_series
from zpmaint.port.terms import STRICT, Terms
from zpmaint.port.values import Fate, FilePort, MemberPort, Port, State

_Frozen = tuple[tuple[str, bytes | None], ...]
_NAMED = 5  # patches that a reason names; the others are counted


def port_anchor(
    patchset: PatchSet,
    version: KernelVersion,
    anchor: Anchor,
    base: Mapping[str, bytes | None],
    target: Mapping[str, bytes | None],
    *,
    terms: Terms = STRICT,
    keep_going: bool = False,
) -> Port:
    """The port of `anchor`, a series, onto a kernel. `keep_going`: after a conflict the patches
    behind it are tried, too, for those who ask after each; the port is a conflict all the same."""
    adoption = next((a for a in patchset.adoptions if version in a.era), None)
    tells = terms.exists is not None and terms.gone is not None  # or neither is asked
    members = _carried(
        anchor.series,
        tuple((path, base[path]) for path in anchor.series.paths if path in base),
        tuple((path, target.get(path)) for path in anchor.series.paths),
        exists=terms.exists if tells else None,
        gone=terms.gone if tells else None,
        min_confidence=patchset.min_confidence,
        resolutions=patchset.resolutions,
        keep_going=keep_going or adoption is not None,
    )
    state, why = _judged(members)
    if adoption is not None:
        commits = ", ".join(sha[:12] for sha in adoption.commits)
        if state is State.UPSTREAM:
            since = f" since {adoption.era.since}" if adoption.era.since else ""
            why = f"upstream has it{since} ({commits}): {why}"
        else:
            left = [member.name for member in members if not member.is_dropped]
            state = State.CONFLICT
            why = (
                "the set says that upstream has adopted the change here, but "
                f"{len(left)} of {len(members)} patches are not there: {_listed(left)}"
            )
    goes_in = state in (State.APPLIES, State.PORTED)
    texts = [to_bytes(member.text) for member in members if member.goes_in] if goes_in else []
    files: tuple[FilePort, ...] = tuple(file for member in members for file in member.files)
    return Port(
        version, patchset.name, state, anchor.name, files, to_text(one_text(texts)), why, members
    )


@lru_cache(maxsize=16)
def _carried(
    series: Series,
    base: _Frozen,
    target: _Frozen,
    *,
    exists: Callable[[str], bool] | None,
    gone: Callable[[str], bool] | None,
    min_confidence: float,
    resolutions: tuple[Resolution, ...],
    keep_going: bool,
) -> tuple[MemberPort, ...]:
    """Equal files are carried once: what a version is called has no part in it."""
    return tuple(
        port_series(
            series,
            dict(base),
            dict(target),
            keep_going=keep_going,
            exists=exists,
            gone=gone,
            min_confidence=min_confidence,
            resolutions=resolutions,
        )
    )


def _judged(members: Sequence[MemberPort]) -> tuple[State, str]:
    """The state of the whole, and its reason in one line."""
    for member in members:
        if member.fate is Fate.CONFLICT:
            return State.CONFLICT, f"{member.name}: {member.why}"
    counted = len(members)
    held = [member.name for member in members if member.is_dropped]
    carried = [member.name for member in members if member.fate is Fate.PORTED]
    if len(held) == counted:
        return State.UPSTREAM, f"the kernel has all {counted} patches"
    parts = [f"{counted - len(held) - len(carried)} of {counted} patches apply as they are"]
    parts += [f"{len(carried)} carried on ({_listed(carried)})"] if carried else []
    parts += [f"{len(held)} dropped, upstream has them ({_listed(held)})"] if held else []
    return State.PORTED if carried or held else State.APPLIES, ", ".join(parts)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
