# SPDX-License-Identifier: GPL-2.0-only
"""The full benchmark of a pair: two boots, or none where the ledger has the same one."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from zpmaint.app.job import Job
from zpmaint.build.options import BuildOptions
from zpmaint.build.values import Kernel
from zpmaint.core.errors import InfraError, KernelError
from zpmaint.core.tools import run
from zpmaint.ledger.benchmarks import BenchRecord
from zpmaint.suites.guest.compile import bench_program
from zpmaint.suites.guest.patterns import full_bench
from zpmaint.vm.boot import boot
from zpmaint.vm.initramfs import file, pack
from zpmaint.vm.parallel import in_parallel
from zpmaint.vm.profiles import Accelerator, machine_for, packaged
from zpmaint.vm.values import Outcome

DEADLINE = 900.0
"""Seconds of QEMU's CPU time for one kernel: a minute and a half for all patterns to 512 MB."""
_GUEST_SECONDS = 120  # for one pattern; under KVM the guest's clock is the wall's


@dataclass(frozen=True)
class Asked:
    """What is to be measured."""

    pattern: str
    """A glob over the patterns' names."""
    pages: tuple[int, ...]
    """Sizes, smallest first."""
    huge: bool
    runs: int
    """How often: once, where instructions are counted."""

    @property
    def words(self) -> tuple[str, ...]:
        """For the guest, on the kernel's command line."""
        return (
            "zp.bench=0",
            f"zp.deadline={_GUEST_SECONDS}",
            f"zp.patterns={self.pattern}",
            f"zp.pages={','.join(map(str, self.pages))}",
            f"zp.huge={int(self.huge)}",
            f"zp.runs={self.runs}",
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "pattern": self.pattern,
            "pages": list(self.pages),
            "huge": self.huge,
            "runs": self.runs,
        }


def measure(
    job: Job,
    asked: Asked,
    *,
    build: BuildOptions = BuildOptions(),
    accelerator: Accelerator = Accelerator.ICOUNT,
    again: bool = False,
) -> BenchRecord:
    """The full benchmark of `job`'s pair, from the ledger where it has one of the same inputs, else
    measured and kept there.

    `again` measures even so; where instructions are counted the guests have to say the same, byte
    for byte, as they did. Raises KernelError where a guest does not come to its end, InfraError
    where a machine fails or a repetition says something else.
    """
    full_bench().select(asked.pattern)
    job.session.ledger.ready()
    adopted, kernels = _kernels(job, build)
    program = bench_program(
        build.arch, cache=job.session.places.cache, reporter=job.session.reporter
    )
    initramfs = pack([file("init", program.read_bytes())])
    key = _key(job, kernels, initramfs, asked, accelerator)
    with job.session.leases.take(f"bench-{key}", f"the benchmark of {job.version}"):
        known = job.session.ledger.benchmark(key)
        if known and not again:
            return known
        said = _measured(job, kernels, initramfs, asked, accelerator)
        record = BenchRecord(
            key=key,
            version=str(job.version),
            arch=build.arch,
            patchset=job.patchset.name,
            accelerator=str(accelerator),
            asked=asked.as_json(),
            images={str(kernel.flavour): kernel.inputs for kernel in kernels},
            adopted=adopted,
            finished=time.time(),
            said=said,
        )
        if known and known.deterministic and known.said != said:
            raise InfraError(
                f"{job.version} does not repeat: {_differs(known, said)}",
                "instructions are counted, so it must: an input is missing from the key",
            )
        if not known:
            job.session.ledger.keep(record)
    return record


def _measured(
    job: Job, kernels: list[Kernel], initramfs: bytes, asked: Asked, accelerator: Accelerator
) -> dict[str, str]:
    def said_by(kernel: Kernel, stop: Event) -> str:
        return _said(job, kernel, initramfs, asked, accelerator, stop=stop)

    starts = {str(kernel.flavour): partial(said_by, kernel) for kernel in kernels}
    return in_parallel(starts, accelerator=accelerator)


def _kernels(job: Job, build: BuildOptions) -> tuple[bool, list[Kernel]]:
    kernels = job.kernels(None, build)
    return len(kernels) == 1, kernels


def _key(
    job: Job, kernels: list[Kernel], initramfs: bytes, asked: Asked, accelerator: Accelerator
) -> str:
    """All that a guest's life depends on."""
    machines = job.session.machines
    machine = machine_for(
        kernels[0].image_kind, kernels[0].version, machines=machines, arch=kernels[0].arch
    )
    digest = hashlib.sha256()
    for kernel in kernels:
        command = machine.command(
            accelerator,
            image=Path(kernel.inputs),
            initrd=hashlib.sha256(initramfs).hexdigest(),
            console="",
            results="",
            append=asked.words,
            machines=machines,
        )
        digest.update("\0".join([str(kernel.flavour), *command]).encode())
    qemu = run(
        [(machines or packaged()).board_of(kernels[0].arch).program, "--version"]
    ).stdout.partition(b"\n")[0]
    digest.update(b"\0".join([qemu, job.patchset.name.encode()]))
    return digest.hexdigest()[:32]


def _said(
    job: Job,
    kernel: Kernel,
    initramfs: bytes,
    asked: Asked,
    accelerator: Accelerator,
    *,
    stop: Event,
) -> str:
    name = f"bench-{kernel.version}-{kernel.arch}-{kernel.flavour}-{kernel.inputs[:12]}.log"
    ended = boot(
        kernel,
        initramfs,
        console=job.session.places.state / "consoles" / name,
        reporter=job.session.reporter,
        deadline=DEADLINE,
        accelerator=accelerator,
        append=asked.words,
        cache=job.session.places.cache,
        machines=job.session.machines,
        stop=stop,
    )
    what = f"{kernel.flavour} {kernel.version}"
    if ended.outcome.is_infrastructure:
        raise InfraError(
            f"{what}: the machine failed ({ended.outcome}): {ended.why}",
            f"its console is {ended.console}; try again",
        )
    if ended.outcome is not Outcome.FINISHED or ended.complaints:
        why = ended.why if ended.outcome is not Outcome.FINISHED else ended.complaints[0]
        raise KernelError(f"{what}: {ended.outcome}: {why}", f"its console is {ended.console}")
    return ended.results


def _differs(known: BenchRecord, said: dict[str, str]) -> str:
    for name, text in said.items():
        for before, now in zip(
            known.said.get(name, "").split("\n"), text.split("\n"), strict=False
        ):
            if before != now:
                return f"{name}: {now!r}, not {before!r}"
    return "one report is longer than the other"
