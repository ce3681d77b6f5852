# SPDX-License-Identifier: GPL-2.0-only
"""Where a row of kernels turns: the search by properties, the criteria by tables, and the whole on
a toy kernel of thirty point releases in a git repository."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from build_fixtures import MEMORY, Toy, toy_patch, toy_set
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from judge_fixtures import figures, report
from ledger_fixtures import delta, passing, record
from test_app_verify import words
from vm_fixtures import FakeQemu

from zpmaint.cli.main import cli
from zpmaint.core.errors import UserError
from zpmaint.core.result import Result
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger import codec
from zpmaint.ledger.stages import VerdictRecord
from zpmaint.ledger.values import Record
from zpmaint.matrix.criterion import (
    Criterion,
    Observed,
    answer,
    check_ends,
    of_build,
    of_port,
    of_record,
)
from zpmaint.matrix.narrowing import Answer, Found, found, left, next_place
from zpmaint.matrix.path import between, is_line

GOOD, BAD, SKIP = Answer
V = KernelVersion.parse


def searched(
    row: list[Answer], known: dict[int, Answer] | None = None
) -> tuple[Found, dict[int, Answer], int]:
    """What comes of a row whose first is good and whose last is bad, and how many were asked."""
    answers = dict(known or {})
    asked = 0
    while (place := next_place(answers, len(row))) is not None:
        assert place not in answers, "nothing is asked twice"
        assert 0 < place < len(row) - 1
        answers[place] = row[place]
        asked += 1
    return found(answers, len(row)), answers, asked


@given(st.integers(2, 400), st.data())
def test_one_turn_is_found_by_the_logarithm_of_the_row(count: int, data: st.DataObject) -> None:
    turn = data.draw(st.integers(1, count - 1))
    row = [GOOD] * turn + [BAD] * (count - turn)
    assert left({}, count) == math.ceil(math.log2(count - 1))
    made, _, asked = searched(row)
    assert (made.last_good, made.first_bad, made.skipped, made.against) == (turn - 1, turn, (), ())
    assert asked <= math.ceil(math.log2(count - 1))


@given(st.lists(st.sampled_from(list(Answer)), max_size=60), st.data())
def test_what_is_found_holds_whatever_the_row(middle: list[Answer], data: st.DataObject) -> None:
    """Turning often, with kernels that cannot be judged, and with answers that are known before."""
    row = [GOOD, *middle, BAD]
    known = data.draw(st.sets(st.integers(0, len(row) - 1)))
    made, answers, _ = searched(row, {at: row[at] for at in known})
    assert row[made.last_good] is GOOD
    assert row[made.first_bad] is BAD
    assert made.last_good < made.first_bad
    # Between them is only what cannot be judged: no good one and no bad one is passed over.
    assert made.skipped == tuple(range(made.last_good + 1, made.first_bad))
    assert all(row[at] is SKIP for at in made.skipped)
    assert all(row[at] is BAD and at < made.last_good for at in made.against)
    assert list(made.against) == sorted(
        at for at, one in answers.items() if one is BAD and at < made.last_good
    )


@given(st.integers(3, 60), st.data())
def test_skips_never_hide_the_first_bad_one(count: int, data: st.DataObject) -> None:
    turn = data.draw(st.integers(1, count - 1))
    skips = data.draw(st.sets(st.integers(1, count - 2)))
    row = [SKIP if at in skips else GOOD if at < turn else BAD for at in range(count)]
    made, _, _ = searched(row)
    assert turn in (*made.skipped, made.first_bad)
    assert made.is_exact == (turn not in skips and turn - 1 not in skips)


@given(st.integers(3, 60), st.data())
def test_a_search_that_was_broken_off_goes_on(count: int, data: st.DataObject) -> None:
    turn = data.draw(st.integers(1, count - 1))
    row = [GOOD] * turn + [BAD] * (count - turn)
    answers: dict[int, Answer] = {}
    for _ in range(data.draw(st.integers(0, 6))):
        if (place := next_place(answers, count)) is None:
            break
        answers[place] = row[place]
    made, _, more = searched(row, answers)
    assert made == searched(row)[0]
    assert len(answers) + more == searched(row)[2]


SERVED = (
    "2.6.20 2.6.20.1 2.6.20.2 2.6.21 6.11 6.11.1 6.11.2 6.12-rc1 6.12 6.12.1 6.12.2 6.12.3 "
    "6.12.3-rc1 6.12.4 6.12.5 6.13-rc1 6.13 6.13.1 6.13.2 next-20261120"
)


@pytest.mark.parametrize(
    ("one", "other", "row", "line"),
    [
        ("6.12.1", "6.12.4", "6.12.1 6.12.2 6.12.3 6.12.4", True),
        ("6.12.4", "6.12.1", "6.12.4 6.12.3 6.12.2 6.12.1", True),
        ("6.12", "6.12.2", "6.12 6.12.1 6.12.2", True),
        ("6.11.2", "6.13.1", "6.11.2 6.12-rc1 6.12 6.13-rc1 6.13 6.13.1", False),
        ("6.11", "6.12.1", "6.11 6.12-rc1 6.12 6.12.1", True),
        ("6.12-rc1", "6.13", "6.12-rc1 6.12 6.13-rc1 6.13", True),
        ("2.6.20", "2.6.21", "2.6.20 2.6.21", True),
        ("2.6.20", "2.6.20.2", "2.6.20 2.6.20.1 2.6.20.2", True),
        ("6.12.1-1", "6.12.4", "6.12.1-1 6.12.2 6.12.3 6.12.4", True),
    ],
)
def test_the_kernels_between_two(one: str, other: str, row: str, line: bool) -> None:
    made = between(V(one), V(other), map(V, SERVED.split()))
    assert [str(version) for version in made] == row.split()
    assert is_line(V(one), V(other)) is line


@pytest.mark.parametrize(("one", "other"), [("6.12", "6.12.0"), ("6.12", "next-20261120")])
def test_what_has_no_row_is_said(one: str, other: str) -> None:
    with pytest.raises(UserError, match=r"one kernel|no row"):
        between(V(one), V(other), [])


@pytest.mark.parametrize(
    "text", ["", "nothing", "case", "case:", "figure:a", "figure:a:", "figure:a:b:c", "port:x"]
)
def test_a_criterion_that_says_nothing_is_the_users_mistake(text: str) -> None:
    with pytest.raises(UserError, match="--run"):
        Criterion.parse(text)


@pytest.mark.parametrize(
    "text", ["result", "port", "build", "case:own:a", "figure:instructions/page:read:stock"]
)
def test_a_criterion_is_told_as_it_was_asked(text: str) -> None:
    assert str(Criterion.parse(text)) == text


PORTS = {
    "applies": of_port("applies", "as it is", leads_on=True),
    "ported": of_port("ported", "3 lines off", leads_on=True),
    "upstream": of_port("upstream", "it is there", leads_on=True),
    "conflict": of_port("conflict", "no place", leads_on=False),
}


@pytest.mark.parametrize(
    ("good", "bad", "seen", "told"),
    [
        ("applies", "conflict", "ported", GOOD),
        ("applies", "conflict", "upstream", GOOD),
        ("ported", "conflict", "conflict", BAD),
        ("applies", "upstream", "ported", GOOD),
        ("applies", "upstream", "conflict", SKIP),
        ("applies", "ported", "ported", BAD),
        ("applies", "ported", "upstream", SKIP),
    ],
)
def test_a_port_is_held_against_the_ends(good: str, bad: str, seen: str, told: Answer) -> None:
    assert answer(PORTS[good], PORTS[bad], PORTS[seen]) is told


def failing(*failures: str, result: Result = Result.FAIL) -> Record:
    told = {"result": str(result), "why": "w", "failures": list(failures)}
    return replace(
        record("6.12.9", result), verdict=codec.from_json(VerdictRecord, told, "verdict")
    )


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (record("6.12.5"), GOOD),
        (record("6.12.5", Result.NO_REGRESSION), GOOD),
        (failing("patched: read.faults: zero-page, expected private"), BAD),
        (failing("patched: read.faults: mixed", "stock: x: y"), BAD),
        (failing("patched: other.case: lost"), SKIP),
        (failing(result=Result.NOT_COMPILED), SKIP),
        (record("6.12.5", Result.CONFLICT), SKIP),
        (record("6.12.5", Result.BUILD), SKIP),
        (record("6.12.5", Result.INFRA), SKIP),
        (record("6.12.5", Result.INDETERMINATE), SKIP),
    ],
)
def test_a_result_is_held_against_the_ends(seen: Record, told: Answer) -> None:
    asked = Criterion()
    good = of_record(asked, record("6.12.1"))
    bad = of_record(asked, failing("patched: read.faults: zero-page, expected private"))
    assert answer(good, bad, of_record(asked, seen)) is told


def test_builds_are_told_apart_and_a_conflict_is_skipped() -> None:
    asked = Criterion.parse("build")
    good, bad = of_build(builds=True, why=""), of_build(builds=False, why="")
    seen = {
        result: answer(good, bad, of_record(asked, record("6.12.5", result)))
        for result in (Result.FAIL, Result.PASS, Result.BUILD, Result.CONFLICT, Result.INFRA)
    }
    assert list(seen.values()) == [GOOD, GOOD, BAD, SKIP, SKIP]


@pytest.mark.parametrize(
    ("marks", "told"),
    [(("pass", "pass"), GOOD), (("pass", "fail"), BAD), (("lost", "pass"), BAD),
     (("skip", "skip"), SKIP)],
)  # fmt: skip
def test_a_case_is_looked_at_whatever_the_result(marks: tuple[str, str], told: Answer) -> None:
    asked = Criterion.parse("case:read.faults")

    def shown(stock: str, patched: str) -> Observed:
        made = {"result": "fail", "cases": [
            {"name": name, "stock": {"mark": one}, "patched": {"mark": two}}
            for name, one, two in [("read.faults", stock, patched), ("others", "fail", "fail")]
        ]}  # fmt: skip
        verdict = codec.from_json(VerdictRecord, made, "verdict")
        return of_record(asked, replace(record("6.12.5", Result.FAIL), verdict=verdict))

    assert answer(shown("pass", "pass"), shown("pass", "fail"), shown(*marks)) is told


@pytest.mark.parametrize(
    ("value", "told"), [(100.0, GOOD), (190.0, GOOD), (210.0, BAD), (500.0, BAD), (None, SKIP)]
)
def test_a_figure_is_bad_beyond_the_middle_of_the_ends(value: float | None, told: Answer) -> None:
    asked = Criterion.parse("figure:instructions/page:read:patched")

    def measured(number: float | None) -> Observed:
        rate = {"unit": "instructions/page"}
        deltas = [delta("instructions/page", 900.0, number, False, **rate)] if number else []
        return of_record(asked, passing("6.12.5", deltas))

    assert answer(measured(100.0), measured(400.0), measured(value)) is told


def test_ends_that_do_not_differ_are_the_users_mistake() -> None:
    good, bad = PORTS["applies"], PORTS["conflict"]
    check_ends(good, bad, ("6.12.1", "6.12.9"))
    for one, other, said in [
        (good, good, "6.12.1 cannot be judged"),
        (bad, bad, "6.12.1 cannot be judged"),
        (good, Observed("not run"), "6.12.9 cannot be judged"),
    ]:
        with pytest.raises(UserError, match=said):
            check_ends(one, other, ("6.12.1", "6.12.9"))


LAST = 30
TURN = 19
needs = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("git", "make", "gcc", "musl-gcc", "setpriv")),
    reason="NOT RUN: needs git, make, gcc, musl-gcc and setpriv (zpmaint doctor)",
)


class Series:
    """A project whose kernel has thirty point releases in a git repository, each with a commit of
    its own before the one that names it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.toy = Toy(folder / "toy")
        self.repo = folder / "linux"
        self.project = folder / "project"
        (self.project / "patches/toy").mkdir(parents=True)
        (self.project / "kernels.toml").write_text(
            f'patch = "toy"\n[sources.git]\nkind = "git"\nwhere = "{self.repo}"\n'
            '[[kernel]]\nversion = "6.12.*"\nsources = ["git"]\n'
        )
        (self.project / "patches/toy/patch.toml").write_text(toy_set("6.12.1"))
        new = MEMORY.decode().replace("return zero_page", "return 1 + zero_page")
        (self.project / "patches/toy/v6.12.1.patch").write_text(toy_patch(new))
        monkeypatch.setenv("ZPMAINT_HOME", str(folder / "home"))

    def released(self, turned: bytes | None = None) -> None:
        """Make the repository; from release TURN on mm/memory.c is `turned`."""
        makefile = (self.toy.tree / "Makefile").read_bytes()
        stream = [b"reset refs/heads/main\n"]
        for number in range(1, LAST + 1):
            files = {"init/note.c": b"/* %d */\n" % number}
            if number == 1:
                files |= self.toy.content()
            files["mm/memory.c"] = turned if turned and number >= TURN else MEMORY
            stream.append(_commit(f"change {number}", files))
            head = b"VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = %d\nEXTRAVERSION =\n" % number
            stream.append(_commit(f"Linux 6.12.{number}", {"Makefile": head + makefile}))
            stream.append(b"reset refs/tags/v6.12.%d\nfrom refs/heads/main\n\n" % number)
        subprocess.run(["git", "init", "-q", "--bare", self.repo], check=True)
        subprocess.run(
            ["git", "-C", self.repo, "fast-import", "--quiet"], input=b"".join(stream), check=True
        )

    def bisect(self, *words: str, status: int = 0) -> tuple[dict[str, Any], str]:
        asked = ("--project", str(self.project), "bisect", *words, "--json")
        done = CliRunner().invoke(cli, asked, standalone_mode=False)
        assert done.exception is None, done.exception
        assert done.return_value == status, done.stderr
        made: dict[str, Any] = json.loads(done.stdout)
        return made, done.stderr


def _commit(message: str, files: dict[str, bytes]) -> bytes:
    said = message.encode()
    parts = [b"commit refs/heads/main\ncommitter A <a@example.org> 1700000000 +0000\n"]
    parts.append(b"data %d\n%b\n" % (len(said), said))
    for path, data in files.items():
        parts.append(b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(data), data))
    return b"".join(parts)


@pytest.fixture
def series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Series:
    return Series(tmp_path, monkeypatch)


OTHER = b"int other;\nlong fault(long at) { return other ? at : 0; }\n"


@needs
def test_a_conflict_is_found_by_the_port_alone_down_to_the_commit(series: Series) -> None:
    series.released(OTHER)
    made, said = series.bisect("6.12.1", f"6.12.{LAST}")
    assert (made["depth"], made["kernels"]) == ("port", LAST)
    assert (made["last_good"], made["first_bad"]) == (f"6.12.{TURN - 1}", f"6.12.{TURN}")
    assert made["exact"] and made["one_line"] and not made["against"]
    assert [commit["subject"] for commit in made["commits"]] == [f"change {TURN}"]
    assert len(made["steps"]) <= 2 + math.ceil(math.log2(LAST - 1))
    assert not (series.folder / "home/cache/work").exists(), "nothing is built"
    assert said.count(": good (") + said.count(": bad (") == len(made["steps"])
    # Again: all is remembered, and it comes out the same.
    again, _ = series.bisect("6.12.1", f"6.12.{LAST}")
    assert all(step["remembered"] for step in again["steps"])
    assert again["first_bad"] == made["first_bad"]
    # What is left out is gone round, and said.
    made, _ = series.bisect("6.12.1", f"6.12.{LAST}", "--skip", f"6.12.{TURN}", status=3)
    assert (made["exact"], made["skipped"]) == (False, [f"6.12.{TURN}"])
    # The other way round it is the fix that is found: the same turn, read backwards.
    made, _ = series.bisect(f"6.12.{LAST}", "6.12.1", "--run", "port")
    assert (made["last_good"], made["first_bad"]) == (f"6.12.{TURN}", f"6.12.{TURN - 1}")
    # Another patch is another question.
    path = series.project / "patches/toy/v6.12.1.patch"
    path.write_text(path.read_text().replace("1 + zero_page", "2 + zero_page"))
    made, _ = series.bisect(f"6.12.{TURN - 2}", f"6.12.{TURN}", "--run", "port")
    assert not any(step["remembered"] for step in made["steps"])


@needs
def test_a_kernel_that_no_longer_builds_is_found_without_booting(series: Series) -> None:
    broken = MEMORY + b"int gone(void);\nint more(void) { return gone(); }\n"
    series.released(broken)
    words = ("6.12.18", "6.12.20", "--run", "build")
    made, _ = series.bisect(*words)
    assert (made["depth"], made["last_good"], made["first_bad"]) == (
        "build", f"6.12.{TURN - 1}", f"6.12.{TURN}",
    )  # fmt: skip
    assert [commit["subject"] for commit in made["candidates"]] == [f"change {TURN}"]
    assert any("gone" in step["why"] for step in made["steps"] if step["answer"] == "bad")
    # The two commits between them are no releases: the first of them is built by itself.
    made, _ = series.bisect(*words, "--commits")
    assert [commit["subject"] for commit in made["commits"]] == [f"change {TURN}"]
    assert [step["answer"] for step in made["commit_steps"]] == ["bad"]
    assert all(step["remembered"] for step in made["steps"])
    again, _ = series.bisect(*words, "--commits")
    assert [step["remembered"] for step in again["commit_steps"]] == [True]
    assert again["commits"] == made["commits"]


_BOOTS = """
case $words in --version) echo 'QEMU emulator version 0'; exit 0;; esac
number=$(expr "$words" : '.*/6[.]12[.]\\([0-9]*\\)-x86_64')
printf 'Linux version 6.12.%s\\n' "$number" > "$console"
flavour=stock
case $words in *patched*) flavour=patched; [ "$number" -lt {turn} ] || flavour=worse;; esac
sed "s/6[.]12[.]107/6.12.$number/" "{folder}/$flavour.results" > "$results"
exit 33
"""


@needs
@pytest.mark.slow  # six pairs of toy kernels are built and booted, one of them twice
def test_a_failing_case_is_found_by_building_and_booting_the_few_that_are_left(
    series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    series.released()
    qemu = FakeQemu(series.folder / "bin", monkeypatch)
    qemu.does(_BOOTS.format(folder=series.folder, turn=TURN))
    for name, flip in [("stock", "zero-page"), ("patched", "private"), ("worse", "mixed")]:
        text = report(words(flip), figures(private=flip != "zero-page"))
        (series.folder / f"{name}.results").write_text(text)
    made, _ = series.bisect("6.12.1", f"6.12.{LAST}")
    assert (made["depth"], made["first_bad"]) == ("boot", f"6.12.{TURN}")
    assert len(made["steps"]) <= 2 + math.ceil(math.log2(LAST - 1))
    # The same by the case's name: the ledger has it all.
    made, _ = series.bisect("6.12.1", f"6.12.{LAST}", "--run", "case:read.faults")
    assert made["first_bad"] == f"6.12.{TURN}"
    assert all(step["remembered"] for step in made["steps"])
    # The regression that the ledger now shows is what is narrowed where none is named.
    made, said = series.bisect()
    assert (made["good"], made["bad"]) == (f"6.12.{TURN - 1}", f"6.12.{TURN}")
    assert f"6.12.{TURN}" in said
