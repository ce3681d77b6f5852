# SPDX-License-Identifier: GPL-2.0-only
"""What to do next in a folder, told by what is there: no network is asked, nothing is verified."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from zpmaint.app.session import Session
from zpmaint.core.errors import UserError
from zpmaint.core.places import CONFIG_NAME, Places
from zpmaint.core.progress import Reporter
from zpmaint.core.result import Result
from zpmaint.core.tools import missing_for
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Summary

_MOST = 3
"""So many kernels of one kind are named."""
_LOOK = {
    Result.CONFLICT: ("zpmaint resolve {}", "the patch could not be ported: lay the conflict out"),
    Result.BUILD: ("zpmaint show {}", "did not compile: see why"),
    Result.FAIL: ("zpmaint show {}", "not as expected: see which cases"),
    Result.NOT_COMPILED: ("zpmaint show {}", "nothing of it was compiled: see what would"),
}


@dataclass(frozen=True)
class Step:
    """One command, and what it is good for."""

    command: str
    why: str


@dataclass(frozen=True)
class Advice:
    """How things stand, in lines, and what is next: what matters first comes first."""

    standing: tuple[str, ...]
    steps: tuple[Step, ...]


def next_steps(project: Path | None, reporter: Reporter) -> Advice:
    """What to do next in the project that Places.find finds. Raises UserError where its files have
    faults."""
    lacks = _programs()
    try:
        places = Places.find(project)
    except UserError:
        if project is not None:
            raise
        begin = Step("zpmaint init", "make this folder a project, with an example")
        return Advice(
            (f"no project here: no {CONFIG_NAME} in {Path.cwd()} or above",), (*lacks, begin)
        )
    session = Session.open(places, reporter, is_new=True)
    name = session.config.patch
    standing = [f"project {places.project}, patch set {name}"]
    if not (places.project / "patches" / name / "patch.toml").is_file():
        standing.append(f"patches/{name} is not made yet")
        made = (
            Step(
                f"zpmaint new {name} --from git:/srv/linux my-branch", "of a branch's own commits"
            ),
            Step(f"zpmaint new {name} --from fix.mbox --base 6.12", "of a patch, a mail, a queue"),
        )
        return Advice(tuple(standing), (*lacks, *made))
    if not (places.state / "ledger.sqlite").is_file() or not (
        found := session.ledger.latest_summaries()
    ):
        standing.append("nothing was verified yet")
        return Advice(tuple(standing), (*lacks, *_first(session)))
    standing.append(_counted(found))
    return Advice(tuple(standing), (*lacks, *_after(session, found)))


def _programs() -> tuple[Step, ...]:
    missing = missing_for("verify")
    if not missing:
        return ()
    return (
        Step("zpmaint doctor --install", f"not installed: {', '.join(t.name for t in missing)}"),
    )


def _first(session: Session) -> Iterable[Step]:
    tracked = session.config.kernel
    if not tracked:
        yield Step("zpmaint verify 6.12.y", "port, build, boot and test the newest 6.12")
        return
    row = tracked[-1]
    asked = f"{row.series}.y" if row.series else row.version
    yield Step(f"zpmaint verify {asked}", "port it, build the pair, boot both, test, judge")
    yield Step("zpmaint matrix run", "do so on every kernel that is tracked")


def _counted(found: Sequence[Summary]) -> str:
    numbers = Counter(one.result for one in found)
    said = ", ".join(f"{numbers[result]} {result}" for result in Result if numbers[result])
    kernels = "kernel" if len(found) == 1 else "kernels"
    return f"verified: {len(found)} {kernels}: {said}"


def _after(session: Session, found: Sequence[Summary]) -> Iterable[Step]:
    named: Counter[Result] = Counter()
    for one in sorted(found, key=lambda one: KernelVersion.parse(one.version), reverse=True):
        if one.result not in _LOOK:
            continue
        named[one.result] += 1
        if named[one.result] <= _MOST:
            command, why = _LOOK[one.result]
            yield Step(command.format(one.version) + _which(session, one, command), why)
    if sum(named.values()):
        yield Step("zpmaint regressions", "what was good and no longer is")
    open_ones = [one for one in found if not one.result.settles]
    never = _never(session, found)
    if open_ones or never:
        said = [f"never verified: {', '.join(never[:_MOST])}"] if never else []
        if len(never) > _MOST:
            said[0] += f" and {len(never) - _MOST} more"
        if open_ones:
            said.append(f"without a result: {len(open_ones)}")
        yield Step("zpmaint matrix run", "; ".join(said))
    yield Step("zpmaint track", "what is new upstream")
    yield Step("zpmaint publish --out site/", "the pages of all results")


def _which(session: Session, one: Summary, command: str) -> str:
    words = f" --patch {one.patchset}" if one.patchset != session.config.patch else ""
    has_arch = command.startswith("zpmaint show")
    return words + (f" --arch {one.arch}" if has_arch and one.arch != "x86_64" else "")


def _never(session: Session, found: Sequence[Summary]) -> list[str]:
    """The tracked kernels and series of which no result is known."""
    known = [(KernelVersion.parse(one.version), one.arch, one.patchset) for one in found]
    default = (session.config.patch,)
    return [
        f"{row.version} {arch}" if arch != "x86_64" else row.version
        for row in session.config.kernel
        for arch in row.arch
        if not any(
            row.covers(version) and arch == their_arch and patchset in (row.patches or default)
            for version, their_arch, patchset in known
        )
    ]
