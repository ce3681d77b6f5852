# SPDX-License-Identifier: GPL-2.0-only
"""Which suites a patch set wants, and what of its words names nothing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from zpmaint.app.test_run import check_words
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.load import load_patchset
from zpmaint.patchset.values import PatchSet
from zpmaint.suites.counters import read_counters
from zpmaint.suites.fault_path.suite import all_cases, all_counters
from zpmaint.suites.registry import all_flips, booted, suites_of, wanted

SETS = Path(__file__).parent / "sets"
SHIPPED = Path(__file__).parent.parent / "patches/no-anon-zero-page"
V612 = KernelVersion.parse("6.12.107")


def set_with(folder: Path, more: str = "", *, cases: str = "", like: str = "loadavg") -> PatchSet:
    """The toy set `like`, its patch.toml begun with `more` and its cases followed by `cases`."""
    place = folder / like
    shutil.copytree(SETS / like, place)
    text = (place / "patch.toml").read_text()
    top, tables = more.split("[[", 1) if "[[" in more else (more, "")
    (place / "patch.toml").write_text(top + text + (f"\n[[{tables}" if tables else ""))
    if cases:
        with (place / "cases/cases.toml").open("a") as table:
            table.write(cases)
    return load_patchset(place)


def test_without_a_word_a_set_gets_boot_and_fault_path_and_what_it_brought(tmp_path: Path) -> None:
    assert wanted(load_patchset(SHIPPED)) == ("boot", "fault-path")
    assert wanted(load_patchset(SETS / "loadavg")) == ("boot", "fault-path", "own")
    chosen = set_with(tmp_path, 'suites = ["own"]\n')
    assert [suite.name for suite in suites_of(chosen)] == ["own"]
    # boot is judged on the boots that are made anyway; it makes one where there is no other.
    suites = suites_of(load_patchset(SHIPPED))
    assert [suite.name for suite in booted(suites)] == ["fault-path"]
    assert [s.name for s in booted(suites_of(load_patchset(SHIPPED), ["boot"]))] == ["boot"]


def test_a_case_of_its_own_with_two_words_is_a_flip() -> None:
    patchset = load_patchset(SETS / "loadavg")
    flips = all_flips(patchset, suites_of(patchset))
    assert [(f.case, f.stock, f.patched) for f in flips] == [
        ("loadavg.sign", "slash", "colon"),
        ("loadavg.script", "slash", "colon"),
    ]
    # Debian's busybox runs on nothing older.
    assert KernelVersion.parse("2.6.21") not in flips[1].era
    assert V612 in flips[1].era


FLIP = '[[flip]]\ncase = "{}"\npatched = "private"\nwhy = "w"\n'


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('suites = ["fault-pth"]\n', "no suite is 'fault-pth'.*did you mean: fault-path"),
        ('[[suite]]\nname = "kselftst"\ntargets = ["mm"]\nwhy = "w"\n', "did you mean: kselftest"),
        (FLIP.format("read.fault"), "no case is 'read.fault'.*did you mean: read.faults"),
        (FLIP.format("loadavg.sing"), "did you mean: loadavg.sign"),
        (
            '[[telling]]\ncounters = ["VmRss"]\nwhy = "w"\n',
            "no counter is 'VmRss'.*did you mean: VmRSS",
        ),
        (
            FLIP.format("read.faults").replace("patched", 'stock = "ok"\npatched'),
            "stock = 'ok', but a stock 6.12.107 reports 'zero-page'",
        ),
        (
            FLIP.format("read.faults").replace("patched", 'stock = "zero-pages"\npatched'),
            "leave `stock` out",
        ),
        ('suites = ["kselftest"]\n', "kselftest has no targets"),
    ],
)
def test_what_names_nothing_is_the_users_mistake(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        suites_of(set_with(tmp_path, more), version=V612)
    assert re.search(said, str(error.value), re.DOTALL), error.value


def test_a_word_for_stock_has_to_be_that_kernels(tmp_path: Path) -> None:
    text = FLIP.format("read.faults").replace("patched", 'stock = "zero-page"\npatched')
    patchset = set_with(tmp_path, text.replace('"private"', '"other"'))
    suites_of(patchset, version=V612)
    with pytest.raises(UserError, match=r"a stock 2\.6\.28 reports 'private'"):
        suites_of(patchset, version=KernelVersion.parse("2.6.28"))


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ('[[case]]\nname = "read.zero"\nfile = "loadavg.c"\nreason = "r"\n', "fault-path has a"),
        ('[[case]]\nname = "loadavg.sign"\nfile = "loadavg.c"\nreason = "r"\n', "is there twice"),
        ('[[case]]\nname = "a.b"\nfile = "none.c"\nreason = "r"\n', "case a.b: file: no "),
        ('[[case]]\nname = "a.b"\nfile = "a.py"\nreason = "r"\n', "case.*file"),
        ('[[case]]\nname = "a.b"\nfile = "loadavg.c"\nreason = " "\n', "reason"),
        ('[[case]]\nname = "a.b"\nfile = "loadavg.c"\nreason = "r"\nword = "x"\n', "word"),
        ('[[case]]\nname = "a.b"\nfile = "loadavg.c"\nreason = "r"\nsince = "x"\n', "'x' is not"),
        ('[[case]]\nname = "a.b"\nfile = "loadavg.c"\nreason = "r"\nstock = "a b"\n', "stock"),
        ('[[counter]]\nname = "X"\nunit = "u"\nwhy = "w"\npatched = "fewer"\n', "patched"),
        ("[[case", "not TOML"),
    ],
)
def test_a_wrong_table_of_own_cases_is_refused(tmp_path: Path, cases: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        suites_of(set_with(tmp_path, cases=cases))


def test_no_table_of_own_cases_is_told(tmp_path: Path) -> None:
    patchset = set_with(tmp_path, 'suites = ["own"]\n')
    (patchset.folder / "cases/cases.toml").unlink()
    with pytest.raises(UserError, match=r"cases\.toml: no such file"):
        suites_of(patchset)


def test_cases_are_chosen_over_all_suites_of_the_set() -> None:
    suites = suites_of(load_patchset(SETS / "loadavg"))
    names = [case.name for case in check_words(suites, ["proc", "read.zero"])]
    assert names == ["read.zero", "loadavg.sign", "loadavg.fields", "loadavg.script"]
    with pytest.raises(UserError, match=r"no case and no tag is 'loadavg\.sing'.*loadavg\.sign"):
        check_words(suites, ["loadavg.sing"])
    # What only the kernel's tree can name is looked for there.
    selftests = suites_of(load_patchset(SETS / "noreplace"))
    assert check_words(selftests, ["kselftest.mincore.mincore-selftest"]) == ()
    with pytest.raises(UserError, match="no case and no tag"):
        check_words(selftests, ["kselftest.mmm.x"])


def test_the_shipped_sets_stock_words_are_the_suites() -> None:
    """No flip says what stock reports; the suite does for each that it tags `flip`, in all eras."""
    patchset = load_patchset(SHIPPED)
    assert not any(flip.stock for flip in patchset.flips)
    cases = {case.name: case for case in all_cases()}
    for text in ("2.6.16", "2.6.21", "2.6.32", "2.6.33-rc2", "2.6.36", "4.9", "6.12.107"):
        version = KernelVersion.parse(text)
        for flip in patchset.flips:
            if version in flip.era:
                assert cases[flip.case].stock(version) != flip.patched, (flip.case, text)
    # Where upstream does as the patch wants, stock reports what the patched kernel must.
    for text in ("2.6.24", "2.6.26", "2.6.31.14"):
        version = KernelVersion.parse(text)
        for flip in patchset.flips:
            if version in flip.era:
                assert cases[flip.case].stock(version) == flip.patched, (flip.case, text)


def test_what_counters_show_on_stock_is_the_suites_too() -> None:
    counters = {counter.name: counter for counter in all_counters()}

    def read(name: str, version: str) -> float:
        return counters[name].on_stock(KernelVersion.parse(version))["read"]

    assert [read("StatmAnon", v) for v in ("2.6.21", "2.6.28", "6.12")] == [0.0, 1.0, 0.0]
    assert [read("VmRSS", v) for v in ("2.6.21", "2.6.28", "6.12")] == [1.0, 1.0, 0.0]
    assert not counters["MemFree"].on_stock(V612)
    with pytest.raises(UserError, match="shares"):
        read_counters('[[stock]]\nshares = "half"\nwhy = "w"\n[[counter]]\nname = "X"\n')
