"""Porting with its inputs fetched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from zpmaint.app.adoption import witnessed
from zpmaint.app.move_candidates import port_following
from zpmaint.app.session import Session
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Anchor, PatchSet
from zpmaint.port.engine import candidates, touched_by
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
        terms = _terms(session, chain, version, starts)
        result = port_following(
            patchset, version, bases, target, chain=chain, terms=terms, anchor=anchor
        )
        seen = witnessed(patchset, result, chain)
        return replace(result, why=f"{result.why}; {seen}") if seen else result


def _terms(
    session: Session, chain: Chain, version: KernelVersion, starts: Sequence[Anchor]
) -> Terms:
    start = starts[0] if starts else None
    if start is not None and not start.is_single:  # brings many names: all at once, if it can be
        told = compared(chain, version, start.base)
        if told is not None:
            return told
    return terms_of(session, chain, version, start.base if start else None)


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
    return sorted({path for a in anchors for path in touched_by(a)})


def base_blobs(session: Session, anchor: Anchor, chain: Chain) -> Mapping[str, bytes | None]:
    """The anchor's pre-image as the sources have it; empty where none serves its base."""
    wanted = touched_by(anchor)
    with suppress(UserError, InfraError):
        return chain.blobs(anchor.base, wanted)
    # Opened only where those that were asked for do not have it.
    with suppress(UserError, InfraError):
        return session.chain().blobs(anchor.base, wanted)
    return {}
