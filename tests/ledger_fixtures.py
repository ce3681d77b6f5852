# SPDX-License-Identifier: GPL-2.0-only
"""Records as real verifications leave them, for the ledger, the matrix and the status page."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from zpmaint.core.result import Result
from zpmaint.ledger import codec
from zpmaint.ledger.database import packaged_steps
from zpmaint.ledger.stages import BuildRecord, PortRecord, RunsRecord, VerdictRecord
from zpmaint.ledger.upgrades import upgraded
from zpmaint.ledger.values import Record

SET = "no-anon-zero-page"
NOON = 1_795_608_000.0  # 2026-11-25 12:00:00 UTC
PAGES = 16_384
KB = PAGES * 4

PATCH = """\
From: The Author <author@example.org>
Subject: mm: no zero page for anonymous read faults

--- a/mm/memory.c
+++ b/mm/memory.c
@@ -4880,16 +4880,6 @@ static vm_fault_t do_anonymous_page(struct vm_fault *vmf)
 \tif (pte_alloc(vma->vm_mm, vmf->pmd))
 \t\treturn VM_FAULT_OOM;
\x20
-\t/* Use the zero-page for reads */
-\tif (!(vmf->flags & FAULT_FLAG_WRITE) &&
-\t\t\t!mm_forbids_zeropage(vma->vm_mm)) {
-\t\tentry = pte_mkspecial(pfn_pte(my_zero_pfn(vmf->address),
-\t\t\t\t\t\tvma->vm_page_prot));
-\t}
-
 \t/* Allocate our own private page. */
"""

CASES = (
    ("anon-read-zero", False),
    ("anon-read-distinct-pfns", True),
    ("anon-read-then-write-faults", True),
    ("bss-read", False),
    ("brk-read", False),
    ("stack-growth", False),
    ("mprotect-ro-rw", False),
    ("fork-isolation", False),
    ("fork-grandchildren", False),
    ("madvise-dontneed", False),
    ("mremap-grow", False),
    ("mlock-populate", False),
    ("gup-direct-read", False),
    ("ksm-use-zero-pages", False),
    ("thp-huge-zero", True),
    ("userfaultfd-missing-read", False),
)


def hunk(
    scope: str = "do_anonymous_page",
    placed: str = "three-way",
    confidence: float = 0.94,
    why: str = "two context lines renamed by 6f0e1d8 (folios); the removed lines are the same",
    offset: int | None = 41,
) -> dict[str, Any]:
    return {
        "header": "@@ -4361,16 +4361,6 @@",
        "scope": scope,
        "placed": placed,
        "confidence": confidence,
        "why": why,
        "offset": offset,
    }


def port(
    version: str, state: str = "ported", *hunks: dict[str, Any], conflict: str | None = None
) -> dict[str, Any]:
    found = list(hunks) or ([] if state == "upstream" else [hunk()])
    return {
        "version": version,
        "patchset": SET,
        "state": state,
        "anchor": "v6.12" if version.startswith(("5", "6", "7")) else "v2.6.20.4",
        "confidence": min((h["confidence"] for h in found), default=1.0),
        "why": {
            "applies": "patch -F0 takes the anchor itself",
            "ported": "1 hunk placed by three-way merge, checks passed",
            "upstream": "557ed1fa2620 removed ZERO_PAGE from anonymous read faults",
            "conflict": "mm/memory.c: do_anonymous_page: the removed branch is not there",
        }[state],
        "patch": PATCH if state in ("applies", "ported") else None,
        "files": [{"path": "mm/memory.c", "conflict": conflict, "hunks": found}] if found else [],
    }


def kernel(version: str, arch: str, flavour: str, seconds: float) -> dict[str, Any]:
    old = version.startswith("2.")
    return {
        "version": version,
        "arch": arch,
        "flavour": flavour,
        "image": f"/var/lib/zpmaint/{version}/{flavour}/vmlinux",
        "image_kind": "bzImage" if old else "vmlinux",
        "profile": "legacy" if old else "modern",
        "toolchain": "legacy: gcc (Debian 12.2.0-14) 12.2.0 as gcc 4.2" if old else "gcc 12.2.0",
        "fixups": ["mixed-rules", "pound-in-make-cmd"] if old else [],
        "inputs": "5d41402abc4b2a76b9719d911017c592",
        "seconds": seconds,
        "log": f"/var/lib/zpmaint/{version}/{flavour}/build.log",
    }


def boot(outcome: str = "finished", **more: Any) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "why": "init ran to its end",
        "results": "TAP version 13\n",
        "console": "/var/lib/zpmaint/console",
        "complaints": [],
        "seconds": 3.4,
        "accelerator": "tcg,icount",
        "deterministic": True,
        "command": ["qemu-system-x86_64", "-M", "pc,hpet=off", "-append", "quiet reboot=t"],
        "tail": "zpinit: suite: 16 cases\nzpinit: bench: 16384 pages\nzpinit: end\n",
        **more,
    }


def case(
    name: str, flips: bool, *, patched: bool = True, stock_mark: str = "pass", mark: str = "pass"
) -> dict[str, Any]:
    def seen(which: str, how: str) -> dict[str, Any]:
        expected = ("zero-page" if which == "stock" else "own-page") if flips else "ok"
        observed = {"pass": expected, "fail": "zero-page", "skip": "no CONFIG_KSM here"}
        return {
            "mark": how,
            "observed": observed.get(how, "no result"),
            "expected": expected,
            "detail": "",
        }

    return {
        "name": name,
        "stock": seen("stock", stock_mark),
        "patched": seen("patched", mark) if patched else None,
        "flips": flips,
    }


def delta(
    counter: str,
    stock: float,
    patched: float | None,
    telling: bool,
    *,
    phase: str = "read",
    unit: str = "kB",
    note: str = "",
) -> dict[str, Any]:
    return {
        "counter": counter,
        "phase": phase,
        "unit": unit,
        "stock": stock,
        "patched": patched,
        "telling": telling,
        "exact": True,
        "note": note,
    }


def modern_deltas(read: float, wrote: float, fresh: float, patched_read: float) -> list[Any]:
    rate = "instructions/page"
    return [
        delta("VmRSS", 0, KB, True),
        delta("RssAnon", 0, KB, True),
        delta("AnonPages", 0, KB, False, note="batched per CPU; may lag"),
        delta("MemFree", 1_204, KB - 312, False, note="lags by 1 to 60 MB; asserts nothing"),
        delta("minor faults", PAGES, PAGES, False, unit="faults"),
        delta("minor faults", PAGES, 0, True, phase="write", unit="faults"),
        delta("instructions", read, patched_read, True, unit=rate),
        delta("instructions", wrote, 4.0, True, phase="write", unit=rate),
        delta("instructions", fresh, fresh + 4, False, phase="fresh-write", unit=rate),
    ]


def old_deltas() -> list[Any]:
    rate = "instructions/page"
    trap = "counts the mapped zero page too (file_rss), so stock and patched look the same"
    return [
        delta("VmRSS", 65_612, 65_616, False, note=trap),
        delta("AnonPages", 20, 65_560, True),
        delta("MemFree", 176, 65_696, True),
        delta("statm shared", 16_398, 14, True, unit="pages"),
        delta("minor faults", 16_402, 16_403, False, unit="faults"),
        delta("minor faults", 16_384, 0, True, phase="write", unit="faults"),
        delta("instructions", 702.4, 1_340.7, True, unit=rate),
        delta("instructions", 1_560.2, 4.1, True, phase="write", unit=rate),
    ]


STAGES = {"port": PortRecord, "build": BuildRecord, "runs": RunsRecord, "verdict": VerdictRecord}


def record(version: str, result: Result = Result.PASS, **more: Any) -> Record:
    """A record of `version`; the keyword arguments are laid over it. Stages may be documents as
    format 1 has them."""
    documents = upgraded({name: more.get(name) for name in STAGES}, 1)
    for name, kind in STAGES.items():
        if isinstance(documents[name], dict):
            more[name] = codec.from_json(kind, documents[name], name) if documents[name] else None
    began = more.pop("started", NOON)
    made: dict[str, Any] = {
        "key": f"key-{version}",
        "version": version,
        "arch": "x86_64",
        "patchset": SET,
        "result": result,
        "why": "16 cases and 4 telling counters as expected on both kernels",
        "started": began,
        "finished": began + 312.5,
        "seconds": {"source": 31.0, "port": 0.4, "build": 241.2, "boot": 7.9},
    }
    return Record(**(made | more))


def passing(version: str, deltas: list[Any], state: str = "ported", **more: Any) -> Record:
    arch = more.get("arch", "x86_64")
    cases = [case(n, f) for n, f in CASES[:-3]]
    cases += [case(n, f, stock_mark="skip", mark="skip") for n, f in CASES[-3:]]
    made = {
        "port": port(version, state),
        "build": {
            "stock": kernel(version, arch, "stock", 236.8),
            "patched": kernel(version, arch, "patched", 4.4),
        },
        "runs": {"stock": boot(), "patched": boot()},
        "verdict": {
            "passed": True,
            "why": "16 cases and 4 telling counters as expected on both kernels",
            "cases": cases,
            "deltas": deltas,
            "failures": [],
        },
    }
    return record(version, **(made | more))


def samples() -> list[Record]:
    """One of each: what the ledger holds after a lively week."""
    day = 86_400.0
    good = modern_deltas(853.1, 2_258.4, 2_022.9, 2_110.2)
    hang_tail = (
        "Freeing unused kernel image memory: 1204K\n"
        "Run /init as init process\n"
        "zpinit: case anon-read-zero\n"
        "rcu: INFO: rcu_sched self-detected stall on CPU\n"
        "rcu: \t0-....: (2099 ticks this GP) idle=a01/1/0x4000000000000000\n"
        "RIP: 0010:do_anonymous_page+0x1f2/0x640\n"
    )
    stall = "rcu: INFO: rcu_sched self-detected stall on CPU"
    upstream_cases = [case(n, f, patched=False) for n, f in CASES[:12]]
    for row in upstream_cases:
        if row["flips"]:
            row["stock"] |= {"observed": "own-page", "expected": "own-page"}
    return [
        passing("6.12.94", good, started=NOON - 6 * day),
        passing("6.12.107", good, started=NOON),
        passing("6.1.176", modern_deltas(774.0, 2_272.8, 2_077.2, 2_076.9), started=NOON - day),
        passing(
            "2.6.21",
            old_deltas(),
            "applies",
            port=port(
                "2.6.21",
                "applies",
                hunk("do_wp_page", "offset", 1.0, "same bytes, 13 lines further down", 13),
                hunk("do_anonymous_page", "exact", 1.0, "same bytes, same place", 0),
            ),
            started=NOON - 2 * day,
        ),
        record(
            "2.6.24",
            why="upstream has it: 12 cases as expected on the stock kernel",
            port=port("2.6.24", "upstream"),
            build={"stock": kernel("2.6.24", "x86_64", "stock", 48.2), "patched": None},
            runs={"stock": boot(), "patched": None},
            verdict={
                "passed": True,
                "why": "12 cases as expected on the stock kernel",
                "cases": upstream_cases,
                "deltas": [
                    delta("VmRSS", 65_592, None, True),
                    delta("AnonPages", 65_540, None, True),
                    delta("instructions", 1_298.3, None, True, unit="instructions/page"),
                ],
                "failures": [],
            },
            started=NOON - 2 * day,
        ),
        passing("7.2.6", modern_deltas(863.5, 2_380.3, 2_273.6, 2_265.6), started=NOON - 5 * day),
        record(
            "7.3-rc7",
            Result.FAIL,
            why=f"patched: hang after 120 s in case anon-read-zero: {stall}",
            port=port(
                "7.3-rc7",
                "ported",
                hunk(placed="identifiers", confidence=0.71, why="my_zero_pfn is zero_pfn here"),
                hunk("do_huge_pmd_anonymous_page", "scope", 0.83, "found by its scope", 212),
            ),
            build={
                "stock": kernel("7.3-rc7", "x86_64", "stock", 301.0),
                "patched": kernel("7.3-rc7", "x86_64", "patched", 4.9),
            },
            runs={
                "stock": boot(),
                "patched": boot(
                    "hang",
                    why=f"no end after 120 s; last: {stall}",
                    complaints=[stall],
                    tail=hang_tail,
                    seconds=120.0,
                ),
            },
            verdict={
                "passed": False,
                "why": "patched: hang after 120 s in case anon-read-zero",
                "cases": [case(n, f, mark="lost") for n, f in CASES],
                "deltas": [delta("VmRSS", 0, None, True)],
                "failures": [
                    "patched: hang after 120 s in case anon-read-zero",
                    f"patched: the console complains: {stall}",
                    "anon-read-zero: patched: lost",
                ],
            },
            started=NOON - day / 2,
        ),
        record(
            "5.10.262",
            Result.CONFLICT,
            why="mm/memory.c: do_anonymous_page: the removed branch is not there",
            port=port(
                "5.10.262",
                "conflict",
                hunk(placed="conflict", confidence=0.0, why="no rule settles it", offset=None),
                conflict="<<<<<<< 5.10.262\n\tif (userfaultfd_missing(vma))\n||||||| v6.12\n"
                "\tif (vmf_pte_changed(vmf))\n=======\n>>>>>>> v6.12 patched\n",
            ),
            seconds={"source": 12.0, "port": 0.3},
            started=NOON - 3 * day,
        ),
        record(
            "2.6.23",
            Result.BUILD,
            why="patched: mm/memory.c:2104: error: 'entry' undeclared",
            port=port("2.6.23", "applies"),
            build={"stock": kernel("2.6.23", "x86_64", "stock", 51.0), "patched": None},
            seconds={"source": 2.1, "port": 0.2, "build": 55.0},
            started=NOON - 3 * day,
        ),
        record(
            "6.18.15",
            Result.INFRA,
            why="debian: linux_6.18.15.orig.tar.xz: 404 Not Found",
            seconds={"source": 4.0},
            started=NOON - day,
        ),
        record(
            "6.1.176",
            Result.INFRA,
            key="key-6.1.176-b",
            why="No space left on device",
            started=NOON + 400,
        ),
    ]


OLD = (
    "key", "version", "arch", "patchset", "result", "why", "started", "finished", "port", "build",
    "runs", "verdict", "seconds",
)  # fmt: skip
"""The columns of a record before projects were told apart."""


def old_row(version: str, result: str = "pass", **more: Any) -> dict[str, Any]:
    """A record as schema 1 and 2 hold it, documents of format 1."""
    made = {
        "key": f"key-{version}",
        "version": version,
        "arch": "x86_64",
        "patchset": SET,
        "result": result,
        "why": "16 cases as expected",
        "started": NOON,
        "finished": NOON + 312.5,
        "port": port(version),
        "build": {"stock": kernel(version, "x86_64", "stock", 236.8), "patched": None},
        "runs": {"stock": boot(), "patched": boot(tail="\udcff")},
        "verdict": {
            "passed": result == "pass",
            "why": "16 cases as expected",
            "cases": [case(name, flips) for name, flips in CASES],
            "deltas": old_deltas(),
            "failures": [],
        },
        "seconds": {"port": 0.4, "build": 241.2, "boot": 7.9},
    }
    return made | more


def old_ledger(path: Path, schema: int, *rows: dict[str, Any]) -> None:
    """A ledger as an older zpmaint left it: schema 1, or 2, which knows benchmarks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path)
    for script in packaged_steps()[:schema]:
        db.executescript(script)
    for number, row in enumerate(rows):
        texts = [
            json.dumps(value) if isinstance(value, dict) else value
            for value in (row[name] for name in OLD)
        ]
        db.execute(
            f"INSERT INTO record (digest, {', '.join(OLD)}) VALUES (?{', ?' * len(OLD)})",
            (f"digest-{number}", *texts),
        )
    db.execute(f"PRAGMA user_version = {schema}")
    db.execute(f"PRAGMA application_id = {0x7A706D74}")
    db.commit()
    db.close()
