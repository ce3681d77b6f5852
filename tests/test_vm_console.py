# SPDX-License-Identifier: GPL-2.0-only
"""Which console lines tell of a broken kernel: lines as kernels printed them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import zpmaint.vm
from zpmaint.vm import console

COMPLAINTS = [
    # x86_64 2.6.21, seen
    "Kernel BUG at ffffffff802233b0 [verbose debug info unavailable]",
    "invalid opcode: 0000 [1] ",
    # 2.6.20 .. 2.6.24, from their sources
    "Unable to handle kernel NULL pointer dereference at 0000000000000008 RIP: ",
    "Oops: 0002 [1] SMP ",
    "general protection fault: 0000 [1] ",
    "Bad page state in process 'init'",
    "Eeek! page_mapcount(page) went negative! (-1)",
    "mm/memory.c:117: bad pmd ffff81000f8c7008(0000000000000001).",
    "/build/src/mm/memory.c:117: bad pmd ffff81000f8c7008(0000000000000001).",
    "Bad pte = 8000000000000067, process = init, vm_flags = 100073, vaddr = 400000",
    "swap_free: Bad swap file entry 7000000000000000",
    "BUG: soft lockup detected on CPU#0!",
    "BUG: scheduling while atomic: init/0x00000001/1",
    "WARNING: at mm/page_alloc.c:1234 __alloc_pages()",
    "[ INFO: possible circular locking dependency detected ]",
    "INFO: RCU detected CPU 0 stall (t=4294937296/1000 jiffies)",
    "[ BUG: lock held when returning to user space! ]",
    "Badness in do_wp_page at mm/memory.c:1500",
    "slab error in cache_free_debugcheck(): cache `vm_area_struct': double free detected",
    # 5.10 .. 7.2
    "UBSAN: array-index-out-of-bounds in mm/memory.c:1:2",
    "[    1.234567] BUG: Bad rss-counter state mm:(____ptrval____) type:MM_ANONPAGES val:-1",
    "[    1.234567][    T1] BUG: Bad page map in process init  pte:8000000001ab7867 pmd:01ab6067",
    "BUG: non-zero pgtables_bytes on freeing mm: 4096",
    "BUG: kernel NULL pointer dereference, address: 0000000000000008",
    "BUG: unable to handle page fault for address: ffffea0000000008",
    "Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] PREEMPT",
    "Oops: Oops: 0002 [#1]",
    "kernel BUG at mm/memory.c:4321!",
    "WARNING: CPU: 0 PID: 1 at mm/memory.c:3000 do_anonymous_page+0x12/0x340",
    "WARNING: mm/memory.c:3000 at do_anonymous_page+0x12/0x340, CPU#0: init/1",
    "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [init:1]",
    "rcu: INFO: rcu_sched self-detected stall on CPU",
    "INFO: task init:1 blocked for more than 120 seconds.",
    "WARNING: possible circular locking dependency detected",
    "WARNING: bad unlock balance detected!",
    "WARNING: lock held when returning to user space!",
    "WARNING: init/1 still has locks held!",
    "DEBUG_LOCKS_WARN_ON(depth <= 0)",
    "page dumped because: VM_BUG_ON_FOLIO(folio_mapped(folio))",
    "pagealloc: memory corruption",
    "BUG: KASAN: use-after-free in do_anonymous_page+0x1/0x2",
    "BUG: sleeping function called from invalid context at mm/memory.c:1",
    "PANIC: double fault, error_code: 0x0",
    "list_add corruption. next->prev should be prev (ffff), but was dead.",
    "refcount_t: underflow; use-after-free.",
]

HARMLESS = [
    "Linux version 6.12.107 (u@h) (gcc (Debian 12.2.0-14+deb12u1) 12.2.0) #1",
    "CPU: Your system may be unstable.",
    "Speculative Store Bypass: Vulnerable",
    "Dentry cache hash table entries: 131072 (order: 8, 1048576 bytes, linear)",
    "random: crng init done",
    "init[17]: segfault at 0 ip 0000000000401234 sp 00007ffd error 4 in init",
    "traps: init[17] general protection fault ip:401234 sp:7ffd error:0 in init",
    "traps: init[17] trap invalid opcode ip:401234 sp:7ffd error:0 in init[401000+1000]",
    "Freeing unused kernel memory: 136k freed",
    "Memory: 255900k/262016k available (867k kernel code, 5512k reserved, 316k data, 136k init)",
    "debug: unmapping init memory",
]


@pytest.mark.parametrize("line", COMPLAINTS)
def test_complaint(line: str) -> None:
    found = console.complaints(console.lines(f"before\r\n{line}\r\nafter\r\n"))
    assert len(found) == 1
    assert found[0] in line


@pytest.mark.parametrize("line", HARMLESS)
def test_harmless(line: str) -> None:
    read = console.lines(line)
    assert read
    assert not console.complaints(read)
    assert not console.panic(read)
    assert not console.farewell(read)


def test_time_stamps_and_carriage_returns_go() -> None:
    text = "<4>[    0.000000] one\r\r\n\r\n[   12.345678][    C0] two  \nthree [1.0]\r\n\0"
    assert console.lines(text) == ("one", "two", "three [1.0]")


def test_every_pattern_has_a_reason_and_a_line_above() -> None:
    """A pattern that no sample line meets is a guess; nothing is left in console.toml untested."""
    path = Path(zpmaint.vm.__file__).with_name("console.toml")
    table = tomllib.loads(path.read_text())
    for row in [row for rows in table.values() for row in rows]:
        assert row["why"]
    untested = [
        row["pattern"]
        for row in table["complaint"]
        if not any(re.search(row["pattern"], console.lines(line)[0]) for line in COMPLAINTS)
    ]
    assert untested == []


CONSOLE = """[    0.1] Linux version
[    0.2] BUG: early
[    1.0] zpmaint: case read.zero
[    1.1] zpmaint: case read.after-write
[    1.2][    T7] one
[    1.3] BUG: two
<4>[    1.4] zpmaint: case huge.read
zpmaint: end of the cases
[    2.0] BUG: late
"""


def test_a_console_is_read_case_by_case() -> None:
    found = console.parts(console.lines(CONSOLE))
    assert [(part.case, part.complaints) for part in found] == [
        ("", ("BUG: early",)),
        ("read.zero", ()),
        ("read.after-write", ("BUG: two",)),
        ("huge.read", ()),
        ("", ("BUG: late",)),
    ]
    assert found[2].lines == ("one", "BUG: two")


@pytest.mark.parametrize(
    "line", ["xzpmaint: case read.zero", "zpmaint: case", "zpmaint: case Read", "zpmaint: case a b"]
)
def test_only_a_whole_mark_is_one(line: str) -> None:
    assert [part.case for part in console.parts(console.lines(line))] == [""]
