"""Porting onto every kernel of a source; equal blobs are ported once."""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.patchset.values import PatchSet
from zpmaint.pipeline.workshop import Workshop
from zpmaint.port.values import Port
from zpmaint.sources.chain import Chain
from zpmaint.versions import KernelVersion


@dataclass(frozen=True)
class Swept:
    port: Port


def sweep(
    shop: Workshop,
    patchset: PatchSet,
    chain: Chain,
    *,
    since: KernelVersion | None = None,
    until: KernelVersion | None = None,
) -> list[Swept]:
    """Port `patchset` onto every version of `chain` within [since, until], oldest first."""
