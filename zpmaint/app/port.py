"""Porting with its inputs fetched; a written patch lands whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from zpmaint.app.adoption import witnessed
from zpmaint.app.move_candidates import port_following
from zpmaint.app.session import Session
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.files import write_whole
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Anchor, PatchSet
from zpmaint.port.engine import candidates, paths
from zpmaint.port.terms import Terms
from zpmaint.port.values import Port
from zpmaint.sources.chain import Chain
from zpmaint.sources.git import GitSource


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
    wanted = touched(starts)
    with session.reporter.step(f"port {patchset.name} onto {version}"):
        target = chain.blobs(version, wanted)
        bases = {
            start.name: target if start.base == version else base_blobs(session, start, chain)
            for start in starts
        }
        terms = terms_of(session, chain, version, starts[0].base if starts else None)
        result = port_following(
            patchset, version, bases, target, chain=chain, terms=terms, anchor=anchor
        )
        seen = witnessed(patchset, result, chain)
        return replace(result, why=f"{result.why}; {seen}") if seen else result


def terms_of(
    session: Session, chain: Chain, version: KernelVersion, base: KernelVersion | None
) -> Terms:
    """What the sources know of the names in the trees of a kernel and of a patch's base. A base
    that none serves tells nothing: then no name counts as taken away."""

    def exists(name: str) -> bool:
        return chain.speaks_of(version, name)

    def was(name: str) -> bool:
        with suppress(UserError, InfraError):
            return base is not None and chain.speaks_of(base, name)
        with suppress(UserError, InfraError):
            return base is not None and session.chain().speaks_of(base, name)
        return False

    def gone(name: str) -> bool:
        return not exists(name) and was(name)

    return Terms(exists=exists, gone=gone)


def compared(chain: Chain, version: KernelVersion, base: KernelVersion) -> Terms | None:
    """What `terms_of` tells, by comparing the two kernels' trees once: for many names the quicker
    way by far. None where no one git repository on this disk has both."""
    here = (source for source in chain.sources if isinstance(source, GitSource) and source.is_here)
    git = next((source for source in here if {version, base} <= set(source.versions())), None)
    if git is None or chain.served_by(version) not in (git, None):
        return None
    lost: list[frozenset[str]] = []  # not compared before a name is asked for

    def gone(name: str) -> bool:
        if not lost:
            lost.append(git.lost(base, version))
        return name in lost[0] and not chain.speaks_of(version, name)

    return Terms(exists=partial(chain.speaks_of, version), gone=gone)


def starting(patchset: PatchSet, version: KernelVersion) -> list[Anchor]:
    """The anchors whose era holds `version`; the nearest one where none does."""
    nearest = candidates(patchset, version)
    return [a for a in nearest if version in a.era] or nearest[:1]


def touched(anchors: Iterable[Anchor]) -> list[str]:
    """Every path that any of the anchors touches."""
    return sorted({path for a in anchors for path in paths(a.patch)})


def base_blobs(session: Session, anchor: Anchor, chain: Chain) -> Mapping[str, bytes | None]:
    """The anchor's pre-image as the sources have it; empty where none serves its base."""
    wanted = paths(anchor.patch)
    with suppress(UserError, InfraError):
        return chain.blobs(anchor.base, wanted)
    # Opened only where those that were asked for do not have it.
    with suppress(UserError, InfraError):
        return session.chain().blobs(anchor.base, wanted)
    return {}


def write_port(result: Port, out: Path) -> Path:
    """Write DIR/vVERSION.patch."""
    path = out / f"{result.version.tag}.patch"
    write_whole(path, result.patch)
    return path
