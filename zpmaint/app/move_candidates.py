# SPDX-License-Identifier: GPL-2.0-only
"""Files of a kernel that may hold what upstream moved out of the files of a patch.

Asked for only where a port comes to a conflict because a file or a function is not there any more.
Two things make a file worth an offer: git finds that the patch's file became it; or it alone came
to define a function that the patch changes, and the patch's file alone went out of doing so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Anchor
from zpmaint.port.file_moves import away
from zpmaint.port.outlines import language
from zpmaint.port.parsed import Blobs
from zpmaint.port.scopes import source
from zpmaint.port.terms import Offer
from zpmaint.sources.chain import Chain
from zpmaint.sources.source import HasHistory

_MOST = 200
"""A name that more files speak of is everybody's."""


def candidates(
    start: Anchor, version: KernelVersion, base: Blobs, target: Blobs, chain: Chain
) -> Iterator[Offer]:
    """The files worth an offer. None from a clone that would have to fetch the whole kernel for
    it, and none for a series. May raise UserError or InfraError where a source fails."""
    if not start.is_single:
        return  # a patch of a series names files as those before it leave them
    served = chain.served_by(version)
    if isinstance(served, HasHistory) and not served.is_here:
        return
    left = away(start.patch, base, target)
    found: dict[str, str] = {}
    missing = [path for path in left if target.get(path) is None]
    git = chain.history_of(start.base, version) if missing else None
    renamed = git.renamed(start.base, version, missing) if git else {}
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


def _definitions(chain: Chain, version: KernelVersion, name: str, tongue: str) -> set[str]:
    """The files of a kernel that define `name`; none where too many speak of it."""
    speaking = chain.speaking_of(version, name)
    if speaking is None:
        return set()
    speaking = [path for path in speaking if language(path) == tongue]
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
