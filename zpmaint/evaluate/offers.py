# SPDX-License-Identifier: GPL-2.0-only
"""Files of a target that may hold what left a patch's own files, found in the trees of a pair.

The evidence is that of `zpmaint port` (zpmaint/app/move_candidates.py): a file alone came to define
a function that the patch's file alone went out of doing so; or, for a file that is gone, one of its
name came elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from zpmaint.evaluate.histories import History
from zpmaint.evaluate.tree_words import Tree
from zpmaint.port.outlines import language
from zpmaint.port.scopes import source

_MOST = 200
"""A name that more files speak of is everybody's."""

Definers = Mapping[str, frozenset[str]]
"""By function the files of a tree that define it."""


def definers(history: History, tree: Tree, path: str, names: Iterable[str]) -> Definers:
    """Which files of a tree, in the language of `path`, define these functions."""
    tongue = language(path)
    found: dict[str, frozenset[str]] = {}
    for name in names:
        speaking = [one for one in tree.speaking(name) if language(one) == tongue]
        if len(speaking) > _MOST:
            found[name] = frozenset()
            continue
        # To read a file for its scopes takes long: most that speak of a name only use it.
        opening = re.compile(rb"^[^\s/*].*\b%s\b" % re.escape(name.encode()), re.MULTILINE)
        contents = history.read(tree.files[one] for one in speaking)
        found[name] = frozenset(
            one
            for one, data in zip(speaking, contents, strict=True)
            if data is not None
            and opening.search(data)
            and any(scope.name == name for scope in source(data, tongue).scopes)
        )
    return found


def offered(path: str, before: Definers, now: Definers) -> dict[str, str]:
    """Of a file of a patch by path the files that may hold its functions, each with the reason."""
    found: dict[str, str] = {}
    for name, were in before.items():
        are = now.get(name, frozenset())
        # Of two that went, or two that came, which became which is a guess.
        if were - are == {path} and len(came := are - were) == 1:
            found.setdefault(min(came), f"it alone came to define {name}")
    return found


def namesakes(path: str, before: Iterable[str], now: Iterable[str]) -> dict[str, str]:
    """For a file that is gone the one file of its name that is elsewhere and was not before."""
    called = PurePosixPath(path).name
    came = {p for p in now if PurePosixPath(p).name == called} - set(before)
    return {min(came): f"it alone is called {called} now"} if len(came) == 1 else {}
