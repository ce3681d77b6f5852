# SPDX-License-Identifier: GPL-2.0-only
"""Whether a git history bears out that upstream adopted a change: a declared commit is in the
kernel's history and not in that of the kernel the patch was cut against."""

from __future__ import annotations

from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import PatchSet
from zpmaint.port.values import Port, State
from zpmaint.sources.chain import Chain
from zpmaint.sources.source import HasHistory


def witnessed(patchset: PatchSet, result: Port, chain: Chain) -> str:
    """What history says of the commits that a port's UPSTREAM state was declared with, in one
    line; '' where none was declared. Asks the source that served the kernel, and no other."""
    adoption = next((a for a in patchset.adoptions if result.version in a.era), None)
    if result.state is not State.UPSTREAM or adoption is None:
        return ""
    base = next(a.base for a in patchset.anchors if a.name == result.anchor)
    git = chain.served_by(result.version)
    if not isinstance(git, HasHistory):
        return "no git history at hand to look for the commit in"
    return "; ".join(_told(git, sha, base, result.version) for sha in adoption.commits)


def _told(git: HasHistory, sha: str, base: KernelVersion, target: KernelVersion) -> str:
    commit = git.commit(sha)
    if commit is None:
        return f"{sha[:12]} is no commit of {git.name}"
    named = f'{commit.short} ("{commit.subject}", {commit.date})'
    if not git.holds(target, sha):
        return f"but {named} is not in the history of {target.tag}"
    if base not in git.versions():
        return f"{named} is in the history of {target.tag}; {base.tag} is not there to compare"
    if git.holds(base, sha):
        return f"but {named} is in the history of {base.tag} already"
    return f"{named} is in the history of {target.tag} and not of {base.tag}"
