# SPDX-License-Identifier: GPL-2.0-only
"""Porting with its inputs fetched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from zpmaint.app.adoption import witnessed
from zpmaint.app.base import base_blobs
from zpmaint.app.session import Session
from zpmaint.app.trees import KernelTrees
from zpmaint.core import arches
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Anchor, PatchSet
from zpmaint.port.engine import port_between, starting
from zpmaint.port.parsed import touched_by
from zpmaint.port.values import Port
from zpmaint.sources.chain import Chain

__all__ = ["base_blobs", "port_onto", "starting", "touched"]


def port_onto(
    session: Session,
    patchset: PatchSet,
    version: KernelVersion,
    chain: Chain,
    *,
    anchor: str | None = None,
) -> Port:
    """Port `patchset` onto `version`. Base blobs that no source serves are left out; the engine
    then has less to go by, and its hunks say so. Of an adopted change the port's `why` also tells
    whether git's history bears that out."""
    starts = starting(patchset, version)
    if anchor:
        starts = [a for a in patchset.anchors if a.name == anchor]
    with session.reporter.step(f"port {patchset.name} onto {version}"):
        target = chain.blobs(version, touched(starts))
        trees = KernelTrees(session, chain, version, target)
        result = port_between(patchset, version, trees, anchor=anchor)
        seen = witnessed(patchset, result, chain)
        return replace(result, why=f"{result.why}; {seen}") if seen else result


def touched(anchors: Iterable[Anchor]) -> list[str]:
    """Every path that any of the anchors touches."""
    return sorted({path for a in anchors for path in touched_by(a)})


def built_of(anchors: Iterable[Anchor], arch: str) -> list[str]:
    """What a tree must hold for the anchors to be built for an architecture, beyond what every
    tree has."""
    return sorted({*touched(anchors), *arches.named(arch).unpack})
