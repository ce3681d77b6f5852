"""Porting onto every kernel of a source; the engine ports equal blobs once."""

from __future__ import annotations

from zpmaint.patchset.values import PatchSet
from zpmaint.pipeline.port import base_blobs, starting, touched
from zpmaint.pipeline.workshop import Workshop
from zpmaint.port.engine import port
from zpmaint.port.values import Port
from zpmaint.sources.chain import Chain
from zpmaint.versions import KernelVersion


def sweep(
    shop: Workshop,
    patchset: PatchSet,
    chain: Chain,
    *,
    since: KernelVersion | None = None,
    until: KernelVersion | None = None,
) -> list[Port]:
    """Port `patchset` onto every version of `chain` within [since, until], oldest first."""
    versions = [
        v
        for v in chain.versions()
        if (since is None or v >= since) and (until is None or v <= until)
    ]
    starts = {version: starting(patchset, version) for version in versions}
    needed = {anchor.name: anchor for found in starts.values() for anchor in found}
    bases = {name: base_blobs(shop, anchor, chain) for name, anchor in needed.items()}
    ports: list[Port] = []
    with shop.reporter.step(f"sweep {len(versions)} kernels", "kernels") as step:
        for version in versions:
            ports.append(
                port(patchset, version, bases, chain.blobs(version, touched(starts[version])))
            )
            step.advance(len(ports), len(versions))
    return ports
