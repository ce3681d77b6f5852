# SPDX-License-Identifier: GPL-2.0-only
"""A pair of kernels: its tree fetched, and what the patch set and the project say of a build."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from zpmaint.app.port import built_of
from zpmaint.app.session import Session
from zpmaint.build.derive import derive
from zpmaint.build.derived import NOTHING, Derived
from zpmaint.build.failure import BuildFailure
from zpmaint.build.options import BuildOptions
from zpmaint.build.pair import build as build_kernels
from zpmaint.build.values import Flavour, Pair
from zpmaint.build.worktree import fingerprint
from zpmaint.core.versions import KernelVersion
from zpmaint.core.wishes import Fragment
from zpmaint.patchset.values import PatchSet
from zpmaint.port.values import Port
from zpmaint.sources.added import added_later
from zpmaint.sources.chain import Chain


def build_pair(
    session: Session,
    patchset: PatchSet,
    version: KernelVersion,
    chain: Chain,
    port: Port | None,
    *,
    options: BuildOptions,
    flavours: tuple[Flavour, ...] = (Flavour.STOCK, Flavour.PATCHED),
    patches: int | None = None,
    on_failure: Callable[[BuildFailure], None] | None = None,
    anew: bool = False,
    with_places: bool = False,
) -> Pair:
    """The kernels of `version`: stock and, where the port has something to apply, patched; with
    `patches` by so many of its steps. `on_failure`, `anew` and `with_places` as `build.pair.build`
    has them."""
    patched: Mapping[str, bytes | None] | None = None
    if port and port.patch:
        patched = port.contents(patches)
    tree = chain.tree(version, keep=built_of(patchset.anchors, options.arch))
    later = added_later(tree)
    source_id = fingerprint(tree, later)
    derived = follow(session, patchset, version, tree, port, options=options, source_id=source_id)
    pair = build_kernels(
        version,
        tree,
        options,
        patched,
        work=_work(session),
        reporter=session.reporter,
        flavours=flavours,
        source_id=source_id,
        steps=port.steps[:patches] if port else (),
        fragments=fragments_of(patchset, version, options, derived),
        data=session.build_data,
        later=later,
        on_failure=on_failure,
        anew=anew,
        with_places=with_places,
    )
    if pair.evidence is None:
        return pair
    return replace(pair, evidence=replace(pair.evidence, derived=derived))


def follow(
    session: Session,
    patchset: PatchSet,
    version: KernelVersion,
    tree: Path,
    port: Port | None,
    *,
    options: BuildOptions,
    source_id: str,
    work: Path | None = None,
) -> Derived:
    """What of the configuration follows the patch: of the whole port, so that all states of a
    series have one configuration. Nothing where there is no patch, or the set wants none. `work`
    holds the work folders, those of pairs if not given."""
    if port is None or not port.patch or not patchset.config_follows:
        return NOTHING
    return derive(
        version,
        tree,
        options,
        port.steps,
        work=work or _work(session),
        source_id=source_id,
        reporter=session.reporter,
        fragments=patchset.fragments(version, options.arch),
        data=session.build_data,
        later=added_later(tree),
    )


def fragments_of(
    patchset: PatchSet, version: KernelVersion, options: BuildOptions, derived: Derived
) -> tuple[Fragment, ...]:
    """What a kernel is configured with on top of its profile."""
    own = patchset.fragments(version, options.arch)
    return (*own, derived.fragment) if derived.fragment else own


def _work(session: Session) -> Path:
    return session.places.cache / "work"
