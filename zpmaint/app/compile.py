# SPDX-License-Identifier: GPL-2.0-only
"""Compiling what a port touches: when it is done, with what, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from zpmaint.app.series import SeriesPort
from zpmaint.app.session import Session
from zpmaint.build.options import BuildOptions
from zpmaint.build.prove import prove
from zpmaint.core import arches
from zpmaint.core.errors import InfraError, KernelError, UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.core.wishes import Fragment
from zpmaint.patchset.values import PatchSet
from zpmaint.port.proof import CompileProof, not_compiled
from zpmaint.port.proven import proven, refused_members, with_proof
from zpmaint.port.values import MemberPort, Port, PortStep, steps_of
from zpmaint.sources.added import added_later
from zpmaint.sources.chain import Chain

Again = Callable[[Mapping[str, MemberPort]], SeriesPort]
"""Port the series anew without these patches, which are as they are given."""


def compiled_port(
    session: Session,
    patchset: PatchSet,
    chain: Chain,
    port: Port,
    *,
    asked: bool | None,
    arch: str = BuildOptions().arch,
) -> Port:
    """`port` with what the compiler of `arch` says of it. `asked`: None compiles where the kernel's
    tree is at hand, and takes trouble with that as a note."""
    if not port.patch or not _wanted(session, chain, port.version, asked):
        return port
    proof = _proof(
        session,
        chain,
        port.version,
        port.steps,
        asked=asked,
        only=None if asked or not port.members else _carried(port.members),
        arch=arch,
        fragments=patchset.fragments(port.version, arch),
    )
    return proven(port, proof, patchset.min_confidence) if proof else port


def compiled_series(
    session: Session,
    chain: Chain,
    result: SeriesPort,
    again: Again,
    *,
    asked: bool | None,
    min_confidence: float = 0.0,
    arch: str = BuildOptions().arch,
) -> SeriesPort:
    """A ported series with what the compiler of `arch` says of it. The state after all patches is
    compiled, and each line of the compiler blamed on the patch that brought it: that one is a
    conflict, and the series is carried on without it, until what is left compiles. Without being
    `asked`, the files of the patches that were carried are compiled and no others."""
    refused: dict[str, MemberPort] = {}
    while steps := steps_of(result.ports):
        only = None if asked else _carried(result.ports)
        if only is not None and not only:
            break
        if not _wanted(session, chain, result.version, asked):
            break
        proof = _proof(session, chain, result.version, steps, asked=asked, only=only, arch=arch)
        if proof is None:
            break
        bad = refused_members(result.ports, proof, min_confidence)
        if not bad:
            ports = tuple(
                with_proof(port, proof) if port.goes_in else port for port in result.ports
            )
            return replace(result, ports=ports, compiled=proof)
        refused |= bad
        result = again(refused)
    return result


def _carried(members: Sequence[MemberPort]) -> frozenset[str]:
    """The files of the patches that did not apply as they are."""
    return frozenset(
        file.path
        for member in members
        if member.goes_in
        for file in member.files
        if any(not (h.placed.is_literal or h.placed.is_dropped) for h in file.hunks)
    )


def _wanted(session: Session, chain: Chain, version: KernelVersion, asked: bool | None) -> bool:
    if asked is not None:
        return asked
    if chain.is_unpacked(version):
        return True
    with session.reporter.step(f"compile the port onto {version}") as step:
        step.note("not compiled: no unpacked tree of it is at hand; --compile has one made")
    return False


def _proof(
    session: Session,
    chain: Chain,
    version: KernelVersion,
    steps: Sequence[PortStep],
    *,
    asked: bool | None,
    only: Collection[str] | None,
    arch: str,
    fragments: Sequence[Fragment] = (),
) -> CompileProof | None:
    """None where it was not asked for, and the surroundings keep it from being done."""
    paths = sorted({path for step in steps for path in step.result if only is None or path in only})
    cache = session.places.cache
    try:
        tree = chain.tree(version, keep=[*paths, *arches.named(arch).unpack])
        return prove(
            version,
            tree,
            BuildOptions(arch),
            steps,
            work=cache / "proof",
            built=cache / "work",
            logs=cache / "work" / "logs",
            reporter=session.reporter,
            only=only,
            fragments=fragments,
            data=session.build_data,
            later=added_later(tree),
        )
    except KernelError as error:
        # Stock itself: nothing is known of the port then, and it is not to blame.
        return not_compiled(dict.fromkeys(paths, error.what))
    except (InfraError, UserError) as error:
        if asked:
            raise
        with session.reporter.step(f"compile the port onto {version}") as step:
            step.note(f"not compiled: {error}")
        return None
