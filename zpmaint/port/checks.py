# SPDX-License-Identifier: GPL-2.0-only
"""What must hold of a port before it may be called one. Each check gives a reason or ''."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from zpmaint.core.text import to_bytes
from zpmaint.merge.lines import ending, join, squeezed
from zpmaint.merge.tokens import KEYWORDS, code, identifiers
from zpmaint.port import duplicates, intent
from zpmaint.port.everywhere import EVERYWHERE
from zpmaint.port.follow import replaced
from zpmaint.port.hunks import Change, counted
from zpmaint.port.placement import Job, Miss, Placement
from zpmaint.port.scopes import Scope, Source, errors, late_declarations, locals_of
from zpmaint.port.threeway_input import sides

_PAIRS = ("{", "}", "(", ")", "[", "]")
_CONDITIONAL = re.compile(r"\s*#\s*(if|ifdef|ifndef|else|elif|endif)\b")
_PREPROCESSED = frozenset({"c", "assembler", "devicetree", "preprocessed"})
_GOTO = re.compile(r"\bgoto\s+([A-Za-z_]\w*)\s*;")
_LABEL = re.compile(r"^\s*([A-Za-z_]\w*)\s*:(?!:)", re.MULTILINE)


def of_hunk(job: Job, placement: Placement) -> list[str]:
    """What is wrong with one hunk's placement, seen by itself; empty if nothing is."""
    change = job.change
    old = job.target.lines[placement.start : placement.end]
    new = list(placement.lines)
    found = [_line_ends(change, job.target, new)]
    if job.target.language in _PREPROCESSED:
        found.append(_conditionals(change, old, new))
    if job.target.language in _NAMED:
        found.append(_names(job, old, new))
    if job.target.language == "c":
        found.append(_brackets(change, old, new))
        found.append(_rivals(job, placement))
    found.append(duplicates.beside(job, placement))
    found.append(duplicates.named(job, placement))
    share = intent.share(change, old, new, *_settled(job))
    if share < intent.ENOUGH:
        found.append(
            f"only {share:.0%} of what the hunk is for would be done: the target has the rest "
            "already, or upstream rewrote it"
        )
    return [reason for reason in found if reason]


def of_scope(job: Job, placement: Placement, result: Source) -> list[str]:
    """What is wrong with the scopes a hunk went to, once all hunks are in."""
    if job.target.language != "c":
        return []
    inside = range(placement.start, max(placement.end, placement.start + 1))
    found = []
    for scope in job.target.scopes:
        if scope.start >= inside.stop or scope.end <= inside.start:
            continue
        literal = placement.placed.is_literal
        if literal and not (placement.start <= scope.start and scope.end <= placement.end):
            continue  # what the anchor's author has seen as it is
        twins = result.same_scope(scope)
        if not twins and scope.name in result.names and _new_users(job, scope.name, result):
            found.append(f"{scope.name} would go, and the target still uses it")
        elif not twins and not literal and _opened_up(job, scope):
            found.append(f"{scope.name} would go, and is no longer static: others may call it")
        elif twins and not literal:
            found += _scope(job, scope, result)
    return found


def _settled(job: Job) -> tuple[Counter[str], Counter[str]]:
    """What of a hunk's intent upstream has fulfilled, where that counts as done: the lines that
    are gone already, and those that are there duplicates."""
    if not job.terms.yields:
        return Counter(), Counter()
    cut = sides(job)
    if isinstance(cut, Miss):
        return Counter(), Counter()
    standing, before = counted(cut.theirs), counted(cut.base)
    gone = Counter({line: n for line, n in job.change.removed.items() if not standing[line]})
    there = {n: k for n, k in job.change.added.items() if standing[n] > before[n]}
    return gone, Counter(there)


def _opened_up(job: Job, scope: Scope) -> bool:
    """Whether a function that only its own file saw in the base is the whole kernel's by now."""
    if job.base is None or scope.kind != "function":
        return False
    before = job.base.same_scope(scope)
    return bool(before) and "static" in job.base.head_of(before[0]) - job.target.head_of(scope)


def _new_users(job: Job, name: str, result: Source) -> bool:
    """Whether a name that the hunk's author saw go is used by lines that he did not see: what is
    left of it in his own lines he has dealt with, here or elsewhere in the patch."""
    if job.base is None:
        return True
    word = re.compile(rf"\b{re.escape(name)}\b")
    seen = {squeezed(line) for line in job.base.lines if name in line}
    brought = {squeezed(line) for line in job.wrote if name in line}
    return any(
        name in line and word.search(line) and squeezed(line) not in seen | brought
        for line in result.lines
    )


def _line_ends(change: Change, target: Source, new: list[str]) -> str:
    """A file that ends its lines with CRLF gets no LF, and the other way round, unless the patch
    knows the file as it is and wants just that."""
    known = target.line_ends | {""}
    foreign = set(map(ending, new)) - known if known != {""} else set()
    seen = set(map(ending, change.post))
    if not foreign or (foreign <= seen and known.issuperset(map(ending, change.pre))):
        return ""
    return "the patch and the target end their lines differently"


_ASSIGNED = re.compile(r"(\*?[A-Za-z_][\w.>\-\[\]]*) = [^=]")


def _rivals(job: Job, placement: Placement) -> str:
    """Upstream and the patch do not both set one variable on neighbouring lines: one of the two
    would be for nothing, and which one only a person knows."""
    if placement.placed.is_literal or job.base is None:
        return ""
    before = _said(reversed(job.target.lines[max(0, placement.start - 4) : placement.start]))
    after = _said(job.target.lines[placement.end : placement.end + 4])
    own = [line for line in map(squeezed, placement.lines) if line]
    for mine, near in ((own[:1], before), (own[-1:], after)):
        both = {name for text in mine for name in _ASSIGNED.findall(text)}
        both &= set(_ASSIGNED.findall(near))
        # Few lines come so far: only for them is the rest read.
        if both and mine[0] in map(squeezed, job.wrote) and near not in counted(job.base.lines):
            return f"upstream now sets {', '.join(sorted(both))} right there, too"
    return ""


def _said(lines: Iterable[str]) -> str:
    """The first of some lines that is not empty."""
    return next((text for line in lines if (text := squeezed(line))), "")


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


def outdated(job: Job, placement: Placement) -> list[str]:
    """The names in a placement's lines that the target no longer has."""
    if job.target.language not in _NAMED:
        return []
    old = job.target.lines[placement.start : placement.end]
    unknown = _unknown(job, old, list(placement.lines))
    return [name for name in unknown if _is_dead(job, name)]


DEAD = "the target no longer has"
UNSEEN = "whether the tree has it was not checked"
"""What is said of names that only the whole tree can tell of."""
_NAMED = frozenset({"c", "kconfig"})
"""Languages in which a file's names, and those that it defines, are known."""


def _names(job: Job, old: list[str], new: list[str]) -> str:
    """No line that the port adds speaks of a name whose definition upstream has removed since."""
    dead = [name for name in _unknown(job, old, new) if _is_dead(job, name)]
    return f"{DEAD} {', '.join(dead)}" if dead else ""


def doubts(job: Job, placement: Placement) -> list[str]:
    """What could not be checked of a placement that nothing speaks against."""
    if job.terms.exists is not None or job.target.language != "c":
        return []
    old = job.target.lines[placement.start : placement.end]
    unseen = [
        name
        for name in _unknown(job, old, list(placement.lines))
        if name not in job.terms.brings and not _is_dead(job, name)
    ]
    if not unseen:
        return []
    told = ", ".join(unseen[:3]) + (", ..." if len(unseen) > 3 else "")
    return [f"the file no longer uses {told}; {UNSEEN}"]


def _unknown(job: Job, old: list[str], new: list[str]) -> list[str]:
    """The names in lines that the port adds which the base's file knows and the target's does
    not."""
    if job.base is None:
        return []
    brought = identifiers("".join(new)) - identifiers("".join(old)) - EVERYWHERE
    if not brought:
        return []  # the common case, and the files need not be read for names
    # To read all of a file's names takes long; most of what is new to a line is none of them.
    text = "".join(job.base.lines)
    known = [n for n in brought if n in text]
    lost = {n for n in known if n in job.base.names and n not in job.target.names}
    if lost and job.target.language == "c":
        lost -= locals_of(to_bytes("".join(new)))
    return sorted(lost)


def _is_dead(job: Job, name: str) -> bool:
    """Whether a name that the target's file does not know is nowhere else either: the base's own
    file defined it, upstream put another in its stead, or the tree is known not to have it. What
    the patch itself defines is there with it."""
    base = job.base
    if name in job.terms.brings:
        return False
    if job.terms.exists is not None and name not in KEYWORDS and job.terms.exists(name):
        return False
    if base is None or name in base.defines or name in replaced(base, job.target):
        return True
    if job.home is not None and base.language == "c":
        text = join(base.lines[job.home.start : job.home.end])
        if name in locals_of(text):
            return True
    return job.terms.exists is not None


def _scope(job: Job, scope: Scope, result: Source) -> list[str]:
    """The touched scope parses, its gotos have their labels and its variables are declared."""
    twin = next((s for s in result.same_scope(scope)), None)
    if twin is None:
        return [f"{scope.name} would no longer be found in the result"]
    known = "".join(job.target.lines[scope.start : scope.end])
    text = "".join(result.lines[twin.start : twin.end])
    before, after = to_bytes(known), to_bytes(text)
    found = []
    more = errors(after) - errors(before)
    # What the parser cannot read of the patch itself it cannot judge in another place either.
    if more > 0 and not _own(job, errors):
        found.append(f"{scope.name} would no longer parse")
    more = late_declarations(after) - late_declarations(before)
    if more > 0 and more > _own(job, late_declarations):
        found.append(f"a declaration in {scope.name} would come to stand behind statements")
    if early := _early(known, text, before, job):
        found.append(f"{scope.name} would use {', '.join(early)} before the declaration")
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


def _own(job: Job, count: Callable[[bytes], int]) -> int:
    """How much of a kind the patch itself brings to the hunk's scope in its own base: an #if
    around half a statement is no mistake of the port's."""
    base, home = job.base, job.home
    if base is None or home is None or job.after is None:
        return 0
    twin = next(iter(job.after.same_scope(home)), None)
    if twin is None:
        return 0
    new = join(job.after.lines[twin.start : twin.end])
    return max(0, count(new) - count(join(base.lines[home.start : home.end])))


def _early(known: str, text: str, before: bytes, job: Job) -> list[str]:
    """The variables whose first mention was their declaration, and is another line of the
    target's or of the patch's now."""
    written = set(map(squeezed, job.wrote))
    names = sorted(locals_of(before) & identifiers(text))
    found = []
    for name in names:
        first, now = _first(known, name), _first(text, name)
        if first != now and now in written and name not in locals_of(to_bytes(now)):
            found.append(name)
    return found


def _first(text: str, name: str) -> str:
    """The first line that mentions a name, squeezed."""
    found = re.search(rf"^.*\b{re.escape(name)}\b.*$", text, re.MULTILINE)
    return squeezed(found[0]) if found else ""


def _dangling(text: str) -> set[str]:
    return set(_GOTO.findall(text)) - set(_LABEL.findall(text))


def _idle(text: str) -> set[str]:
    return set(_LABEL.findall(text)) - set(_GOTO.findall(text)) - {"default"}
