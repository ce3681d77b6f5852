# SPDX-License-Identifier: GPL-2.0-only
"""What of a change runs in the guest: boots of their own, in which QEMU tells of its code.

    CACHE/executed/ab/abcdef....json   what ran in such boots, by case

The boots that are judged are made without. A guest whose time is counted in instructions does the
same in both, and is held to it: a case that reports otherwise when it is watched is named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event

from zpmaint.app.inputs import machine_basis
from zpmaint.app.session import Session
from zpmaint.app.suite import Bootable, SuiteRuns, boot_suite
from zpmaint.build.executed import Executed, executed, ranges, touching
from zpmaint.build.running.values import Places
from zpmaint.build.values import Flavour, Kernel, Pair
from zpmaint.core.errors import InfraError
from zpmaint.core.remembered import place_of, recall, remember
from zpmaint.core.sealed import digest_of
from zpmaint.judge.ktap import Said, read_report
from zpmaint.suites.protocol import Wanted
from zpmaint.vm.executed import Watch
from zpmaint.vm.initramfs import file, pack
from zpmaint.vm.parallel import in_parallel
from zpmaint.vm.profiles import Accelerator
from zpmaint.vm.values import Run

_FORMAT = 2  # raised when what is kept means something else


@dataclass(frozen=True)
class Watched:
    """What ran in the watched boots of a patched kernel."""

    reached: Mapping[str, frozenset[int]]
    """By case where blocks began in the watched ranges; "" has what belongs to no case."""
    said: Mapping[str, Said]
    """What each case reported."""
    seconds: float
    """Wall time of the boots."""


def watch(session: Session, pair: Pair, bootables: Sequence[Bootable]) -> Watched | None:
    """Boot the patched kernel with every suite and see what runs; what was seen before is not
    looked at again. None where there is no patched kernel, or no changed line is in it.

    Raises InfraError where a guest could not be started or was ended by its surroundings."""
    places = pair.places
    if pair.patched is None or places is None or not ranges(places):
        return None
    kernel, kept = pair.patched, _place(session, pair.patched, places, bootables)
    if found := _read(recall(kept, session.reporter)):
        return found
    watches = [Watch(ranges(places)) for _ in bootables]
    starts: dict[int, Callable[[Event], Run]] = {
        number: partial(_boot, session, kernel, bootable, watches[number])
        for number, bootable in enumerate(bootables)
    }
    with session.reporter.step(f"see which of its lines run on {kernel.version}"):
        runs = in_parallel(starts, accelerator=Accelerator.ICOUNT)
    boots = [boot for run in runs.values() for boot in run.boots]
    for boot in boots:
        if boot.outcome.is_infrastructure:
            raise InfraError(f"what runs could not be seen: {boot.outcome}: {boot.why}")
    reached: dict[str, set[int]] = {}
    for one in watches:
        for case, starts_of in one.reached.items():
            reached.setdefault(case, set()).update(starts_of)
    seen = Watched(
        {case: frozenset(found_at) for case, found_at in reached.items()},
        _said(boots),
        sum(boot.seconds for boot in boots),
    )
    remember(kept, _written(seen))
    return seen


def executed_of(
    pair: Pair, watched: Watched | None, judged: Sequence[SuiteRuns] = ()
) -> Executed | None:
    """What ran of the change, with the cases that reported otherwise in the boots that are
    `judged`; None where there is no patched kernel."""
    if pair.places is None:
        return None
    if watched is None:
        return executed(pair.places, {}, [])
    there = _said(
        boot for one in judged if (run := one.runs.get(str(Flavour.PATCHED))) for boot in run.boots
    )
    ran = [name for name, said in watched.said.items() if not said.skip]
    differing = [
        name for name, said in watched.said.items() if name in there and there[name] != said
    ]
    return executed(
        pair.places,
        watched.reached,
        ran,
        seconds=watched.seconds,
        differing=differing,
    )


def cases_touching(pair: Pair, watched: Watched | None) -> frozenset[str]:
    """The cases that run a changed line."""
    if pair.places is None or watched is None:
        return frozenset()
    return frozenset(touching(pair.places, watched.reached))


def _boot(session: Session, kernel: Kernel, bootable: Bootable, watch: Watch, stop: Event) -> Run:
    return boot_suite(session, kernel, bootable, benchmark=False, stop=stop, watch=watch)


def _said(boots: Iterable[Run]) -> dict[str, Said]:
    return {
        name: said for boot in boots for name, said in read_report(boot.results).results.items()
    }


def _place(session: Session, kernel: Kernel, places: Places, bootables: Sequence[Bootable]) -> Path:
    """Where it is kept: under all that it was made of."""
    guests = []
    for one in bootables:
        names = None if one.chosen is None else tuple(case.name for case in one.chosen)
        guest = one.ready.guest(Wanted(kernel, names, benchmark=False))
        archive = pack([file("init", guest.init), *guest.entries])
        guests.append((hashlib.sha256(archive).hexdigest(), guest.append, guest.deadline))
    image = digest_of(kernel.image)  # addresses are an image's
    parts = [
        _FORMAT,
        machine_basis(session, kernel.version, kernel.arch),
        image,
        ranges(places),
        guests,
    ]
    return place_of(session.places.cache / "executed", parts)


def _written(seen: Watched) -> dict[str, object]:
    return {
        "reached": {case: sorted(found) for case, found in seen.reached.items()},
        "said": [[s.name, s.ok, s.word, s.skip] for s in seen.said.values()],
        "seconds": round(seen.seconds, 3),
    }


def _read(found: object) -> Watched | None:
    if not isinstance(found, dict):
        return None
    return Watched(
        {case: frozenset(starts) for case, starts in found["reached"].items()},
        {row[0]: Said(*row) for row in found["said"]},
        float(found["seconds"]),
    )
