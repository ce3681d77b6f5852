"""Files of a kernel that may hold what upstream moved out of the files of a patch.

Asked for only where a port comes to a conflict because a file or a function is not there any more.
Two things make a file worth an offer: git finds that the patch's file became it; or it alone came
to define a function that the patch changes, and the patch's file alone went out of doing so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Anchor, PatchSet
from zpmaint.port.engine import Blobs, away, port
from zpmaint.port.outlines import language
from zpmaint.port.scopes import source
from zpmaint.port.terms import Offer, Terms
from zpmaint.port.values import Port, State
from zpmaint.sources.chain import Chain
from zpmaint.sources.git import GitSource

_MOST = 200
"""A name that more files speak of is everybody's."""


def port_following(
    patchset: PatchSet,
    version: KernelVersion,
    bases: Mapping[str, Blobs],
    target: Blobs,
    *,
    chain: Chain,
    terms: Terms,
    anchor: str | None = None,
) -> Port:
    """The engine's port; where it is a conflict for what upstream moved to other files, the port
    there. A clone that would have to fetch the whole kernel for it is not asked."""
    done = port(patchset, version, bases, target, anchor=anchor, terms=terms)
    served = chain.served_by(version)
    away_from_here = isinstance(served, GitSource) and not served.is_here
    if done.state is not State.CONFLICT or away_from_here:
        return done
    start = next(a for a in patchset.anchors if a.name == done.anchor)
    if not start.is_single:
        return done  # a patch of a series names files as those before it leave them
    offers: tuple[Offer, ...] = ()
    with suppress(UserError, InfraError):  # then there is nothing to offer, and the conflict stays
        offers = tuple(_offers(start, version, bases.get(start.name, {}), target, chain))
    if not offers:
        return done
    terms = replace(terms, offers=offers)
    return port(patchset, version, bases, target, anchor=anchor, terms=terms)


def _offers(
    start: Anchor, version: KernelVersion, base: Blobs, target: Blobs, chain: Chain
) -> Iterator[Offer]:
    left = away(start.patch, base, target)
    found: dict[str, str] = {}
    missing = [path for path in left if target.get(path) is None]
    renamed = _renamed(start.base, version, missing, chain)
    for new, alike in renamed.values():
        found[new] = f"upstream renamed the file, {alike}% alike"
    for path, names in left.items():
        for name in () if path in renamed else names:
            before = _definitions(chain, start.base, name, language(path))
            now = _definitions(chain, version, name, language(path))
            # Of two that went, or two that came, which became which is a guess.
            if before - now == {path} and len(came := now - before) == 1:
                why = f"it alone came to define {name} since {start.base}"
                found.setdefault(min(came), why)
    for path, data in chain.blobs(version, found).items():
        if data is not None:
            yield Offer(path, data, found[path])


def _renamed(
    base: KernelVersion, version: KernelVersion, missing: list[str], chain: Chain
) -> dict[str, tuple[str, int]]:
    gits = (source for source in chain.sources if isinstance(source, GitSource))
    git = next((git for git in gits if {base, version} <= set(git.versions())), None)
    return git.renamed(base, version, missing) if git and missing else {}


def _definitions(chain: Chain, version: KernelVersion, name: str, tongue: str) -> set[str]:
    """The files of a kernel that define `name`; none where too many speak of it."""
    speaking = [p for p in chain.speaking_of(version, name) if language(p) == tongue]
    if len(speaking) > _MOST:
        return set()
    # To read a file for its scopes takes long: most that speak of a name only use it.
    opening = re.compile(rb"^[^\s/*].*\b%s\b" % re.escape(name.encode()), re.MULTILINE)
    return {
        path
        for path, data in chain.blobs(version, speaking).items()
        if data is not None and opening.search(data) and name in _scopes(path, data)
    }


def _scopes(path: str, data: bytes) -> set[str]:
    return {scope.name for scope in source(data, language(path)).scopes}
