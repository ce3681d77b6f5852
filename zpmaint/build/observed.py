# SPDX-License-Identifier: GPL-2.0-only
"""A make with all that is known of how it went: its words, its failed commands, the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zpmaint.build import make, surroundings
from zpmaint.build.diagnosis import Fault, diagnose
from zpmaint.build.facts import Facts, blamed, culprit, machine_trouble
from zpmaint.build.recorder import recording
from zpmaint.build.reproduce import again
from zpmaint.build.setting import Setting
from zpmaint.core.progress import Step


@dataclass(frozen=True)
class Observed:
    """One make."""

    status: int
    steps: int
    lines: tuple[str, ...]
    """What it printed."""
    facts: Facts


def observe(
    shared: Setting,
    arguments: Sequence[str],
    *,
    log: Path,
    step: Step,
    expected: int,
    extra: Mapping[str, str] | None = None,
) -> Observed:
    """Run make in the setting's work folder, in the caller's `WorkTree.making`. Raises InfraError
    where it ran into a limit or was killed, where a command in it was, where its programs changed
    under it or its folders cannot be written: whatever make made of that, what it built is not to
    be trusted, and says nothing."""
    inside = shared.cell(extra)
    start = log.stat().st_size
    with recording(shared.work.folder) as recorder:
        before = surroundings.tools(shared.toolchain.compiler)
        ended, steps = make.make(
            arguments, inside, log=log, step=step, expected=expected, recorder=recorder
        )
        after = surroundings.tools(shared.toolchain.compiler)
        facts = Facts(
            recorder.failed() if recorder else (),
            tuple(surroundings.disk_troubles(inside.writable)) if ended.status else (),
            tuple(surroundings.changed_tools(before, after)),
        )
    if trouble := machine_trouble(facts):
        raise trouble.error(f"{shared.version} ({shared.arch}) could not be built", log)
    with log.open(errors="replace") as text:
        text.seek(start)
        return Observed(ended.status, steps, tuple(text.read().splitlines()), facts)


def fault_of(shared: Setting, seen: Observed, extra: Mapping[str, str] | None = None) -> Fault:
    """Whose fault a failed make is. The command that failed is run once more for that."""
    work = shared.work
    words = diagnose(seen.lines, str(work.src), str(work.obj))
    failed = culprit(seen.lines, seen.facts.failed)
    tried = None
    if failed is not None:
        tried = again(
            failed,
            shared.cell(extra),
            compiler=shared.toolchain.compiler,
            work=work.folder,
            src=work.src,
            obj=work.obj,
        )
    return blamed(words, seen.facts, tried)
