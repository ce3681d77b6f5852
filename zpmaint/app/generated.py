# SPDX-License-Identifier: GPL-2.0-only
"""Trying a suite with bugs that nobody listed: made of the patched source, built, booted, judged.

One thread builds, as there is one work tree; as many boot as there are processors. What a bug came
to is kept under a hash of the kernel without it, of its own text and of the suites: it is neither
built nor booted again.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from zpmaint.app.mutate import IN_A_ROW, Batch, Bench, config_of, sound, state
from zpmaint.build.values import Kernel
from zpmaint.core.errors import InfraError, KernelError, UserError
from zpmaint.core.sealed import forget, sha256_of
from zpmaint.mutation.aim import Aimed, Ring, aim, own_lines
from zpmaint.mutation.generated import Generated, generated
from zpmaint.mutation.generated_table import Wishes, load_wishes
from zpmaint.mutation.operators import operators
from zpmaint.mutation.reached import Reached, marked
from zpmaint.mutation.sample import drawn
from zpmaint.mutation.store import key
from zpmaint.mutation.tried import Tried
from zpmaint.mutation.turns import cut, in_turn
from zpmaint.mutation.undone import undone
from zpmaint.mutation.values import Catch, How, State, Trial
from zpmaint.suites.guest.start import suite_profile
from zpmaint.suites.values import MINIMAL

_DEADLINE = 20.0
"""Seconds of QEMU's CPU time for a boot in the minimal profile, where the whole suite takes 5, and
twice that where two guests share a core: a guest that a bug hangs costs no more than this."""
_AHEAD = 2  # mutants a booting thread may have waiting for it


@dataclass(frozen=True)
class Field:
    """The code that bugs are made in, and all of them in the order of a seed."""

    bench: Bench
    seed: int
    globs: tuple[str, ...] = ()

    @cached_property
    def wishes(self) -> Wishes:
        return load_wishes(self.bench.job.patchset.folder)

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """The touched files that are there afterwards."""
        return {path: data for path, data in self.bench.patched.items() if data is not None}

    @cached_property
    def own(self) -> dict[str, frozenset[int]]:
        """By touched C file the lines that are the patch's, counted from 0."""
        return {
            path: own_lines(self._stock(path), data)
            for path, data in self.files.items()
            if path.endswith((".c", ".h"))
        }

    @cached_property
    def aimed(self) -> tuple[Aimed, ...]:
        return aim(self.bench.read, self.own, self.wishes.named, self.globs)

    @cached_property
    def everything(self) -> tuple[Aimed, ...]:
        """The same without regard to names: what runs is found out once for all of it."""
        return aim(self.bench.read, self.own, self.wishes.named)

    @cached_property
    def rings(self) -> dict[str, Ring]:
        """By name each bug's ring."""
        return {one.name: ring for ring, found in self._by_ring.items() for one in found}

    @cached_property
    def _by_ring(self) -> dict[Ring, list[Generated]]:
        table = operators()
        found: dict[Ring, list[Generated]] = {ring: [] for ring in Ring}
        for at in self.aimed:
            for one in generated(at, table):
                own = at.ring is Ring.AROUND and not self.own[at.file].isdisjoint(one.lines)
                found[Ring.OWN if own else at.ring].append(one)
        names = {(at.file, at.name) for at in self.aimed}
        for path in self.own:
            if (stock := self._stock(path)) is not None:
                made = undone(path, stock, self.files[path], table)
                found[Ring.OWN] += [one for one in made if (path, one.function) in names]
        return found

    @cached_property
    def mutants(self) -> list[Generated]:
        """All bugs, in the seed's order. Raises UserError where there is no place for any."""
        if found := drawn(self._by_ring, self.seed):
            return found
        raise UserError(
            f"{self.bench.job.patchset.name} on {self.bench.job.version}: no function to make bugs "
            + (f"in has a name like {', '.join(self.globs)}" if self.globs else "in is touched"),
            "[[functions]] of its generated-mutants.toml names more (docs/mutation.md)",
        )

    def _stock(self, path: str) -> bytes | None:
        there = self.bench.tree / path
        return there.read_bytes() if there.is_file() else None


@dataclass(frozen=True)
class _Ground:
    """What every trial of one run stands on."""

    bench: Bench
    baseline: Kernel
    batches: tuple[Batch, ...]
    ran: frozenset[str]
    suites: str
    image: str
    """The sha256 of the kernel without a bug."""
    reached: Reached | None
    """What the cases run; None where that could not be found out."""
    config: frozenset[str]
    """The symbols that are set."""

    @property
    def deadline(self) -> float | None:
        return _DEADLINE if suite_profile(self.baseline) == MINIMAL else None

    def key(self, mutant: Generated) -> str:
        return key(("generated", self.baseline.inputs, mutant.diff, self.suites))


def try_generated(field: Field, chosen: Sequence[Generated]) -> Iterator[Tried]:
    """Try some of the field's bugs; each is kept before the next is told.

    Raises KernelError where the patched kernel itself does not pass the suites, InfraError where
    IN_A_ROW bugs one after the other came to nothing."""
    bench = field.bench
    ground = _ground(field)
    reporter = bench.job.session.reporter
    lost = 0
    images = {ground.image: ""}  # of the builder alone, but for what is known
    builder = ThreadPoolExecutor(1)
    workers = (os.cpu_count() or 1) if bench.accelerator.is_deterministic else 1
    booters = ThreadPoolExecutor(workers)

    def begin(mutant: Generated) -> Future[dict[str, Any]]:
        known = bench.store.row(ground.key(mutant))
        # One that was noticed all the same says that the marks were wrong: that is not hidden.
        told_nothing = known is None or known["state"] == State.SURVIVED
        if told_nothing and ground.reached and not ground.reached.runs(mutant):
            known = {"state": State.UNRUN.value}
        if known:
            if "image" in known:
                images.setdefault(known["image"], mutant.name)
            done: Future[dict[str, Any]] = Future()
            done.set_result(known | {"known": True})
            return done
        return booters.submit(
            _booted, ground, mutant, builder.submit(_built, bench, mutant, images)
        )

    try:
        with reporter.step(f"try {len(chosen)} generated mutants on {bench.job.version}") as step:
            waiting = iter(chosen)
            window = deque((one, begin(one)) for one in islice(waiting, workers * _AHEAD))
            number = 0
            while window:
                mutant, future = window.popleft()
                step.advance(number, len(chosen))
                try:
                    row = future.result()
                    if "outcome" in row and not row.get("known"):
                        lost = 0  # it was booted
                except InfraError as error:
                    lost += 1
                    if lost == IN_A_ROW:
                        raise
                    row = {"state": State.UNDECIDED.value, "why": str(error)}
                tried = _tried(field, mutant, row, ground.config)
                if tried.trial.state in (State.SURVIVED, State.WRONG, State.UNDECIDED):
                    said = (mutant.name, mutant.function, tried.trial.state, tried.trial.why)
                    step.note(": ".join(filter(None, said)))
                yield tried
                number += 1
                window.extend((one, begin(one)) for one in islice(waiting, 1))
            step.advance(len(chosen), len(chosen))
    finally:
        builder.shutdown(cancel_futures=True)
        booters.shutdown(cancel_futures=True)


def _ground(field: Field) -> _Ground:
    bench = field.bench
    baseline = bench.kernel()
    noticed = bench.store.witnesses()
    batches = tuple(
        Batch(one, cases) for one in bench.bootables for cases in cut(in_turn(one.cases, noticed))
    )
    ran = sound(bench, baseline, batches)
    suites, image = bench.identity(), sha256_of(baseline.image)
    reached = _reached(field, batches, (baseline.inputs, suites))
    config = config_of(baseline)
    return _Ground(bench, baseline, batches, ran, suites, image, reached, config)


def _reached(field: Field, batches: Sequence[Batch], of: tuple[str, str]) -> Reached | None:
    """What the cases run of the functions; found out once. None, with a word, where the marked
    kernel does not build or does not come to its end."""
    bench = field.bench
    marks = marked(field.everything)
    known = key(("ran", *of, *(f"{path}\0{text!r}" for path, text in marks.files.items())))
    if row := bench.store.row(known):
        return Reached(marks, frozenset(row["ran"]))
    with bench.job.session.reporter.step("see which statements the cases run") as step:
        try:
            kernel = bench.kernel(marks.files)
            told = [bench.console(kernel, batch) for batch in batches]
        except (KernelError, InfraError) as error:
            step.note(f"not found out: {error}; each bug is booted")
            return None
        ran = frozenset[int]().union(*map(marks.said, told))
        step.note(f"{len(ran)} of {len(marks.statements)} statements")
    bench.store.put_row(known, {"ran": sorted(ran)})
    forget(kernel.image)
    return Reached(marks, ran)


@dataclass(frozen=True)
class _Built:
    """A bug's kernel, or why there is none."""

    kernel: Kernel | None
    why: str = ""
    image: str = ""
    """Its sha256."""
    twin: str | None = None
    """The bug whose kernel is the same, byte for byte; '' is the kernel without a bug."""


def _built(bench: Bench, mutant: Generated, images: dict[str, str]) -> _Built:
    try:
        kernel = bench.kernel({mutant.file: mutant.result})
    except KernelError as error:
        return _Built(None, str(error))
    image = sha256_of(kernel.image)
    twin = images.setdefault(image, mutant.name)
    return _Built(kernel, "", image, None if twin == mutant.name else twin)


def _booted(ground: _Ground, mutant: Generated, building: Future[_Built]) -> dict[str, Any]:
    """What a bug came to, kept."""
    built = building.result()
    row: dict[str, Any] = {"state": State.BROKEN.value, "why": built.why}
    if built.kernel is not None:
        row = {"image": built.image, "build_seconds": round(built.kernel.seconds, 3)}
        try:
            row |= _noticed(ground, built.kernel) if built.twin is None else _same(built.twin)
        finally:
            forget(built.kernel.image)  # megabytes, that nobody asks for again
    ground.bench.store.put_row(ground.key(mutant), row)
    return row


def _same(twin: str) -> dict[str, Any]:
    if not twin:
        return {"state": State.SAME.value}
    return {"state": State.TWIN.value, "why": f"as {twin}"}


def _noticed(ground: _Ground, kernel: Kernel) -> dict[str, Any]:
    begun, seconds, outcome = False, 0.0, ""
    witnesses: tuple[Catch, ...] = ()
    for batch in ground.batches:
        found, _ = ground.bench.ask(
            kernel, batch, ground.ran & batch.names, deadline=ground.deadline
        )
        begun = begun or found.started
        seconds += found.seconds
        outcome = found.outcome
        if witnesses := found.catches:
            break
    return {
        "state": state(witnesses, "", begun=begun).value,
        "catches": [{"case": c.case, "how": c.how.value, "said": c.said} for c in witnesses],
        "outcome": outcome,
        "boot_seconds": round(seconds, 3),
    }


def _tried(
    field: Field, mutant: Generated, row: Mapping[str, Any], config: frozenset[str]
) -> Tried:
    """A kept row as a trial, with what the set says of the bug today."""
    found = State(row["state"])
    why = str(row.get("why", ""))
    if argued := field.wishes.argued(mutant, field.bench.job.version, config):
        if found is State.SURVIVED:
            found, why = State.EQUIVALENT, argued
        elif found in (State.CAUGHT, State.BOOT):
            found, why = State.WRONG, argued
    trial = Trial(
        mutant.name,
        mutant.kind,
        found,
        why,
        tuple(Catch(c["case"], How(c["how"]), c["said"]) for c in row.get("catches", ())),
        found is State.SAME,
        str(row.get("outcome", "")),
        float(row.get("build_seconds", 0)),
        float(row.get("boot_seconds", 0)),
        bool(row.get("known")),
    )
    return Tried(mutant, field.rings[mutant.name], trial)
