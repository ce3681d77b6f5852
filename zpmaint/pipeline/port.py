"""Porting with its inputs fetched: blobs in, Port out; written files land whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zpmaint.errors import InfraError, KernelError, UserError
from zpmaint.files import write_whole
from zpmaint.patchset.check import paths_of
from zpmaint.patchset.values import Anchor, PatchSet
from zpmaint.pipeline.workshop import Workshop
from zpmaint.port.engine import candidates, port
from zpmaint.port.values import Port, State
from zpmaint.sources.chain import Chain
from zpmaint.versions import KernelVersion


def port_onto(
    shop: Workshop,
    patchset: PatchSet,
    version: KernelVersion,
    chain: Chain,
    *,
    anchor: str | None = None,
) -> Port:
    """Port `patchset` onto `version`. Base blobs that no source serves are left out; the engine
    says in its hunks what that cost."""
    anchors = (
        [a for a in patchset.anchors if a.name == anchor]
        if anchor
        else candidates(patchset, version)
    )
    if not anchors:
        raise UserError(
            f"{patchset.name} has no anchor {anchor!r}"
            if anchor
            else f"{patchset.name} has no anchors",
            "its anchors are: " + ", ".join(a.name for a in patchset.anchors),
        )
    paths = {path for a in patchset.anchors for path in paths_of(a.patch, a.name)}
    with shop.reporter.step(f"port {patchset.name} onto {version}"):
        target = chain.blobs(version, sorted(paths))
        # The nearest anchor is nearly always the start, so its base alone is fetched; the others
        # are, only where it ended in a conflict and another one may do better.
        bases: dict[str, Mapping[str, bytes | None]] = {}
        result: Port | None = None
        for start in anchors:
            bases[start.name] = base_blobs(shop, start, chain)
            tried = port(patchset, version, bases, target, anchor=anchor or start.name)
            if result is None or (
                tried.state is not State.CONFLICT and tried.state is not State.SUPERSEDED
            ):
                result = tried
            if result.state is not State.CONFLICT:
                break
    assert result is not None
    return result


def base_blobs(shop: Workshop, anchor: Anchor, chain: Chain) -> Mapping[str, bytes | None]:
    """The anchor's pre-image as the sources have it; empty where none serves its base."""
    paths = paths_of(anchor.patch, anchor.name)
    for source in (chain, shop.chain()):
        try:
            return source.blobs(anchor.base, paths)
        except (UserError, InfraError):
            continue
    return {}


def write_port(result: Port, out: Path) -> Path:
    """Write DIR/VERSION.patch. Raises KernelError where there is nothing to write."""
    if not result.patch:
        raise KernelError(f"{result.version}: {result.state}: {result.why}")
    path = out / f"{result.version.tag}.patch"
    write_whole(path, result.patch)
    return path
