# SPDX-License-Identifier: GPL-2.0-only
"""Which files of a kernel may hold what upstream moved out of a file that a patch changes.

Two things make a file worth an offer: it has the name of the one that is gone, most of its lines,
and the patch's kernel had no such file; or it alone came to define a function that the patch
changes, and the patch's file alone went out of doing so.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from zpmaint.port.outlines import language
from zpmaint.port.scopes import source
from zpmaint.port.successor import alike, said
from zpmaint.port.terms import Offer

_MOST = 200
"""A name that more files speak of is everybody's."""
_ALIKE = 0.5
"""The share of lines that a file and what it became have in common, as git has it for renames."""


class Tree(Protocol):
    """A kernel's files, as a source of kernels has them."""

    def blobs(self, paths: Iterable[str]) -> Mapping[str, bytes | None]:
        """The contents of some files, None for one that is not there."""

    def speaking_of(self, name: str) -> Sequence[str] | None:
        """The files that have `name` as a whole word, by path; None for everybody's."""

    def files_called(self, name: str) -> Sequence[str]:
        """The files whose last part of the path is `name`, by path."""


def offers(path: str, names: Iterable[str], base: Tree, target: Tree) -> Iterator[Offer]:
    """The files worth an offer for `names`, the functions of `path` that the target does not have
    there; for the whole file, where it does not have that either."""
    found: dict[str, str] = {}
    was, now = base.blobs([path]).get(path), target.blobs([path]).get(path)
    if was is not None and now is None:
        found.update(_of_its_name(path, was, base, target))
    for name in names if not found else ():
        before = _definitions(base, name, language(path))
        after = _definitions(target, name, language(path))
        # Of two that went, or two that came, which became which is a guess.
        if before - after == {path} and len(came := after - before) == 1:
            found.setdefault(min(came), f"it alone came to define {name}")
    for other, data in target.blobs(found).items():
        if data is not None:
            yield Offer(other, data, found[other])


def _of_its_name(path: str, was: bytes, base: Tree, target: Tree) -> dict[str, str]:
    """The file of the same name that the target alone has, where it is most of `path`."""
    name = posixpath.basename(path)
    came = set(target.files_called(name)) - set(base.files_called(name))
    lines = said(source(was).lines)
    shares = {
        other: alike(lines, said(source(data).lines))
        for other, data in target.blobs(came).items()
        if data is not None
    }
    near = {other: share for other, share in shares.items() if share >= _ALIKE}
    if len(near) != 1:
        return {}
    other, share = next(iter(near.items()))
    return {other: f"it has the file's name and {share:.0%} of its lines"}


def _definitions(tree: Tree, name: str, tongue: str) -> set[str]:
    """The files of a kernel that define `name`; none where too many speak of it."""
    speaking = tree.speaking_of(name)
    if speaking is None:
        return set()
    speaking = [path for path in speaking if language(path) == tongue]
    if len(speaking) > _MOST:
        return set()
    # To read a file for its scopes takes long: most that speak of a name only use it.
    opening = re.compile(rb"^[^\s/*].*\b%s\b" % re.escape(name.encode()), re.MULTILINE)
    return {
        path
        for path, data in tree.blobs(speaking).items()
        if data is not None and opening.search(data) and name in _scopes(path, data)
    }


def _scopes(path: str, data: bytes) -> set[str]:
    return {scope.name for scope in source(data, language(path)).scopes}
