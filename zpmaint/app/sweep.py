# SPDX-License-Identifier: GPL-2.0-only
"""Porting onto every kernel of a source; the engine ports equal blobs once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from zpmaint.app.port import base_blobs, starting, touched
from zpmaint.app.session import Session
from zpmaint.app.trees import KernelTrees
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import PatchSet
from zpmaint.port.engine import Blobs, port_between
from zpmaint.port.values import Port
from zpmaint.sources.chain import Chain


def within(
    versions: Iterable[KernelVersion],
    since: KernelVersion | None = None,
    until: KernelVersion | None = None,
) -> list[KernelVersion]:
    """The versions of [since, until], both included; None is open-ended."""
    return [v for v in versions if (since is None or v >= since) and (until is None or v <= until)]


def sweep(
    session: Session,
    patchset: PatchSet,
    chain: Chain,
    *,
    since: KernelVersion | None = None,
    until: KernelVersion | None = None,
) -> list[Port]:
    """Port `patchset` onto every version of `chain` within [since, until], oldest first. Raises
    UserError where there is none."""
    versions = within(chain.versions(), since, until)
    if not versions:
        raise UserError("no kernel of these sources is in the range", "name another, or a --source")
    bases = bases_for(session, patchset, versions, chain)
    return sweep_over(session, patchset, versions, bases, chain)


def bases_for(
    session: Session, patchset: PatchSet, versions: Iterable[KernelVersion], chain: Chain
) -> Mapping[str, Blobs]:
    """The pre-images of all anchors that a port onto any of `versions` starts from, by name."""
    needed = {a.name: a for version in versions for a in starting(patchset, version)}
    return {name: base_blobs(session, anchor, chain) for name, anchor in needed.items()}


def sweep_over(
    session: Session,
    patchset: PatchSet,
    versions: Sequence[KernelVersion],
    bases: Mapping[str, Blobs],
    chain: Chain,
) -> list[Port]:
    """Port `patchset` onto each of `versions`, in their order."""
    ports: list[Port] = []
    with session.reporter.step(f"sweep {len(versions)} kernels", "kernels") as step:
        for version in versions:
            target = chain.blobs(version, touched(starting(patchset, version)))
            # Hundreds of trees are not read for names that no hunk's placing rests on.
            trees = KernelTrees(session, chain, version, target, bases=bases, looks_for_lost=False)
            ports.append(port_between(patchset, version, trees))
            step.advance(len(ports), len(versions))
    return ports
