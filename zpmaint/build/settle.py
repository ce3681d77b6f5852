# SPDX-License-Identifier: GPL-2.0-only
"""A configuration in which what is asked for holds, as far as the kernel's kconfig grants it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from zpmaint.build import kconfig
from zpmaint.build.kconfig_tree import Symbols
from zpmaint.build.kconfig_wants import Ask, Wanted, wanted
from zpmaint.build.proof_make import Bench, Files
from zpmaint.build.setting import Setting
from zpmaint.core.wishes import Wish

_ROUNDS = 5  # of asking again without what kconfig refused
_REFUSED = "is refused by kconfig"


def settle(
    bench: Bench, over: Files, asks: Sequence[Ask], base: Mapping[str, str], tree: Symbols
) -> Wanted:
    """What to set beyond `base`, the configuration of the tree with `over`, so that each of `asks`
    holds. What the set's own fragments say, and what the profile requires, stays as it is. Leaves
    the tree configured in the last way that was tried. Raises KernelError where kconfig refuses
    the tree as a whole."""
    held = _held(bench.shared)
    known = frozenset(tree.entries)
    must = [w for w in bench.shared.wishes if w.required and not _broken([w], known, base)]
    found = wanted(asks, tree, base, held)
    for _ in range(_ROUNDS):
        if not found.sets:
            return found
        got = bench.configure(over, found.sets).values
        off = [name for name, value in found.sets.items() if (name in got) is (value == "n")]
        for name in off:
            held.setdefault(name, _REFUSED)
        if not off:
            broken = _broken([w for w in must if w.symbol not in found.sets], known, got)
            if not broken:
                return found
            for name in _guilty(broken, found, tree):
                why = f"would undo {broken[0].symbol}={broken[0].value}, required: {broken[0].why}"
                held[name] = why
        found = wanted(asks, tree, base, held)
    return found


def _held(shared: Setting) -> dict[str, str]:
    """By symbol who says what it is to be."""
    found: dict[str, str] = {}
    for wish in shared.profile.wishes_from(shared.data.configs):
        if wish.required:
            verb = "off" if wish.value == "n" else wish.value
            found[wish.symbol] = f"is {verb} in profile {shared.profile.name}: {wish.why}"
    for fragment in shared.fragments:
        for wish in fragment.wishes:
            verb = "switched off" if wish.value == "n" else f"set to {wish.value}"
            found[wish.symbol] = f"is {verb} by {fragment.name}"
    return found


def _broken(wishes: Iterable[Wish], known: frozenset[str], values: Mapping[str, str]) -> list[Wish]:
    text = "".join(f"CONFIG_{name}={value}\n" for name, value in values.items())
    return [one.wish for one in kconfig.refusals(wishes, known, text)]


def _guilty(broken: Sequence[Wish], found: Wanted, tree: Symbols) -> list[str]:
    """Those of what was set that are to blame: that select what is to be off, or else the last."""
    selectors = {by for wish in broken for by, _ in tree.selected_by.get(wish.symbol, ())}
    return [name for name in found.sets if name in selectors] or [*found.sets][-1:]
