# SPDX-License-Identifier: GPL-2.0-only
"""Carrying a patch set onto a kernel: the anchor, the ladder, the checks, the state. Pure.

All or nothing: a patch is written only if every hunk was placed and every check holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Adoption, Anchor, PatchSet
from zpmaint.port import header
from zpmaint.port.adopted import adopted
from zpmaint.port.anchor_choice import by_name, candidates, starting, superseding
from zpmaint.port.anchored import port_anchor
from zpmaint.port.calibration import calibrated
from zpmaint.port.carry import bereft, carry, rests_on_names
from zpmaint.port.conflicts import lost, opened, patched, recalled, settled
from zpmaint.port.outcome import Outcome, first_stuck, undone
from zpmaint.port.parsed import Blobs, Frozen, paths, touched_by
from zpmaint.port.terms import STRICT, Terms
from zpmaint.port.threshold import held_back
from zpmaint.port.trees import Given, Trees
from zpmaint.port.values import FilePort, Port, State

__all__ = [
    "Blobs",
    "candidates",
    "lost",
    "opened",
    "patched",
    "paths",
    "port",
    "port_between",
    "settled",
    "starting",
    "touched_by",
]

_Between = tuple[str, Frozen, Frozen]
"""A patch, the files that it was cut against, and the target's."""


def port(
    patchset: PatchSet,
    version: KernelVersion,
    bases: Mapping[str, Blobs],
    target: Blobs,
    *,
    anchor: str | None = None,
    terms: Terms = STRICT,
) -> Port:
    """Carry a patch set onto a kernel whose files are given; see `port_between`.

    `bases` holds, by anchor name, the files an anchor was cut against, as far as they can be had;
    `target` the kernel's own, None for a file it does not have."""
    trees = Given(bases, target, terms)
    return _ported(patchset, version, trees, anchor, replace(terms, exists=None, gone=None))


def port_between(
    patchset: PatchSet,
    version: KernelVersion,
    trees: Trees,
    *,
    anchor: str | None = None,
    yields: bool = False,
) -> Port:
    """Carry a patch set onto a kernel. `anchor` forces one by name; `yields` is of Terms.

    Raises UserError if there is no such anchor or an anchor is no unified diff.
    """
    return _ported(patchset, version, trees, anchor, Terms(yields=yields))


def _ported(
    patchset: PatchSet, version: KernelVersion, trees: Trees, anchor: str | None, terms: Terms
) -> Port:
    if anchor is not None:
        chosen = by_name(patchset, anchor)
        if other := superseding(patchset, chosen, version):
            why = f"the era of {chosen.name} ended before {version}; start from {other.name}"
            return Port(version, patchset.name, State.SUPERSEDED, chosen.name, (), "", why)
        starts = [chosen]
    else:
        starts = starting(patchset, version)
        if not starts:
            raise UserError(f"{patchset.name} has no anchor", "add one to the patch set")
    done = _first(patchset, version, starts, trees, terms)
    if done.state is not State.CONFLICT or terms.offers:
        return done
    # Which files moved takes seconds to tell: asked for where nothing else is left.
    start = next(a for a in starts if a.name == done.anchor)
    offers = trees.moves(start)
    if not offers:
        return done
    return _first(patchset, version, starts, trees, replace(terms, offers=offers))


def _first(
    patchset: PatchSet,
    version: KernelVersion,
    starts: list[Anchor],
    trees: Trees,
    terms: Terms,
) -> Port:
    """The port from the first anchor that leads on; the first one's conflict where none does."""
    ports = []
    for start in starts:
        ports.append(_from(patchset, version, start, trees, terms))
        if ports[-1].state is not State.CONFLICT:
            return ports[-1]
    return ports[0]


def _from(
    patchset: PatchSet, version: KernelVersion, start: Anchor, trees: Trees, terms: Terms
) -> Port:
    """The port from one anchor."""
    if not start.is_single:
        base, gone = trees.base(start), trees.gone(start)
        known = replace(terms, exists=trees.exists, gone=gone)
        return port_anchor(patchset, version, start, base, trees.target, terms=known)

    def ended(state: State, files: tuple[FilePort, ...], why: str, patch: str = "") -> Port:
        return Port(version, patchset.name, state, start.name, files, patch, why)

    base, target = trees.base(start), trees.target
    wanted = paths(start.patch)
    between: _Between = (
        start.patch,
        tuple((path, base.get(path)) for path in wanted),
        tuple((path, target.get(path)) for path in wanted),
    )
    adoption = next((a for a in patchset.adoptions if version in a.era), None)
    if adoption is not None:
        return ended(*_declared(adoption, *between))
    outcome = _outcome(patchset, start, trees, terms, between)
    outcome = replace(outcome, files=calibrated(outcome.files))
    if outcome.state is State.CONFLICT:
        seen = adopted(*between)
        if seen.verbatim:
            return ended(State.UPSTREAM, seen.files, seen.why)
        why = outcome.why
        if seen.is_adopted:
            why = (
                f"it looks as if upstream had adopted the change ({seen.why}), but the set "
                f"declares no adoption here; {outcome.why}"
            )
        return ended(State.CONFLICT, outcome.files, why)
    if outcome.state is State.UPSTREAM:
        return ended(State.UPSTREAM, outcome.files, outcome.why)
    if unsure := held_back(outcome.files, patchset.min_confidence):
        files = undone(unsure)
        why = (
            f"held back: {first_stuck(files)}; read it with `zpmaint port {version} "
            "--min-confidence 0`: if it is right, make it an anchor"
        )
        return ended(State.CONFLICT, files, why)
    patch = header.write(
        patchset, start, version, outcome.diff,
        state=outcome.state, files=outcome.files, why=outcome.why,
    )  # fmt: skip
    return ended(outcome.state, outcome.files, outcome.why, patch)


def _declared(
    adoption: Adoption, patch: str, base: Frozen, target: Frozen
) -> tuple[State, tuple[FilePort, ...], str]:
    """What a kernel shows of a change that the set says upstream has adopted there."""
    seen = adopted(patch, base, target)
    if not seen.is_adopted:
        why = f"the set says that upstream has adopted the change here, but {seen.why}"
        return State.CONFLICT, seen.files, why
    commits = ", ".join(sha[:12] for sha in adoption.commits)
    came = f" since {adoption.era.since}" if adoption.era.since else ""
    return State.UPSTREAM, seen.files, f"upstream has it{came} ({commits}): {seen.why}"


def _outcome(
    patchset: PatchSet, start: Anchor, trees: Trees, terms: Terms, between: _Between
) -> Outcome:
    """The patch carried by the files alone, then held against what the trees know of names, then
    with the conflicts that are known solved as before."""
    # What the files alone tell is the same for many kernels, and is carried once for all.
    outcome = carry(*between, terms)
    if trees.exists is not None and rests_on_names(outcome):
        outcome = carry.__wrapped__(*between, replace(terms, exists=trees.exists))
    if outcome.state in (State.APPLIES, State.PORTED) and (gone := trees.gone(start)) is not None:
        outcome = bereft(start.patch, outcome, trees.target, replace(terms, gone=gone))
    if outcome.state is State.CONFLICT and patchset.resolutions:
        outcome = recalled(*between, patchset.resolutions)
    return outcome
