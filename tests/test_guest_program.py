# SPDX-License-Identifier: GPL-2.0-only
"""The guest program: compiled on demand, and run as an ordinary process of this machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from guest_fixtures import needs_linux, program_of, ran

from zpmaint.core import arches
from zpmaint.core.errors import InfraError, UserError
from zpmaint.judge.ktap import read_report
from zpmaint.suites.fault_path.suite import all_cases, init_program
from zpmaint.suites.guest.musl import variable

pytestmark = needs_linux

# Counters of the whole system move with everything else that this machine does.
SYSTEM_WIDE = {
    *("read.meminfo", "state.listed", "overcommit.read"),
    *("unmap.counters", "unmap.leak", "exit.counters", "cow.leak"),
    *("leak.pages", "leak.huge", "leak.userfault", "leak.group"),
    "lock.shared",
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return init_program("x86_64", cache=tmp_path_factory.mktemp("cache"))


def test_it_is_one_static_program(program: Path) -> None:
    head = program.read_bytes()
    assert head[:4] == b"\x7fELF"
    assert b"ld-musl" not in head
    assert program.stat().st_mode & 0o111


def test_its_table_is_the_suite(program: Path) -> None:
    assert ran(program, "--list").split() == [case.name for case in all_cases()]


def test_it_says_how_it_is_used(program: Path) -> None:
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout.startswith("usage: init --list | --run")


def test_it_is_compiled_once(tmp_path: Path) -> None:
    first = program_of(tmp_path, bodies={"a.b": ""})
    stamp = first.stat().st_mtime_ns
    assert program_of(tmp_path, bodies={"a.b": ""}) == first
    assert first.stat().st_mtime_ns == stamp
    assert program_of(tmp_path, bodies={"a.b": "/* changed */"}) != first


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("int unused;", "unused variable"),
        ("undeclared();", "undeclared"),
        ("}\nvoid not_in_the_table(void) {", "not_in_the_table"),
    ],
)
def test_sources_with_a_fault_are_refused(tmp_path: Path, body: str, fault: str) -> None:
    with pytest.raises(InfraError, match=fault):
        program_of(tmp_path, bodies={"a.b": body})
    assert not list((tmp_path / "cache").glob("guest/init-*"))


def test_an_unknown_architecture_and_a_missing_musl_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="'sparc'"):
        init_program("sparc", cache=tmp_path)
    monkeypatch.setenv(variable(arches.named("i386")), str(tmp_path / "none"))
    with pytest.raises(InfraError, match=r"no musl for i386.*none"):
        init_program("i386", cache=tmp_path)


def test_the_suite_passes_on_this_machine(program: Path) -> None:
    """The cases are the same code as in the virtual machine; this kernel is one that boots."""
    report = read_report(ran(program, "--run", "zp.bench_mb=8"))
    assert report.problems == ()
    assert list(report.results) == [case.name for case in all_cases()]
    bad = {
        said.name: (said.word, report.details.get(said.name))
        for said in report.results.values()
        if not said.ok and said.name not in SYSTEM_WIDE
    }
    assert not bad
    assert report.figures["start", "pages"] == 2048
    assert report.figures["fresh-write", "MinorFaults"] in range(2048, 2060)


def test_all_oracles_see_the_same(program: Path) -> None:
    report = read_report(ran(program, "--run", "zp.case=*.faults", "zp.bench=0"))
    told = {said.name: said.word for said in report.results.values() if said.word}
    words = {word for name, word in told.items() if name != "write.faults" and word != "ok"}
    assert len(words) == 1 and words <= {"zero-page", "private"}


def test_cases_are_chosen_and_the_benchmark_switched_off(program: Path) -> None:
    said = ran(program, "--run", "zp.case=protect.*", "zp.bench=0")
    report = read_report(said)
    assert report.problems == ()
    assert {name.split(".")[0] for name in report.results} == {"protect"}
    assert "bench" not in said


def test_an_unknown_parameter_is_a_problem(program: Path) -> None:
    report = read_report(ran(program, "--run", "zp.case=read.zero", "zp.bench=0", "zp.bnech=1"))
    assert report.problems == ("the guest says: unknown parameter zp.bnech=1",)


MAP = "char *m = map_pages(4, PROT_READ | PROT_WRITE); "

# A system call with a mark in every register, and what it left of them.
CALL = (
    "unsigned long m[REGISTERS], r[REGISTERS]; mark_registers(m); m[AX] = SYS_getpid; "
    "for (int i = 0; i < REGISTERS; i++) r[i] = m[i]; enter_kernel(r); "
    'if ((int)r[AX] != getpid()) broken("wrong-answer", "x"); r[AX] = m[AX]; '
)
SPOILT = 'if (spoilt_register(r, m, BY_INSTRUCTION) >= 0) broken("lost-register", "x");'

# What a case does, and the result that has to come of it.
ENDINGS = {
    "ends.well": ("", "ok", "ok"),
    "ends.observed": ('observe("mixed");', "ok", "mixed"),
    "ends.broken": ('broken("not-zero", "page %d", 3);', "not ok", "not-zero"),
    "ends.forever": ("for (;;) ;", "not ok", "timeout"),
    "ends.segv": ("raise(SIGSEGV);", "not ok", "killed-by-SIGSEGV"),
    "ends.kill": ("raise(SIGKILL);", "not ok", "killed-by-SIGKILL"),
    "ends.silent": ("_exit(0);", "not ok", "no-word"),
    "child.fails": ("int c = branch(); if (!c) _exit(3); join(c);", "not ok", "child-failed"),
    "child.dies": ("int c = branch(); if (!c) raise(SIGBUS); join(c);", "not ok", "child-killed"),
    "child.tells": (
        'int c = branch(); if (!c) broken("lost-write", "x"); join(c);',
        "not ok",
        "lost-write",
    ),
    # What a case leaves running does not hold the suite up.
    "child.stays": ("if (!branch()) for (;;) pause();", "ok", "ok"),
    # The helpers that the cases stand on see what is wrong.
    "sees.zero": (MAP + 'must_be_zero(m, 4, "x");', "ok", "ok"),
    "sees.dirt": (
        MAP + 'm[2 * PAGE + 9] = 1; must_be_zero(m, 4, "x");',
        "not ok",
        "not-zero",
    ),
    "sees.filled": (
        MAP + 'fill_pages(m, 4, 1); m[PAGE - 1] ^= 4; must_be_filled(m, 4, 1, "x");',
        "not ok",
        "lost-write",
    ),
    "sees.written": (
        MAP + 'write_pages(m, 4, 1); m[3 * PAGE] ^= 4; must_be_written(m, 4, 1, "x");',
        "not ok",
        "lost-write",
    ),
    "sees.rest": (
        MAP + 'write_pages(m, 4, 1); m[PAGE + 1] = 4; must_be_written(m, 4, 1, "x");',
        "not ok",
        "not-zero",
    ),
    "sees.none": ('observe_by_growth(3, 1024, "x");', "ok", "zero-page"),
    "sees.all": ('observe_by_growth(1024, 1024, "x");', "ok", "private"),
    "sees.half": ('observe_by_growth(512, 1024, "x");', "not ok", "mixed"),
    "registers.kept": (CALL + SPOILT, "ok", "ok"),
    "registers.lost": (CALL + "r[BP] ^= 1; " + SPOILT, "not ok", "lost-register"),
    # Half of the memory present and zero: reading takes only half of the faults.
    "sees.present": (
        "char *m = map_pages(128, PROT_READ | PROT_WRITE); "
        "for (int i = 0; i < 64; i++) ((volatile char *)m)[i * PAGE] = 0; "
        "observe_by_faults(m, 128);",
        "not ok",
        "faults-differ",
    ),
}


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> str:
    bodies = {name: body for name, (body, _, _) in ENDINGS.items()}
    bodies["ends.skipped"] = 'skip("no %s", "pagemap");'
    made = program_of(tmp_path_factory.mktemp("endings"), bodies=bodies)

    return ran(made, "--run", "zp.bench=0", "zp.deadline=2")


@pytest.mark.parametrize("name", ENDINGS)
def test_however_a_case_ends_it_is_reported_so(endings: str, name: str) -> None:
    said = read_report(endings).results[name]
    _, verdict, word = ENDINGS[name]
    assert ("ok" if said.ok else "not ok", said.word) == (verdict, word)


def test_a_report_of_broken_cases_is_whole(endings: str) -> None:
    report = read_report(endings)
    assert report.problems == ()
    assert list(report.results) == [*ENDINGS, "ends.skipped"]
    assert report.results["ends.skipped"].skip == "no pagemap"
    assert report.details["ends.broken"] == ("page 3",)


def test_a_case_of_the_full_profile_runs_only_where_it_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = '[[case]]\nname = "a.b"\nreason = "r"\ntags = ["full"]\nprofile = "full"\n'
    program = program_of(tmp_path, bodies={"a.b": ""}, table=table)
    said = read_report(ran(program, "--run", "zp.bench=0")).results["a.b"]
    assert said.skip == "only in the full profile"
    said = read_report(ran(program, "--run", "zp.bench=0", "zp.profile=full")).results["a.b"]
    assert (said.ok, said.word) == (True, "ok")


def test_a_case_of_other_kernels_is_skipped_with_its_range(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = "".join(
        f'[[case]]\nname = "a.{name}"\nreason = "r"\ntags = ["t"]\n{era}\n'
        for name, era in {
            "old": 'until = "2.6.24-rc1"',
            "future": 'since = "99.0-rc1"',
            "now": 'since = "2.6.12"\nuntil = "99.0"',
        }.items()
    )
    bodies = dict.fromkeys(("a.old", "a.future", "a.now"), "")
    said = ran(program_of(tmp_path, bodies=bodies, table=table), "--run", "zp.bench=0")
    assert re.search(r"^ok 1 a\.old # SKIP only on Linux before 2\.6\.24-rc1$", said, re.M)
    assert re.search(r"^ok 2 a\.future # SKIP only on Linux 99\.0-rc1 and later$", said, re.M)
    assert re.search(r"^ok 3 a\.now # observed: ok$", said, re.M)
