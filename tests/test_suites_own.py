# SPDX-License-Identifier: GPL-2.0-only
"""A patch set's own cases: compiled with the runtime, run as an ordinary process, judged."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from guest_fixtures import needs_linux, ran
from judge_fixtures import report, run

from zpmaint.core.errors import UserError
from zpmaint.core.progress import SILENT
from zpmaint.core.result import Result
from zpmaint.core.versions import KernelVersion
from zpmaint.judge.conclude import conclude
from zpmaint.judge.ktap import read_report
from zpmaint.judge.values import Verdict
from zpmaint.judge.verdict import judge
from zpmaint.suites.own.suite import Own
from zpmaint.suites.protocol import Ask, Ready, Wanted
from zpmaint.suites.values import Figure

SET = Path(__file__).parent / "sets/loadavg/cases"
V612 = KernelVersion.parse("6.12.107")


def ready(folder: Path, cache: Path, arch: str = "x86_64") -> Ready:
    return Own(folder).ready(Ask(V612, arch, cache, SILENT, lambda _: Path("/none")))


def program(made: Ready, out: Path) -> Path:
    wanted = Wanted(None, None)  # type: ignore[arg-type]
    guest = made.guest(replace(wanted, kernel=_Kernel()))  # type: ignore[arg-type]
    out.write_bytes(guest.init)
    out.chmod(0o755)
    return out


class _Kernel:
    profile = "modern"


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SET, tmp_path / "set/cases"))


@needs_linux
def test_its_cases_run_in_a_program_of_their_own(cases: Path, tmp_path: Path) -> None:
    made = ready(cases, tmp_path)
    init = program(made, tmp_path / "init")
    assert ran(init, "--list").split() == ["loadavg.sign", "loadavg.fields", "loadavg.script"]
    said = read_report(ran(init, "--run", "zp.bench=0", "zp.case=loadavg.[sf]*"))
    assert said.results["loadavg.sign"].word == "slash"
    assert said.details["loadavg.fields"][0].startswith("figure LoadavgLength ")
    # The shell and the script are in the initramfs; the list and the benchmark's word, too.
    guest = made.guest(Wanted(_Kernel(), ("loadavg.sign",)))  # type: ignore[arg-type]
    paths = [entry.path for entry in guest.entries]
    assert {"cases/loadavg.sh", "bin/busybox", "bin/sh", "zp.cases"} <= set(paths)
    assert guest.append == ("zp.bench=0", "zp.deadline=5")


@needs_linux
def test_a_case_that_hangs_times_out_and_the_next_one_runs(cases: Path, tmp_path: Path) -> None:
    text = (cases / "loadavg.c").read_text()
    (cases / "loadavg.c").write_text(
        text.replace("char line[128];\n\n", "char line[128];\n\n\tfor (;;) pause();\n", 1)
    )
    init = program(ready(cases, tmp_path), tmp_path / "init")
    said = read_report(ran(init, "--run", "zp.bench=0", "zp.deadline=1", "zp.case=loadavg.[sf]*"))
    assert said.results["loadavg.sign"].word == "timeout"
    assert said.results["loadavg.fields"].ok


@needs_linux
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("observe(strchr", "observ(strchr", r"set/cases/loadavg\.c:10:\d+: error: .*observ"),
        ("void loadavg_fields", "void loadavg_field", r"loadavg\.c:\d+:\d+: error: no previous"),
        ("void loadavg_fields(void)", "static void other(void)", "loadavg"),
        ('#include "case.h"', '#include "kase.h"', r"loadavg\.c:2:\d+: fatal error: kase\.h"),
    ],
)
def test_a_case_that_does_not_compile_is_told_in_its_compilers_words(
    cases: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = (cases / "loadavg.c").read_text()
    assert old in text
    (cases / "loadavg.c").write_text(text.replace(old, new))
    with pytest.raises(UserError, match=said):
        ready(cases, tmp_path)


@needs_linux
def test_a_case_without_a_function_is_named(cases: Path, tmp_path: Path) -> None:
    with (cases / "cases.toml").open("a") as table:
        table.write('[[case]]\nname = "loadavg.gone"\nfile = "loadavg.c"\nreason = "r"\n')
    with pytest.raises(UserError, match=r"the case loadavg\.gone has no function"):
        ready(cases, tmp_path)


@needs_linux
def test_a_misspelt_function_is_told_what_a_cases_function_is_called(
    cases: Path, tmp_path: Path
) -> None:
    text = (cases / "loadavg.c").read_text()
    assert "void loadavg_sign(" in text
    (cases / "loadavg.c").write_text(text.replace("void loadavg_sign(", "void loadavg_sing("))
    with pytest.raises(UserError, match="loadavg_sing") as caught:
        ready(cases, tmp_path)
    assert "its name with _ for . and -" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "loadavg.sign"', 'name = "Loadavg"', r"case\[1\]\.name: 'Loadavg': string should"),
        ('file = "loadavg.c"', 'file = "../x.c"', r"case\[1\]\.file: '\.\./x\.c': string should"),
        ('stock = "slash"', 'stok = "slash"', r"case\[1\]\.stok: unknown key"),
    ],
)
def test_a_row_with_a_fault_is_named_and_nothing_else(
    cases: Path, old: str, new: str, said: str
) -> None:
    path = cases / "cases.toml"
    first = path.read_text().split("[[case]]")[1]
    assert old in first
    path.write_text("[[case]]" + first.replace(old, new))
    with pytest.raises(UserError, match=said) as caught:
        Own(cases)
    assert "at least 1 item" not in caught.value.what


def test_a_table_without_a_case_is_no_table(cases: Path) -> None:
    (cases / "cases.toml").write_text("case = []\n")
    with pytest.raises(UserError, match="case: Tuple should have at least 1 item"):
        Own(cases)


def test_a_file_that_is_not_there_is_named_with_the_next_step(cases: Path) -> None:
    (cases / "loadavg.c").unlink()
    with pytest.raises(UserError, match=r"file: no .*loadavg\.c") as caught:
        Own(cases)
    assert "write it" in caught.value.hint


@needs_linux
def test_a_changed_source_is_another_program(cases: Path, tmp_path: Path) -> None:
    before = program(ready(cases, tmp_path), tmp_path / "one").read_bytes()
    (cases / "loadavg.c").write_text((cases / "loadavg.c").read_text().replace("slash", "slope"))
    assert program(ready(cases, tmp_path), tmp_path / "two").read_bytes() != before


FIGURES = (Figure("Cost", "ticks", "what it takes", "less"),)


def judged(stock: int | None, patched: int, figures: tuple[Figure, ...] = FIGURES) -> Verdict:
    (case,) = [case for case in Own(SET).cases if case.name == "loadavg.fields"]

    def told(value: int | None) -> str:
        line = "" if value is None else f"# {case.name}: figure Cost {value} ticks\n"
        return report({case.name: "ok"}, "").replace("ok 1", f"{line}ok 1")

    suite = judge(
        (case,), (), (), counters=(), adopted=False, version=V612, stock=run(told(stock)),
        patched=run(told(patched)), benchmark=False, suite="own", declared=figures,
    )  # fmt: skip
    return conclude([suite])


def test_figures_of_cases_are_deltas_and_may_show_the_effect() -> None:
    good = judged(9, 5)
    (delta,) = good.deltas
    assert (delta.counter, delta.phase, delta.unit) == ("Cost", "loadavg.fields", "ticks")
    assert (delta.stock, delta.patched, delta.telling) == (9, 5, True)
    assert (good.result, good.shown_by) == (Result.PASS, ("counter Cost",))
    bad = judged(5, 9)
    assert bad.failures == ("patched: loadavg.fields: Cost is 9 ticks, not less than stock's 5",)
    same = judged(5, 5, (replace(FIGURES[0], patched="same"),))
    assert (same.result, same.failures) == (Result.NO_REGRESSION, ())
    other = judged(5, 6, (replace(FIGURES[0], patched="same"),))
    assert other.failures[0].endswith("not the same as stock's 5")
    shown = judged(5, 6, (replace(FIGURES[0], patched=""),))
    assert shown.result is Result.NO_REGRESSION and not shown.deltas[0].telling
    undeclared = judged(5, 6, ())
    assert "the figure Cost is not declared as a [[counter]]" in undeclared.failures[0]
