# SPDX-License-Identifier: GPL-2.0-only
"""What a change asks of the configuration so that all of it is compiled. Pure: texts in.

Asked are: the symbols of the Makefile lines that build the touched sources, the symbols whose
Kconfig entries the change brings or alters, those of the Makefile lines that it touches, and those
of the conditionals around its lines of code. What evidence.py says of the finished build is what
is asked for here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from zpmaint.build import arm_exprs, build_files, clines, kconfigs, makefiles
from zpmaint.build.change import ChangedLine, FileChange
from zpmaint.build.hunk_evidence import same
from zpmaint.build.kconfig_wants import Ask, symbol
from zpmaint.build.makefiles import Text
from zpmaint.build.proof_plan import Plan

_C = (".c", ".h", ".S", ".inc")


def asks(
    plans: Sequence[Plan], changed: Sequence[FileChange], new: Text, old: Text
) -> tuple[Ask, ...]:
    """What the files of `plans` ask for, `new` reading the tree with the change and `old` without.
    Each is asked for once, and those that have whole files built come first."""
    files = {plan.path for plan in plans if plan.done is None}
    seen: dict[object, Ask] = {}
    for ask in _all(plans, [one for one in changed if one.path in files], new, old):
        seen.setdefault(ask.expr, ask)
    return tuple(seen.values())


def _all(
    plans: Sequence[Plan], changed: Sequence[FileChange], new: Text, old: Text
) -> Iterator[Ask]:
    for plan in plans:
        if plan.done is None:
            yield from _for(plan.symbols, plan.path)
    for change in changed:
        if build_files.is_kconfig(change.path):
            yield from _kconfig(change, new, old)
        elif build_files.is_makefile(change.path):
            yield from _makefile(change, new)
    for plan in plans:
        if plan.through:
            yield from _included(plan, new)
    for change in changed:
        if change.path.endswith(_C):
            yield from _conditionals(change, new, old)


def _for(names: Iterable[str], why: str) -> Iterator[Ask]:
    for name in names:
        yield Ask(symbol(name), why)


def _kconfig(change: FileChange, new: Text, old: Text) -> Iterator[Ask]:
    """The symbols whose entries change; those that only a later patch brings back are there."""
    lines = kconfigs.lines(new(change.path) or "")
    before = set(kconfigs.declared(old(change.stock_path) or ""))
    for hunk in change.hunks:
        for line in hunk.added:
            number = line.number or 0
            if 0 < number <= len(lines) and (name := lines[number - 1].symbol):
                what = "its entry in" if name in before else "new in"
                yield Ask(symbol(name), f"{what} {change.path}")


def _makefile(change: FileChange, new: Text) -> Iterator[Ask]:
    rows = [*makefiles.rows(new(change.path) or "")]
    folder = change.path.rpartition("/")[0] or "."
    for hunk in change.hunks:
        for name, row in build_files.targets(hunk.added, rows, folder).items():
            above = build_files.above(name, new)
            yield from _for(dict.fromkeys((*above, *row.symbols)), change.path)


def _included(plan: Plan, new: Text) -> Iterator[Ask]:
    """What has to hold for the `#include` by which a file gets into an object."""
    text = new(plan.through)
    if text is None:
        return
    source = clines.read(text)
    name = f"/{plan.path.rpartition('/')[2]}"
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("#") and "include" in line:
            quoted = line.replace('"', "/").replace("<", "/").replace(">", "/")
            if f"{name}/" in quoted:
                yield Ask(
                    arm_exprs.line_expr(source, number), f"{plan.through}:{number} includes it"
                )
                return


def _conditionals(change: FileChange, new: Text, old: Text) -> Iterator[Ask]:
    gone = {same(line.text) for hunk in change.hunks for line in hunk.removed}
    gone |= {same(line.text) for hunk in change.hunks for line in hunk.kept}
    # Code of stock that stands in an arm of its own now is no new code.
    added = [line for hunk in change.hunks for line in hunk.added]
    yield from _lines(added, clines.read(new(change.path) or ""), change.path, gone)
    removed = [line for hunk in change.hunks for line in hunk.removed]
    stock = clines.read(old(change.stock_path) or "")
    yield from _lines(removed, stock, change.stock_path, ())
    for hunk in change.hunks:
        texts = [*(a.text for a in hunk.added), *(k.text for k in hunk.kept)]
        for text in texts:
            yield from _for(arm_exprs.enabled_in(text), f"IS_ENABLED() in {change.path}")


def _lines(
    lines: Iterable[ChangedLine], source: clines.Source, path: str, ignored: Iterable[str]
) -> Iterator[Ask]:
    arms: set[int] = set()
    left_out = frozenset(ignored)
    for line in lines:
        if line.number is None:
            continue
        found = source.line(line.number)
        if found.kind not in (clines.Kind.CODE, clines.Kind.CONDITIONAL) or found.arm in arms:
            continue
        if found.kind is clines.Kind.CODE and same(line.text) in left_out:
            continue
        if found.kind is clines.Kind.CONDITIONAL and source.arms[found.arm].opener == "#else":
            continue  # what it holds may be the code as it was
        arms.add(found.arm)
        chain = source.chain(found.arm)
        if chain:
            label = source.arms[chain[-1]].label
            expr = arm_exprs.line_expr(source, line.number)
            yield Ask(expr, f"{path}:{line.number} under {label}")
