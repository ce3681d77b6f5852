# SPDX-License-Identifier: GPL-2.0-only
"""The configuration that builds what a port touches: the profile, and the symbols that its objects
and the conditionals around its lines ask for, as far as kconfig grants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zpmaint.build import kconfig_tree
from zpmaint.build.change import FileChange
from zpmaint.build.change_asks import asks
from zpmaint.build.conditions import SourceView
from zpmaint.build.proof_make import Bench, Files
from zpmaint.build.proof_plan import Plan
from zpmaint.build.settle import settle
from zpmaint.core.errors import KernelError
from zpmaint.port.proof import FileProof, Proof


@dataclass(frozen=True)
class Choice:
    """What to set beyond the profile, and what cannot be had."""

    sets: Mapping[str, str]
    refused: Mapping[str, str]
    """By what was asked for why it cannot be had."""

    @property
    def words(self) -> str:
        """The symbols that are switched on, for people."""
        on = [f"CONFIG_{name}" for name, value in sorted(self.sets.items()) if value != "n"]
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
    wishes = asks(plans, changed, view.text, SourceView(bench.shared.tree).text)
    if all(ask.expr.holds(base) is not False for ask in wishes):
        return Choice({}, {})
    arch = bench.shared.arch
    tree = kconfig_tree.read(view.text, kconfig_tree.srcarch(view.has, arch), arch)
    try:
        found = settle(bench, over, wishes, base, tree)
    except KernelError:
        return Choice({}, {})  # the port's own Kconfig is wrong, which is told of that file
    return Choice(found.sets, found.refused)


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
