# SPDX-License-Identifier: GPL-2.0-only
"""The full benchmarks that the ledger has, and what they mean. Nothing is measured here."""
# ruff: noqa: PLC0415  most who ask which there are find none, or judge none

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zpmaint.app.session import Session
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.benchmarks import BenchRecord

if TYPE_CHECKING:
    from zpmaint.judge.benchmark import Benchmark, Kernel


def judged(record: BenchRecord) -> Benchmark:
    """What a benchmark means."""
    from zpmaint.judge import benchmark as judging
    from zpmaint.judge.kernel_report import is_of
    from zpmaint.judge.measured import places, read_measured
    from zpmaint.suites.guest.patterns import full_bench

    bench = full_bench()
    version = KernelVersion.parse(record.version)
    asked = record.asked
    wanted = places(bench.select(asked["pattern"]), asked["pages"], huge=asked["huge"])

    def kernel(name: str) -> Kernel:
        said = read_measured(record.said[name], bench.pattern, asked["runs"], wanted)
        if said.release and not is_of(said.release, version):
            said.problems.append(f"the kernel that ran is {said.release}, not {version}")
        private = record.adopted or name == "patched"
        return judging.Kernel(name, said, private, record.deterministic)

    patched = kernel("patched") if "patched" in record.said else None
    return judging.compare(bench, version, kernel("stock"), patched)


def document(record: BenchRecord) -> dict[str, Any]:
    """A benchmark as JSON: the same inputs give the same bytes where instructions are counted.

    No time of day, no wall time and no path is in it."""
    from zpmaint.judge.reading import sentences

    found = judged(record)
    return {
        "schema": 1,
        "kernel": record.version,
        "arch": record.arch,
        "patch": record.patchset,
        "accelerator": record.accelerator,
        "repeatable": record.deterministic,
        "adopted": record.adopted,
        # In one order, whether it was measured just now or comes from the ledger.
        "asked": dict(sorted(record.asked.items())),
        "images": dict(sorted(record.images.items())),
        "key": record.key,
        "reading": sentences(found),
        **found.as_json(),
    }


def recorded(session: Session, patchset: str | None = None, arch: str = "") -> list[BenchRecord]:
    """For each kernel the benchmark that tells most, oldest kernel first."""
    best: dict[tuple[str, str, str], BenchRecord] = {}
    for record in session.ledger.benchmarks():
        if patchset not in (None, record.patchset) or arch not in ("", record.arch):
            continue
        name = (record.version, record.arch, record.patchset)
        if name not in best or best[name].rank < record.rank:
            best[name] = record
    return sorted(best.values(), key=lambda r: (KernelVersion.parse(r.version), r.arch))
