# SPDX-License-Identifier: GPL-2.0-only
"""The configuration that builds what a port touches: the profile, and the symbols that its objects
and the conditionals around its lines ask for, as far as kconfig grants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zpmaint.build import kconfig_tree, kconfigs
from zpmaint.build.change import FileChange
from zpmaint.build.conditions import SourceView
from zpmaint.build.kconfig_wants import wanted
from zpmaint.build.proof_make import Bench, Files, is_kconfig
from zpmaint.build.proof_plan import Plan, conditions
from zpmaint.core.errors import KernelError
from zpmaint.core.text import to_text
from zpmaint.port.proof import FileProof, Proof

_ROUNDS = 3  # of asking again without what kconfig refused
_CONDITIONAL = (".c", ".h", ".S", ".inc")


@dataclass(frozen=True)
class Choice:
    """What to set beyond the profile, and what cannot be had."""

    sets: Mapping[str, str]
    refused: Mapping[str, str]
    """By symbol why it stays off."""

    @property
    def words(self) -> str:
        """The symbols that are switched on, for people."""
        on = [f"CONFIG_{name}" for name, value in sorted(self.sets.items()) if value == "y"]
        return f" + {', '.join(on)}" if on else ""


def choose(
    bench: Bench,
    over: Files,
    plans: Sequence[Plan],
    changed: Sequence[FileChange],
    base: Mapping[str, str],
) -> Choice:
    """Which symbols have the objects of `plans` built, where the profile gives `base`."""
    view = SourceView(bench.shared.tree, over)

    def text(path: str) -> str | None:
        found = view.read(path)
        return None if found is None else to_text(found)

    asked = {plan.path for plan in plans if plan.done is None}
    wishes = [symbol for plan in plans for symbol in plan.symbols]
    for path in sorted(asked):
        if is_kconfig(path):
            old = kconfigs.declared(to_text(bench_stock(bench, path)))
            wishes += [s for s in kconfigs.declared(text(path) or "") if s not in old]
    for change in changed:
        if change.path in asked and change.path.endswith(_CONDITIONAL):
            wishes += conditions(change, text(change.path) or "")
    wishes = [symbol for symbol in dict.fromkeys(wishes) if symbol not in base]
    if not wishes:
        return Choice({}, {})
    arch = bench.shared.arch
    symbols = kconfig_tree.read(text, "x86" if view.has("arch/x86/Kconfig") else arch, arch)
    never: set[str] = set()
    for _ in range(_ROUNDS):
        found = wanted(wishes, symbols, base, never)
        refused = {**found.refused, **dict.fromkeys(never, "is refused by kconfig")}
        if not found.sets:
            return Choice({}, refused)
        try:
            got = bench.configure(over, found.sets).values
        except KernelError:
            break  # the port's own Kconfig is wrong, which is told of that file
        off = {s for s, value in found.sets.items() if value == "y" and s not in got}
        if not off:
            return Choice(found.sets, refused)
        never |= off
    sets = {name: value for name, value in found.sets.items() if name not in never}
    return Choice(sets, {**found.refused, **dict.fromkeys(never, "is refused by kconfig")})


def bench_stock(bench: Bench, path: str) -> bytes:
    """A file of the tree as it is; nothing where there is none."""
    return SourceView(bench.shared.tree).read(path) or b""


def without_unreachable(
    plans: Sequence[Plan], values: Mapping[str, str], refused: Mapping[str, str]
) -> tuple[Plan, ...]:
    """The plans, those whose symbols stay off settled: not compiled, and why."""
    return tuple(_settled(plan, values, refused) for plan in plans)


def _settled(plan: Plan, values: Mapping[str, str], refused: Mapping[str, str]) -> Plan:
    off = [name for name in plan.symbols if name not in values]
    if not off or plan.done is not None:
        return plan
    why = f"needs {', '.join(f'CONFIG_{name}' for name in off)}, off here"
    reasons = dict.fromkeys(f"{name} {refused[name]}" for name in off if name in refused)
    why += f": {'; '.join(reasons)}" if reasons else ""
    return replace(plan, objects=(), done=FileProof(plan.path, Proof.NOT, why))
