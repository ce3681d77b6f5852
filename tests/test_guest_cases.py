# SPDX-License-Identifier: GPL-2.0-only
"""The suite's tables: sound in themselves, and in step with C and with the patch sets."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

import pytest

from zpmaint.core.eras import Era
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.suites.cases import read_cases, select
from zpmaint.suites.counters import read_counters
from zpmaint.suites.fault_path.suite import SOURCES, all_cases, all_counters
from zpmaint.suites.guest.table import table_header, table_source

PATCHES = Path(__file__).parent.parent / "patches"
ROW = '[[case]]\nname = "a.b"\nreason = "r"\ntags = ["t"]\n'
DEFECT = '[[case.defect]]\nsince = "2.6.29-rc1"\nuntil = "2.6.32-rc1"\nword = "stuck"\nwhy = "w"\n'

NEEDY = ROW + 'needs = "CONFIG_X"\n'
LACK = '[[case.lacks]]\narch = "i386"\nsince = "2.6.26"\nuntil = "2.6.28"\nwhy = "w"\n'


def test_what_kernels_of_an_architecture_lack_is_in_the_table_of_that_one() -> None:
    cases = read_cases(NEEDY + LACK)
    row = '{"a.b", RELEASE(2, 6, 26), RELEASE(2, 6, 28), "w"}'
    assert f"\t{row},\n" in table_source(cases, "i386")
    assert row not in table_source(cases, "x86_64")


def test_a_case_that_no_kernel_of_an_architecture_has_is_skipped_there_and_must_run_elsewhere() -> (
    None
):
    """It has no function there, and needs no `needs`, by which it could be skipped everywhere."""
    (case,) = read_cases(ROW + '[[case.lacks]]\narch = ["arm64", "riscv64"]\nwhy = "no ports"\n')
    source = table_source([case], "arm64")
    assert '{"a.b", 0, 0, 0, "", 0}' in source and '{"a.b", 0, 0, "no ports"}' in source
    assert '{"a.b", a_b, 0, 0, "", 0}' in table_source([case], "x86_64")
    version = KernelVersion.parse("6.12")
    assert case.must_run(version) and not case.must_run(version, arch="riscv64")


def test_the_suite_is_read() -> None:
    cases = all_cases()
    assert len(cases) >= 40
    assert len({case.name for case in cases}) == len(cases)
    faults = next(case for case in cases if case.name == "read.faults")
    assert faults.era == Era() and not faults.needs
    assert faults.must_run(KernelVersion.parse("2.6.16"))


def test_each_c_function_of_the_table_is_there_once() -> None:
    text = "".join(path.read_text() for path in sorted(SOURCES.glob("cases_*.c")))
    defined = re.findall(r"^void (\w+)\(void\)$", text, re.M)
    assert sorted(defined) == sorted(case.function for case in all_cases())


def test_the_generated_table_holds_names_functions_and_ranges() -> None:
    rows = read_cases(
        ROW + '[[case]]\nname = "c.d-e"\nreason = "r"\ntags = ["t"]\n'
        'since = "2.6.25-rc1"\nuntil = "4.0"\n'
    )
    assert table_header(rows) == "void a_b(void);\nvoid c_d_e(void);\n"
    source = table_source(rows, "x86_64")
    assert '{"a.b", a_b, 0, 0, "", 0}' in source
    assert (
        '{"c.d-e", c_d_e, RELEASE(2, 6, 25), RELEASE(4, 0, 0), '
        '"2.6.25-rc1 and later, before 4.0", 0}' in source
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (ROW + 'since_ = "4.0"\n', "unknown key 'since_'"),
        (ROW.replace('"r"', '""'), "reason: missing"),
        (ROW.replace("a.b", "ab"), "name: 'ab'"),
        (ROW.replace("a.b", "a.b;system"), "name: 'a.b;system'"),
        (ROW + DEFECT.replace("why", "whence"), "defect[1]: unknown key 'whence'"),
        (ROW + DEFECT.replace('until = "2.6.32-rc1"', ""), "defect[1].until: missing"),
        (ROW + LACK, "lacks[1]: a case that may be skipped says in `needs`"),
        (NEEDY + LACK.replace("i386", "i387"), "arch: 'i387'"),
        (NEEDY + LACK.replace('"w"', "'say \"w\"'"), "why: a quote"),
        (NEEDY + LACK.replace('until = "2.6.28"', ""), "until: missing"),
        (ROW + ROW, "share the function a_b"),
        (ROW + ROW.replace("a.b", "a-b"), "share the function a_b"),
        (ROW + 'profile = "fat"\n', "profile: 'fat'"),
        (ROW + 'profile = "full"\n', "tags: lack 'full'"),
        (ROW + 'since = "soon"\n', "'soon' is not a kernel version"),
        ("[[case", "not TOML"),
    ],
)
def test_a_wrong_table_is_refused(text: str, fault: str) -> None:
    with pytest.raises(UserError, match=re.escape(fault)):
        read_cases(text)


def test_cases_are_selected_by_glob() -> None:
    assert {case.name.split(".")[0] for case in select(all_cases(), "fork.*")} == {"fork"}


def test_cases_are_selected_by_tag_and_by_several_words() -> None:
    cases = all_cases()
    assert select(cases, "flip") == tuple(case for case in cases if "flip" in case.tags)
    both = select(cases, "fork.storm", "read.zero", "fork.*")
    assert both == tuple(c for c in cases if c.name == "read.zero" or c.name.startswith("fork."))


def test_a_word_that_selects_nothing_is_told_with_what_comes_near() -> None:
    with pytest.raises(UserError, match=r"no case and no tag is 'fork\.strom'.*fork\.storm"):
        select(all_cases(), "read.*", "fork.strom")
    with pytest.raises(UserError, match=r"'acounting'.*accounting"):
        select(all_cases(), "acounting")
    with pytest.raises(UserError, match=r"tags: read.*cases: read\.\*"):
        select(all_cases(), "zzz")


def test_a_case_with_a_need_may_be_skipped_and_others_only_outside_their_era() -> None:
    rows = read_cases(
        ROW + 'since = "4.0-rc1"\n' + ROW.replace("a.b", "a.c") + 'needs = "CONFIG_FUTEX"\n'
    )
    assert rows[0].must_run(KernelVersion.parse("4.0-rc2"))
    assert not rows[0].must_run(KernelVersion.parse("3.19"))
    assert not rows[1].must_run(KernelVersion.parse("4.0"))


def test_a_case_of_the_full_profile_must_run_there_and_is_skipped_elsewhere() -> None:
    (case,) = read_cases(ROW.replace('["t"]', '["t", "full"]') + 'profile = "full"\n')
    assert '{"a.b", a_b, 0, 0, "", 1}' in table_source([case], "x86_64")
    version = KernelVersion.parse("6.12")
    assert not case.must_run(version)
    assert case.must_run(version, "full")
    (plain,) = read_cases(ROW)
    assert plain.must_run(version) and plain.must_run(version, "full")


def test_a_known_defect_is_expected_of_its_kernels_alone() -> None:
    (case,) = read_cases(ROW + DEFECT)
    said = [case.expected(KernelVersion.parse(v)) for v in ("2.6.28", "2.6.31.14", "2.6.32-rc1")]
    assert said == ["ok", "stuck", "ok"]


def test_a_stable_release_that_took_the_mend_ends_the_defect_for_its_series() -> None:
    (case,) = read_cases(ROW + DEFECT + 'mended = ["2.6.30.9", "2.6.29.4"]\n')
    told = ("2.6.29", "2.6.29.3", "2.6.29.4", "2.6.29.6", "2.6.30.8", "2.6.30.10", "2.6.31.14")
    said = [case.expected(KernelVersion.parse(v)) for v in told]
    assert said == ["stuck", "stuck", "ok", "ok", "stuck", "ok", "stuck"]


@pytest.mark.parametrize("path", sorted(PATCHES.glob("*/patch.toml")), ids=lambda p: p.parent.name)
def test_patch_sets_name_cases_and_counters_that_there_are(path: Path) -> None:
    table = tomllib.loads(path.read_text())
    cases = {case.name: case for case in all_cases()}
    for flip in table["flip"]:
        assert flip["case"] in cases
        assert cases[flip["case"]].expect == "ok", "a flip replaces no other expectation"
        assert "flip" in cases[flip["case"]].tags
    named = {flip["case"] for flip in table["flip"]}
    assert named == {name for name, case in cases.items() if "flip" in case.tags}
    counters = {counter.name: counter for counter in all_counters()}
    for era in table["telling"]:
        for name in era["counters"]:
            assert counters[name].private
            assert not counters[name].lags
        for name in era.get("silent", ()):
            assert name in counters


def test_eras_of_telling_counters_leave_no_gap() -> None:
    table = tomllib.loads((PATCHES / "no-anon-zero-page/patch.toml").read_text())
    eras = table["telling"]
    assert "since" not in eras[0] and "until" not in eras[-1]
    for before, after in itertools.pairwise(eras):
        assert before["until"] == after["since"]


COUNTER = '[[counter]]\nname = "X"\nunit = "kB"\nkind = "level"\nwhy = "w"\n'


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("zero_page = { read = 0.0 }\n", "must name the same passes"),
        ("zero_page = { read = 0.0 }\nprivate = { read = 1.0 }\n", "need a tolerance"),
        (
            "lags = true\nzero_page = { read = 0.0 }\nprivate = { read = 1.0 }\ntolerance = 0.1\n",
            "cannot be asserted",
        ),
        ("zero_page = { sleep = 0.0 }\n", "sleep"),
        ("kin = 1\n", "unknown key"),
    ],
)
def test_a_wrong_counter_is_refused(more: str, fault: str) -> None:
    read_counters(COUNTER)
    with pytest.raises(UserError, match=fault):
        read_counters(COUNTER + more)
