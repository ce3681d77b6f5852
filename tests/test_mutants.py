# SPDX-License-Identifier: GPL-2.0-only
"""ci/mutants: which changes are made, which are sampled, what is kept of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_fixtures import git
from mutating import program
from mutating.operators import chosen, mutants
from mutating.trial import Copy, Fate, Reach


def changed(source: str) -> list[str]:
    """The lines that mutants of a module of one function have in the place of another."""
    found = []
    for one in mutants("m.py", source):
        lines = one.applied(source).splitlines()
        (line,) = [new for new, old in zip(lines, source.splitlines(), strict=True) if new != old]
        found.append(line.strip())
    return found


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("x = a == b", ["x = a != b"]),
        ("x = a not in b", ["x = a in b"]),
        ("x = 1 < a <= b", ["x = 2 < a <= b", "x = 1 <= a <= b", "x = 1 < a < b"]),
        ("x = a is None", ["x = a is not None"]),
        ("x = a and b or c", ["x = a or b or c", "x = a and b and c"]),
        ("x = not a", ["x = (a)"]),
        ("x = a + b", ["x = a - b"]),
        ("x = True", ["x = False"]),
        ("x = -1", ["x = -2"]),
        ("return f(a)", ["return None"]),
        ("raise f(a)", ["pass"]),
        ("f(a)", ["pass"]),
        ("x += a", ["pass"]),
        ("x = [b for b in a if b.c]", ["x = [b for b in a if True]"]),
        ("x = 'ä' if a else b", ["x = 'ä' if (not (a)) else b"]),
        ("x = 'ä', a == b", ["x = 'ä', a != b"]),
        ("x: int = 'words'", []),
        ("assert a == 1", []),
        ("return None", []),
        ("'a docstring'", []),
        ("x = a # == b", []),
    ],
)
def test_each_place_is_changed_once(line: str, wanted: list[str]) -> None:
    assert changed(f"def f(a, b=None):\n    {line}\n") == wanted


def test_loops_and_conditions() -> None:
    source = "def f(a):\n    for b in a:\n        if b:\n            continue\n        break\n"
    assert changed(source) == ["if (not (b)):", "break", "continue"]
    assert changed("if TYPE_CHECKING:\n    x = a\n") == []


def test_a_sample_begins_with_the_smaller_one() -> None:
    source = "".join(f"x{n} = {n}\n" for n in range(40))
    found = mutants("m.py", source)
    assert len(found) == 40
    small, large = chosen(found, 7, 10), chosen(found, 7, 30)
    assert large[:10] == small
    assert chosen(found, 8, 10) != small, "another seed, another sample"
    assert chosen(reversed(found), 7, 10) == small


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one room of one module and one test."""
    (tmp_path / "zpmaint").mkdir()
    (tmp_path / "zpmaint/__init__.py").write_text("")
    (tmp_path / "zpmaint/m.py").write_text(
        "def f(a):\n    return a + 1\n\n\n"
        "def g(a):\n    return a > 0\n\n\n"
        "def h():\n    return f(2)\n"
    )
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_m.py").write_text(
        "from zpmaint.m import f, g\n\n\ndef test_f():\n    assert f(1) == 2\n\n\n"
        "def test_g():\n    assert g(1)\n"
    )
    row = {"modules": ["zpmaint/m.py"], "tests": ["tests/test_*.py"], "floor": 0.9}
    monkeypatch.setattr(program, "TOP", tmp_path)
    monkeypatch.setattr(program, "ROOMS", {"toy": row})
    return tmp_path


def test_what_was_tried_is_kept_and_what_changed_is_tried_anew(room: Path) -> None:
    kept = room / "kept"
    first = program.Room("toy", kept)
    killed, survived, cut, *_ = first.all
    first.keep(killed, Fate.KILLED)
    first.keep(survived, Fate.SURVIVED)
    first.keep(cut, Fate.KILLED)
    place = kept / "toy.jsonl"
    place.write_text(place.read_text()[:-20])  # it was killed within the last line
    again = program.Room("toy", kept)
    fates = [again.fate(one) for one in (killed, survived, cut)]
    assert fates == [Fate.KILLED, Fate.SURVIVED, None]
    again.keep(cut, Fate.LATE)
    assert program.Room("toy", kept).fate(cut) is Fate.LATE, "on a line of its own"
    (room / "tests/test_m.py").write_text("x = 1\n")
    again = program.Room("toy", kept)
    assert (again.fate(killed), again.fate(survived)) == (Fate.KILLED, None), "other tests"
    (room / "zpmaint/m.py").write_text((room / "zpmaint/m.py").read_text() + "x = a\n")
    assert program.Room("toy", kept).fate(killed) is None, "another module"


def test_only_tests_that_reach_a_line_are_run() -> None:
    (one,) = mutants("m.py", "x = 1\n")
    lines = {"m.py": {1: frozenset({"", "t.py::a"})}}
    assert Reach(lines, ("t.py",), 1.0).of(one) == ("t.py::a",)
    assert Reach({"m.py": {1: frozenset({""})}}, ("t.py",), 1.0).of(one) == ("t.py",), "an import"
    assert Reach({}, ("t.py",), 1.0).of(one) == ()


@pytest.mark.nightly  # each mutant is a pytest of its own: ten seconds for what a line could show
def test_a_room_is_tried_to_its_score(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pytest_cov", reason="NOT RUN: needs pytest-cov (ci/test)")
    git(room, "init", "-q")
    git(room, "add", ".")
    (room / "copy").mkdir()
    toy = program.Room("toy", room / "kept")
    copy = Copy(room, room / "copy")
    reach = copy.reach(toy.tests)
    told = [one for one in toy.all if one.operator in ("arithmetic", "comparison")]
    fates = {one.line: copy.try_(one, reach) for one in told}
    assert fates == {2: Fate.KILLED, 6: Fate.SURVIVED}
    assert {copy.try_(one, reach) for one in toy.all if one.line == 10} == {Fate.UNREACHED}
    assert (room / "copy/zpmaint/m.py").read_text() == (room / "zpmaint/m.py").read_text()
    program.tried(toy, toy.all, 2)
    assert all(toy.fate(one) for one in toy.all)
    assert "zpmaint/m.py:6: survived (comparison)\n  - return a > 0" in capsys.readouterr().out
