"""What must hold of a port before it may be called one. Each check gives a reason or ''."""

from __future__ import annotations

import re
from collections import Counter

from zpmaint.patchset.patch import to_bytes
from zpmaint.port import intent
from zpmaint.port.hunks import Change
from zpmaint.port.placement import Job, Placement
from zpmaint.port.scopes import Scope, Source, errors, locals_of
from zpmaint.port.text import ending, join
from zpmaint.port.tokens import code, identifiers

_PAIRS = ("{", "}", "(", ")", "[", "]")
_CONDITIONAL = re.compile(r"\s*#\s*(if|ifdef|ifndef|else|elif|endif)\b")
_GOTO = re.compile(r"\bgoto\s+([A-Za-z_]\w*)\s*;")
_LABEL = re.compile(r"^\s*([A-Za-z_]\w*)\s*:(?!:)", re.MULTILINE)
_C_SUFFIXES = (".c", ".h", ".S", ".cc", ".cpp")


def of_hunk(path: str, job: Job, placement: Placement) -> list[str]:
    """What is wrong with one hunk's placement, seen by itself; empty if nothing is."""
    change = job.change
    old = job.target.lines[placement.start : placement.end]
    new = list(placement.lines)
    found = [_conditionals(change, old, new), _line_ends(change, job.target, new)]
    if path.endswith(_C_SUFFIXES):
        found += [_brackets(change, old, new), _names(job, old, new)]
    found.append(_twice(job.target, placement))
    share = intent.share(change, old, new)
    if share < intent.ENOUGH:
        found.append(
            f"only {share:.0%} of what the hunk is for would be done: the target has the rest "
            "already, or upstream rewrote it"
        )
    return [reason for reason in found if reason]


def of_scope(path: str, job: Job, placement: Placement, result: Source) -> list[str]:
    """What is wrong with the scopes a hunk went to, once all hunks are in."""
    if not path.endswith(_C_SUFFIXES):
        return []
    inside = range(placement.start, max(placement.end, placement.start + 1))
    found = []
    for scope in job.target.scopes:
        if scope.start >= inside.stop or scope.end <= inside.start:
            continue
        literal = placement.placed in ("exact", "offset")
        if literal and not (placement.start <= scope.start and scope.end <= placement.end):
            continue  # what the anchor's author has seen as it is
        twins = result.same_scope(scope)
        if not twins and scope.name in result.names and not _seen_used(job, scope):
            found.append(f"{scope.name} would go, and the target still uses it")
        elif twins and not literal:
            found += _scope(job, scope, result)
    return found


def _seen_used(job: Job, scope: Scope) -> bool:
    """Whether the file of a deleted scope speaks of it no more often than the anchor's base did:
    what still uses the name then, the anchor's author has seen."""
    if job.base is None:
        return False
    word = re.compile(rf"\b{re.escape(scope.name)}\b")
    base, target = (len(word.findall("".join(s.lines))) for s in (job.base, job.target))
    return target <= base


def _line_ends(change: Change, target: Source, new: list[str]) -> str:
    """A file that ends its lines with CRLF gets no LF, and the other way round, unless the patch
    knows the file as it is and wants just that."""
    known = target.line_ends | {""}
    foreign = set(map(ending, new)) - known if known != {""} else set()
    seen = set(map(ending, change.post))
    if not foreign or (foreign <= seen and known.issuperset(map(ending, change.pre))):
        return ""
    return "the patch and the target end their lines differently"


def _twice(target: Source, placement: Placement) -> str:
    """Lines that a merge adds do not stand right there already: then upstream has added them, and
    the merge took them for others."""
    new, at = list(placement.lines), placement.start
    if (
        placement.placed in ("exact", "offset")
        or placement.end > at
        or not any(map(str.strip, new))
    ):
        return ""
    beside = (target.lines[max(0, at - len(new)) : at], target.lines[at : at + len(new)])
    return "the target has the lines right there already" if new in beside else ""


def _balance(lines: list[str]) -> Counter[str]:
    return Counter(token for token in code("".join(lines)) if token in _PAIRS)


def _brackets(change: Change, old: list[str], new: list[str]) -> str:
    """The port opens and closes as many brackets as the anchor's hunk does."""
    pre, post = _balance(change.pre), _balance(change.post)
    before, after = _balance(old), _balance(new)
    for opening, closing in zip(_PAIRS[::2], _PAIRS[1::2], strict=True):
        wanted = (post[opening] - post[closing]) - (pre[opening] - pre[closing])
        made = (after[opening] - after[closing]) - (before[opening] - before[closing])
        if wanted != made:
            return f"the brackets {opening}{closing} would be out of balance"
    return ""


def _depth(lines: list[str]) -> tuple[int, int]:
    words = [found[1] for line in lines if (found := _CONDITIONAL.match(line))]
    opened = sum(word in ("if", "ifdef", "ifndef") for word in words)
    return opened - words.count("endif"), words.count("else") + words.count("elif")


def _conditionals(change: Change, old: list[str], new: list[str]) -> str:
    """The port opens and closes as many #if as the anchor's hunk does."""
    wanted = _depth(change.post)[0] - _depth(change.pre)[0]
    return "" if _depth(new)[0] - _depth(old)[0] == wanted else "#if and #endif would not match"


def _names(job: Job, old: list[str], new: list[str]) -> str:
    """No line that the port adds speaks of a name that upstream has removed since."""
    if job.base is None:
        return ""
    brought = identifiers("".join(new)) - identifiers("".join(old))
    if not brought:
        return ""  # the common case, and the files need not be read for names
    # To read all of a file's names takes long; most of what is new to a line is none of them.
    text = "".join(job.base.lines)
    known = [n for n in brought if n in text]
    dead = sorted(n for n in known if n in job.base.names and n not in job.target.names)
    return f"the target no longer has {', '.join(dead)}" if dead else ""


def _scope(job: Job, scope: Scope, result: Source) -> list[str]:
    """The touched scope parses, its gotos have their labels and its variables are declared."""
    twin = next((s for s in result.same_scope(scope)), None)
    if twin is None:
        return [f"{scope.name} would no longer be found in the result"]
    known = "".join(job.target.lines[scope.start : scope.end])
    text = "".join(result.lines[twin.start : twin.end])
    before, after = to_bytes(known), to_bytes(text)
    found = []
    if errors(after) > errors(before):
        found.append(f"{scope.name} would no longer parse")
    if lost := _dangling(text) - _dangling(known):
        found.append(f"goto without its label: {', '.join(sorted(lost))}")
    if idle := _idle(text) - _idle(known):
        found.append(f"label without a goto: {', '.join(sorted(idle))}")
    declared = set(locals_of(before))
    if job.base is not None and job.home is not None:
        declared |= locals_of(join(job.base.lines[job.home.start : job.home.end])) & (
            identifiers(text) - identifiers(known)
        )
    if undeclared := (declared - locals_of(after)) & identifiers(text):
        found.append(f"{scope.name} would use {', '.join(sorted(undeclared))} undeclared")
    return found


def _dangling(text: str) -> set[str]:
    return set(_GOTO.findall(text)) - set(_LABEL.findall(text))


def _idle(text: str) -> set[str]:
    return set(_LABEL.findall(text)) - set(_GOTO.findall(text)) - {"default"}
