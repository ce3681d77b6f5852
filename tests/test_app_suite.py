# SPDX-License-Identifier: GPL-2.0-only
"""Guests that die in the middle of the suite and are started again; a script in QEMU's place."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from judge_fixtures import figures
from test_app_verify import Shop, pytestmark, words  # noqa: F401

from zpmaint.app.suite import HANGS, RESTARTS, boot_suite
from zpmaint.cli import main as door
from zpmaint.suites.fault_path.suite import all_cases
from zpmaint.vm import qemu

NAMES = [case.name for case in all_cases()]
GUEST = Path(__file__).parent / "fake_guest.py"

_BOOTS = """
case $words in --version) echo 'QEMU emulator version 0'; exit 0;; esac
case $words in *patched*) flavour=patched;; *) flavour=stock;; esac
echo "$flavour" >> {folder}/notes/boots
exec {python} {guest} {folder}/$flavour.json "$initrd" "$console" "$results" "$words"
"""


class Guests:
    """A project with one toy kernel, built once, whose machines run fake_guest.py."""

    def __init__(self, folder: Path, patching: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.session = Shop(folder, patching)
        self.session.qemu.does(_BOOTS.format(folder=folder, python=sys.executable, guest=GUEST))

    def does(self, flavour: str, **behaviour: str) -> None:
        """What happens on that kernel: read_zero="panic"."""
        flip = "zero-page" if flavour == "stock" else "private"
        told = {
            "release": "6.12.107",
            "all": words(flip),
            "bench": figures(private=flavour == "patched"),
            "does": {name.replace("__", "-").replace("_", "."): w for name, w in behaviour.items()},
        }
        (self.folder / f"{flavour}.json").write_text(json.dumps(told))

    def test(self, *more: str) -> tuple[int, dict[str, Any]]:
        status, out, err = self.run("test", "6.12.107", "--profile", "minimal", "--json", *more)
        assert out, err
        return status, json.loads(out)

    def run(self, *words: str) -> tuple[int, str, str]:
        self.capture.readouterr()
        status = door._status(["--project", str(self.session.project), *words])
        out, err = self.capture.readouterr()
        return status, out, err

    @property
    def boots(self) -> list[str]:
        """The kernels that were booted, sorted: which of two begins first is the host's affair."""
        return sorted((self.folder / "notes" / "boots").read_text().split(), reverse=True)

    capture: pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guests]:
    with pytest.MonkeyPatch.context() as patching:
        yield Guests(tmp_path_factory.mktemp("suite"), patching)


@pytest.fixture
def session(
    built: Guests, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Guests:
    monkeypatch.setenv("ZPMAINT_HOME", str(built.folder / "home"))
    built.capture = capsys
    built.does("stock")
    built.does("patched")
    (built.folder / "notes" / "boots").unlink(missing_ok=True)
    return built


def marks(told: dict[str, Any], side: str = "patched") -> dict[str, str]:
    return {case["name"]: case[side]["mark"] for case in told["cases"]}


def bad(told: dict[str, Any], side: str = "patched") -> dict[str, str]:
    return {name: mark for name, mark in marks(told, side).items() if mark not in ("pass", "skip")}


def test_all_well_takes_one_boot_for_each_kernel(session: Guests) -> None:
    status, told = session.test()
    assert (status, told["passed"], told["failures"]) == (0, True, [])
    assert list(marks(told)) == NAMES
    assert session.boots == ["stock", "patched"]


@pytest.mark.parametrize(
    ("how", "observed"), [("panic", "panic"), ("reset", "triple-fault"), ("torn", "panic")]
)
def test_a_guest_that_dies_in_a_case_runs_all_the_others(
    session: Guests, how: str, observed: str
) -> None:
    session.does("patched", fork_storm=how)
    status, told = session.test()
    assert status == 1
    assert bad(told) == {"fork.storm": "fail"} and not bad(told, "stock")
    [case] = [case for case in told["cases"] if case["name"] == "fork.storm"]
    assert case["patched"]["observed"] == observed
    assert session.boots == ["stock", "patched", "patched"]
    first, again = told["runs"]["patched"], told["runs"]["patched"]["restarts"][0]
    assert (first["outcome"], again["outcome"]) == (observed, "finished")
    # Each boot keeps a console of its own.
    assert Path(first["console"]).is_file() and Path(again["console"]).is_file()
    assert first["console"] != again["console"]


def test_the_first_and_the_last_case_and_one_after_its_result(session: Guests) -> None:
    session.does("patched", **{NAMES[0].replace(".", "_"): "panic", "read_twice": "after"})
    last = NAMES[-1].replace(".", "_").replace("-", "__")
    session.does("stock", **{last: "panic"})
    status, told = session.test()
    assert status == 1
    assert bad(told) == {NAMES[0]: "fail", "read.twice": "fail"}
    assert bad(told, "stock") == {NAMES[-1]: "fail"}
    # Nothing was left to run after the last.
    assert session.boots == ["stock", "patched", "patched", "patched"]


def test_a_hang_is_the_case_s(session: Guests, monkeypatch: pytest.MonkeyPatch) -> None:
    # The machine's minute is too long for a test.
    monkeypatch.setattr(qemu, "PATIENCE", 0.03)
    session.does("patched", read_zero="hang")
    _, told = session.test("--case", "read.*")
    assert bad(told) == {"read.zero": "fail"}
    assert told["runs"]["patched"]["outcome"] == "hang"
    # Each costs the whole deadline: there is an end to them, too.
    session.does("patched", **dict.fromkeys(("read_zero", "read_twice", "read_flags"), "hang"))
    _, told = session.test("--case", "read.*", "--on", "patched")
    boots = [told["runs"]["patched"], *told["runs"]["patched"]["restarts"]]
    assert [boot["outcome"] for boot in boots] == ["hang"] * HANGS
    assert bad(told)["read.smaps"] == "lost"


def test_a_kernel_that_dies_before_the_first_case_is_not_started_again(session: Guests) -> None:
    session.does("patched", boot="panic")
    status, told = session.test()
    assert status == 1
    assert set(marks(told).values()) == {"lost"}
    assert session.boots == ["stock", "patched"]
    assert told["why"].startswith("patched: panic: Kernel panic")


def test_there_is_an_end_to_starting_again(
    session: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert boot_suite.__kwdefaults__["restarts"] == RESTARTS
    monkeypatch.setitem(boot_suite.__kwdefaults__, "restarts", 3)
    session.does("patched", **{n.replace(".", "_").replace("-", "__"): "panic" for n in NAMES})
    status, told = session.test()
    assert status == 1
    assert session.boots.count("patched") == 4
    found = list(marks(told).values())
    assert found[:4] == ["fail"] * 4
    assert set(found[4:]) == {"lost"}
    said = f"patched: 4 boots, and {len(NAMES) - 4} of the cases have not run"
    assert said in told["failures"]


def test_a_complaint_is_the_case_s_in_whose_time_it_came(session: Guests) -> None:
    session.does("patched", read_twice="bug")
    status, told = session.test()
    assert status == 1
    assert bad(told) == {"read.twice": "fail"}
    assert told["failures"] == [
        "patched: read.twice: ok, but the kernel complains: BUG: planted in read.twice"
    ]


def test_a_log_that_takes_no_marks_blames_no_case(session: Guests) -> None:
    session.does("patched", read_twice="silent-log")
    status, told = session.test()
    assert (status, bad(told)) == (1, {})
    assert told["failures"] == ["patched: the kernel complains: BUG: planted in read.twice"]


def test_chosen_cases_and_one_kernel(session: Guests) -> None:
    status, told = session.test("--case", "fork.*", "--case", "read.zero", "--on", "patched")
    assert status == 0
    assert list(marks(told)) == [n for n in NAMES if n == "read.zero" or n.startswith("fork.")]
    assert {case["stock"] for case in told["cases"]} == {None}
    assert session.boots == ["patched"]
    # A case that was not chosen is not run, and cannot fail.
    session.does("stock", read_twice="panic")
    status, told = session.test("--case", "fork.*", "--on", "stock")
    assert (status, list(told["runs"])) == (0, ["stock"])


def test_junit_and_the_table_tell_the_same(session: Guests) -> None:
    session.does("patched", read_twice="panic")
    file = session.folder / "out" / "results.xml"
    status, out, _ = session.run("test", "6.12.107", "--profile", "minimal", "--junit", str(file))
    assert status == 1
    line = next(line for line in out.splitlines() if line.split()[:1] == ["read.twice"])
    assert line.split()[1:5] == ["pass", "ok", "fail", "panic"]
    failed = [
        test.get("name")
        for test in ET.parse(file).iter("testcase")
        if test.find("failure") is not None
    ]
    assert failed == ["the-run-itself", "read.twice"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--case", "fork.strom"), "did you mean: fork.storm"),
        (("--on", "none"), "'none' is not one of"),
        (("--profile", "huge"), "'huge' is not one of"),
    ],
)
def test_mistakes_are_told_before_anything_is_built(
    session: Guests, more: tuple[str, ...], says: str
) -> None:
    status, _, err = session.run("test", "6.12.107", *more)
    assert status == 2 and says in err
    assert not (session.folder / "notes" / "boots").exists()


def test_verify_starts_again_too(session: Guests) -> None:
    session.does("patched", read_twice="panic", fork_storm="bug")
    status, out, _ = session.run("verify", "6.12.107", "--json")
    [record] = json.loads(out)
    assert (status, record["result"]) == (1, "fail")
    assert bad(record["verdict"]) == {"read.twice": "fail", "fork.storm": "fail"}
    assert record["runs"]["patched"]["restarts"][0]["outcome"] == "finished"
    # The second boot's benchmark is judged: nothing of it is missing.
    assert not any("benchmark" in line for line in record["verdict"]["failures"])
    assert "Kernel panic" in record["runs"]["patched"]["tail"]


def test_a_death_in_the_benchmark_is_not_a_case_s_and_not_tried_again(session: Guests) -> None:
    session.does("patched", bench="panic")
    status, out, _ = session.run("verify", "6.12.107", "--json")
    [record] = json.loads(out)
    assert (status, record["result"]) == (1, "fail")
    assert not bad(record["verdict"])
    assert sorted(session.boots) == ["patched", "patched", "stock", "stock"], "the first confirmed"
