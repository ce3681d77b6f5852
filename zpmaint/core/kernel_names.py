# SPDX-License-Identifier: GPL-2.0-only
"""Which kernel a machine runs, by what it answers: `uname -r`, `uname -a`, /proc/version,
/proc/version_signature, the version of a package. Pure; the rules are kernel_names.toml.

What a name does not say is not guessed: Debian's 6.1.0-49-amd64 is a kernel of the series 6.1 and
no more, Red Hat's 5.14.0-427.el9 a tree that once began at 5.14.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from zpmaint.core import arches
from zpmaint.core.kernel_answers import Answer, taken_apart
from zpmaint.core.kernel_name_rules import Gives, Rule, Said, Tree, rules
from zpmaint.core.versions import KernelVersion

VERIFIED_ARCHES = arches.names()
"""The architectures that kernels are verified for."""

_NUMBERS = re.compile(
    r"^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?(?:[-~]rc(\d{1,3}))?(?!\d)", re.ASCII
)


class Exactness(StrEnum):
    """How well a name tells the kernel."""

    EXACT = "exact"
    """The release of kernel.org is known, to the point release."""
    SERIES_ONLY = "series only"
    """The series is known, its point release is not in the name."""
    BASE_OF_CHANGED_TREE = "base of a changed tree"
    """The release is known that a tree of somebody's own began at, or was merged up to."""
    UNKNOWN = "unknown"
    """Nothing in the name tells."""


@dataclass(frozen=True)
class KernelName:
    """What an answer says of the kernel, and how that is known."""

    exactness: Exactness
    base: KernelVersion | None
    """The release; of a series its first one (6.1 for 6.1.y); None where it is unknown."""
    tree: Tree
    distribution: str
    """Who built it, '' where that is not told."""
    arch: str
    """x86_64, i386, arm64 ...; '' where the answer does not say it."""
    how: str
    """How it is known, in a sentence; why not, where it is unknown."""
    better: str
    """What to run to know better, or ''."""
    name: str = ""
    """What `uname -r` answers, without what stood around it; '' where that was not told."""
    package: KernelVersion | None = None
    """Debian's own version of it (6.1.187-1), where that is told."""
    likely: KernelVersion | None = None
    """Where the series is all that is told: a package that has this name; another may have had it,
    too."""

    @property
    def series(self) -> str:
        """6.1, 2.6.32, next; '' where it is unknown."""
        return self.base.series if self.base else ""

    @property
    def base_text(self) -> str:
        """The release as it is written, the series where that is all; '' where it is unknown."""
        return self.series if self.exactness is Exactness.SERIES_ONLY else str(self.base or "")

    @property
    def warning(self) -> str:
        """What a verdict for kernel.org's release does not say of this kernel, or ''."""
        whose = f"{self.distribution}'s" if self.distribution else "its builder's"
        if self.tree is Tree.VENDOR and self.base:
            return (
                f"a verdict for kernel.org's {self.base_text} does not carry over: "
                f"this tree is changed; try the patch on {whose} own source"
            )
        if self.tree is Tree.PATCHED and self.distribution:
            return f"{whose} own patches are not in kernel.org's {self.base_text}"
        return ""

    @property
    def kernels(self) -> tuple[KernelVersion, ...]:
        """What to look for among verified kernels, the nearest first: the distribution's own
        package, then the release. Empty where the point release is not known."""
        if self.base is None or self.exactness is Exactness.SERIES_ONLY:
            return ()
        return tuple(v for v in (self.package, self.base) if v is not None)


def read_name(text: str) -> KernelName:
    """What `text`, a machine's answer about its kernel, says. Never raises: what cannot be told
    is UNKNOWN, with the reason in `how`."""
    answer = taken_apart(text)
    if answer.refused:
        return _unknown(answer.refused)
    said, base, package = _said(answer)
    if not answer.name:
        if said is None or base is None:
            return _unknown("there is no name of a kernel in it, only what uname -v says beside it")
        return _of_said(answer, said, base, package, None)
    if answer.name.startswith("next-"):
        day = KernelVersion((), next_date=int(answer.name[5:]))
        how = f"linux-next of that day: {day}"
        return KernelName(
            Exactness.EXACT, day, Tree.UPSTREAM, "", _arch(answer, ""), how, "", answer.name
        )
    found = _NUMBERS.search(answer.name)
    release = _release(found) if found else None
    if found is None or release is None:
        return _unknown(f"kernel.org made no kernel of these numbers: {answer.name}")
    if said and base and base.series != release.series:
        return _unknown(
            f"its parts do not fit together: {answer.name}, and beside it {said.who}'s {base}"
        )
    tail = answer.name[found.end() :]
    rule, first = _rule(release, tail, answer.beside)
    if said and base and rule.gives is not Gives.NOTHING:
        return _of_said(answer, said, base, package, rule)
    return _of_rule(answer, rule, release, tail, first)


def _of_rule(
    answer: Answer, rule: Rule, release: KernelVersion, tail: str, first: str
) -> KernelName:
    base: KernelVersion | None = release
    if rule.gives in (Gives.RC, Gives.SNAPSHOT):
        # rc0 is Fedora's word for the weeks before -rc1: nothing of this series is tagged yet.
        base = KernelVersion(release.numbers, rc=int(first) or None)
    elif rule.gives is Gives.NEXT:
        base = KernelVersion((), next_date=int(first))
    elif rule.gives is Gives.SERIES:
        base = KernelVersion((*release.numbers[:-1], 0))
    elif rule.gives is Gives.NOTHING:
        base = None
    exactness = _exactness(rule)
    text = ""
    if base:
        text = base.series if rule.gives is Gives.SERIES else str(base)
    how = rule.how.replace("{base}", text).replace("{count}", first or "some")
    return KernelName(
        exactness,
        base,
        rule.tree,
        rule.who,
        _arch(answer, tail),
        how,
        rule.better,
        answer.name,
    )


def _exactness(rule: Rule) -> Exactness:
    if rule.gives is Gives.NOTHING:
        return Exactness.UNKNOWN
    if rule.gives in (Gives.SERIES, Gives.SNAPSHOT):
        return Exactness.SERIES_ONLY
    changed = rule.tree is Tree.VENDOR or rule.gives is Gives.AFTER
    return Exactness.BASE_OF_CHANGED_TREE if changed else Exactness.EXACT


def _of_said(
    answer: Answer, said: Said, base: KernelVersion, package: str, rule: Rule | None
) -> KernelName:
    """What is said beside the name is more exact than the name."""
    changed = Tree.VENDOR in (said.tree, rule.tree if rule and rule.who else said.tree)
    own = said.has_package and not changed
    found = _NUMBERS.search(answer.name)
    return KernelName(
        Exactness.BASE_OF_CHANGED_TREE if changed else Exactness.EXACT,
        base,
        Tree.VENDOR if changed else said.tree,
        said.who,
        _arch(answer, answer.name[found.end() :] if found else ""),
        said.how.replace("{package}", package).replace("{base}", str(base)),
        "",
        answer.name,
        KernelVersion.parse(package) if own else None,
    )


def _said(answer: Answer) -> tuple[Said | None, KernelVersion | None, str]:
    """The first row of [[said]] that fits, the release it names, and the package."""
    for said in rules().said:
        if found := said.pattern.search(answer.beside):
            numbers = _NUMBERS.search(found[2])
            if numbers and (base := _release(numbers)):
                return said, base, found[1]
    return None, None, ""


def _release(found: re.Match[str]) -> KernelVersion | None:
    """The kernel.org release of a name's numbers, None where none has these."""
    first, second, third, fourth, rc = (None if n is None else int(n) for n in found.groups())
    if first is None or second is None:
        return None
    newest = rules().newest
    candidate = rc or None
    if first < 3:
        line = newest.get(f"{first}.{second}")
        if third is None or line is None or third > line:
            return None
        return KernelVersion((first, second, third, fourth or 0), candidate)
    if second > newest.get(str(first), -1):
        return None
    return KernelVersion((first, second, third or 0), candidate)  # a fourth number is a vendor's


def _rule(release: KernelVersion, tail: str, beside: str) -> tuple[Rule, str]:
    """The first rule that fits, and the first group of its tail."""
    point = "some" if release.numbers[-1] or release.rc is not None else "zero"
    for rule in rules().rules:
        if rule.point not in ("any", point) or (rule.series and release.series not in rule.series):
            continue
        found = rule.tail.fullmatch(tail)
        if found is None or (rule.version and not rule.version.search(beside)):
            continue
        first = next((group for group in found.groups() if group is not None), "")
        return rule, first
    raise AssertionError("the last rules fit every name")


def _arch(answer: Answer, tail: str) -> str:
    """The machine that the kernel is built for: the name's own word for it, else uname's."""
    words = rules().machines
    inside = [words[word] for word in re.split(r"[^a-z0-9_]+", tail.lower()) if word in words]
    if inside:
        return inside[-1]
    if rules().numeric_machine.search(tail):
        return "i386"
    return next((words[word] for word in answer.words if word in words), "")


def _unknown(why: str) -> KernelName:
    return KernelName(Exactness.UNKNOWN, None, Tree.VENDOR, "", "", why, "uname -a")
