# SPDX-License-Identifier: GPL-2.0-only
"""Another suite's programs as witnesses, and the table of who noticed what."""

from __future__ import annotations

import json

import pytest
from judge_fixtures import V612, report, run

from zpmaint.mutation.beside import (
    BOOT,
    CONSOLE,
    Heard,
    Row,
    Witness,
    counts,
    heard,
    markdown,
    ran,
    sound,
    witnesses,
)
from zpmaint.mutation.values import How
from zpmaint.vm.values import Outcome, Part

WORDS = {"cow": "exit-0-pass-9", "mmap01": "exit-0-pass-1", "ksm-tests": "exit-1-pass-1-fail-2"}


def one(words: dict[str, str] | None = None, **what: object) -> Heard:
    told = WORDS if words is None else words
    return Heard(**{"outcome": Outcome.FINISHED, "why": "", "words": told, **what})  # type: ignore[arg-type]


def seen(found: Heard, expected: dict[str, str] = WORDS) -> list[tuple[str, How]]:
    return [(w.program, w.how) for w in witnesses(found, expected)]


def test_what_is_the_same_each_time_is_relied_on() -> None:
    assert sound([one(), one()]) == WORDS
    other = one(WORDS | {"mmap01": "exit-2-broken-1"})
    assert list(sound([one(), other])) == ["cow", "ksm-tests"]
    assert list(sound([other, one()])) == ["cow", "ksm-tests"]
    noisy = one(complaints={"cow": "BUG: Bad page state"})
    assert list(sound([one(), noisy])) == ["mmap01", "ksm-tests"]


def test_a_program_that_ends_or_counts_otherwise_has_noticed() -> None:
    assert seen(one()) == []
    # What fails anyway notices too, where it fails otherwise.
    words = WORDS | {"mmap01": "signal-11", "ksm-tests": "exit-1-pass-2-fail-1"}
    assert seen(one(words)) == [("mmap01", How.CASE), ("ksm-tests", How.CASE)]
    # What is not relied on has not.
    assert seen(one(words | {"extra": "exit-1"}), {"cow": WORDS["cow"]}) == []


def test_a_death_is_of_the_program_that_was_running() -> None:
    for outcome, how in (
        (Outcome.PANIC, How.PANIC),
        (Outcome.HANG, How.HANG),
        (Outcome.TRIPLE_FAULT, How.RESET),
    ):
        found = one({"cow": WORDS["cow"]}, outcome=outcome, why="gone", died="mmap01")
        assert seen(found) == [("mmap01", how)]
    early = one({}, outcome=Outcome.PANIC, why="init died")
    assert seen(early) == [(BOOT, How.PANIC)]
    # In the time of a program that nobody relies on.
    found = one({}, outcome=Outcome.PANIC, why="gone", died="extra")
    assert seen(found) == [("extra", How.PANIC)]


def test_the_kernels_complaints_notice() -> None:
    assert seen(one(complaints={"cow": "BUG: Bad page map"})) == [("cow", How.CONSOLE)]
    late = one(faults=("the kernel complains: BUG: Bad rss-counter state",))
    assert seen(late) == [(CONSOLE, How.CONSOLE)]
    # Unless a sound kernel complains of such things too.
    assert witnesses(late, WORDS, quiet=False) == ()


def test_a_boot_is_read_with_its_programs() -> None:
    line = "BUG: Bad page state in process cow"
    parts = tuple(
        Part(name, (line,) if name == "cow" else (), (line,) if name == "cow" else ())
        for name in WORDS
    )
    text = report(WORDS | {"mmap01": "SKIP noticed already"}, bench="")
    found = heard(run(text, complaints=(line,), parts=parts), set(WORDS), V612)
    assert found.words == {name: WORDS[name] for name in ("cow", "ksm-tests")}
    assert found.complaints == {"cow": line}
    assert found.faults == ()
    head = text[: text.index("# case ksm-tests") + len("# case ksm-tests\n")]
    died = heard(run(head, outcome=Outcome.PANIC, why="Oops"), set(WORDS), V612)
    assert (died.died, died.faults) == ("ksm-tests", ())


def test_what_was_heard_is_kept_whole() -> None:
    found = one(outcome=Outcome.HANG, why="x", died="cow", complaints={"cow": "y"}, faults=("z",))
    assert Heard.of_json(json.loads(json.dumps(found.as_json()))) == found
    with pytest.raises(KeyError):
        Heard.of_json({"outcome": "finished"})
    with pytest.raises(ValueError, match="well"):
        Heard.of_json(one().as_json() | {"outcome": "well"})


@pytest.mark.parametrize(
    ("word", "looked"),
    [
        ("exit-0-pass-3-skip-9", True),
        ("exit-1-pass-2-fail-1", True),
        ("exit-1-fail-1", True),
        ("exit-0", True),
        ("exit-4", False),
        ("exit-32-skip-2", False),
        ("exit-0-skip-30", False),
        ("exit-2-broken-1", False),
        ("exit-127", False),
        ("late", False),
    ],
)
def test_a_program_that_skips_has_looked_at_nothing(word: str, looked: bool) -> None:
    assert ran(word) is looked


CASE = Witness("cow", How.CASE, "exit-1")
ROWS = [
    Row("a", "cow", False, "caught", {"selftests": (CASE,), "LTP": ()}),
    Row("b", "cow", False, "caught by boot", {"selftests": (Witness(BOOT, How.PANIC, ""),) * 5}),
    Row("c", "lock", False, "", {"selftests": (), "LTP": (CASE,)}),
    Row("d", "lock", True, "equivalent", {"selftests": (), "LTP": (CASE,)}),
]


def test_what_changes_nothing_is_counted_apart() -> None:
    found = counts(ROWS)
    assert found["selftests"] == {
        "noticed": 2, "of": 3, "equivalent noticed": 0, "equivalent": 1,
    }  # fmt: skip
    # b was not tried with LTP: it is not among those that LTP missed.
    assert (found["LTP"]["noticed"], found["LTP"]["of"]) == (1, 2)
    assert found["LTP"]["equivalent noticed"] == 1
    # c was not tried with ours.
    assert (found["zpmaint"]["noticed"], found["zpmaint"]["of"]) == (2, 2)
    assert "zpmaint" not in counts([Row("a", "k", False, "", {})])


def test_the_table() -> None:
    assert markdown(ROWS).splitlines() == [
        "| mutant | kind | zpmaint | selftests | LTP |",
        "| --- | --- | --- | --- | --- |",
        "| a | cow | caught | cow | - |",
        "| b | cow | caught by boot | boot, boot, boot and 2 more (panic) | ? |",
        "| c | lock | ? | - | cow |",
        "| d | lock | equivalent | - | cow |",
        "| noticed |  | 2 of 2 | 2 of 3 | 1 of 2 |",
    ]
