# SPDX-License-Identifier: GPL-2.0-only
"""Calls have as many arguments as the function takes, and their strings where it has them.

A definition, a prototype or a macro of the file tells; where there is none, the file's own calls
of both kernels do: what all of them agreed on before, and agree on otherwise now.
"""

from __future__ import annotations

from zpmaint.port.calls import Uses, uses
from zpmaint.port.checks.brought import Brought
from zpmaint.port.scopes import Source


def check(own: Brought, result: Source) -> list[str]:
    """What is wrong with the calls in a placement's lines, and with those of what it redefines."""
    found = []
    for name, told in dict.fromkeys(own.calls):
        base = own.job.base
        was = uses(base, name) if base is not None else Uses()
        reason = _refused(name, told, was, uses(own.job.target, name), uses(result, name))
        if reason := reason or _elsewhere(own, name, len(told)):
            found.append(reason)
    return [*dict.fromkeys(found), *_left_behind(own, result)]


def _refused(name: str, told: tuple[str, ...], was: Uses, now: Uses, done: Uses) -> str:
    count = len(told)
    if done.takes:
        # What did not fit in the patch's own base is written in a way that is not seen through.
        known = not was.takes or was.fits(count)
        return "" if done.fits(count) or not known else _said(name, _taken(done), count)
    if was.takes or now.takes:
        return ""
    if was.counts == {count} and now.counts and count not in now.counts:
        return _said(name, " or ".join(map(str, sorted(now.counts))), count)
    before, after = _strings(was), _strings(now)
    mine = _string(told)
    agreed = len(before) == len(after) == 1 and before != after and len(now.calls) > 1
    if agreed and mine in before and was.counts & {count}:
        return (
            f"{name}() has its string as argument {after.pop() + 1} in the target, and the patch "
            f"as {mine + 1}"
        )
    return ""


def _elsewhere(own: Brought, name: str, count: int) -> str:
    """What another file that the patch touches says of a function: its header, say."""
    if name in own.job.terms.brings:
        return ""
    for one in own.job.terms.beside:
        was, now = uses(one.base, name), uses(one.target, name)
        if was.fits(count) and now.takes and not now.fits(count):
            return _said(name, _taken(now), count)
    return ""


def _said(name: str, takes: str, count: int) -> str:
    return f"{name}() takes {takes} argument(s) in the target, and the patch gives {count}"


def _taken(told: Uses) -> str:
    return " or ".join(f"{n} or more" if more else str(n) for n, more in told.takes)


def _strings(told: Uses) -> set[int]:
    """Where the first string stands in calls that have one."""
    return {n for call in told.calls if (n := _string(call)) >= 0}


def _string(call: tuple[str, ...]) -> int:
    return next((n for n, told in enumerate(call) if told.endswith('"')), -1)


def _left_behind(own: Brought, result: Source) -> list[str]:
    """Calls that stay as they are, of a function to which the patch gives other parameters."""
    job = own.job
    found = []
    for scope in job.target.scopes:
        if scope.kind not in ("function", "macro") or not _is_touched(own, scope.name):
            continue
        now, done = uses(job.target, scope.name), uses(result, scope.name)
        if not now.takes or not done.takes or now.takes == done.takes:
            continue
        after = uses(job.after, scope.name).calls if job.after is not None else ()
        own_misfits = {len(call) for call in after if not done.fits(len(call))}
        left = {len(call) for call in done.calls if not done.fits(len(call))} - own_misfits
        if left:
            counts = " or ".join(map(str, sorted(left)))
            found.append(
                f"{scope.name}() would take {_taken(done)} argument(s), and the target has calls "
                f"with {counts}"
            )
    return found


def _is_touched(own: Brought, name: str) -> bool:
    return any(f"{name}(" in line for line in own.fresh)
