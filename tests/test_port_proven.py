# SPDX-License-Identifier: GPL-2.0-only
"""A port with what a compiler said of it."""

from __future__ import annotations

import pytest
from port_fixtures import carry, outcome

from zpmaint.port.placed import Placed
from zpmaint.port.proof import UNPROVEN, CompileProof, CompilerLine, FileProof, Place, Proof
from zpmaint.port.proven import proven, refused_members, with_proof
from zpmaint.port.values import Fate, MemberPort, Port, State

PATH = "mm/toy.c"
BASE = """\
int first(int a)
{
	int b = a;

	b += 1;
	b += 2;
	return b;
}

int second(int a)
{
	int c = a;

	c += 1;
	c += 2;
	return c;
}
"""
PATCHED = BASE.replace("b += 2;", "b += 20;").replace("c += 2;", "c += 20;")
TARGET = BASE.replace("\treturn b;", "\tb ^= 7;\n\treturn b;")


@pytest.fixture(scope="module")
def ported() -> Port:
    """Its first hunk is carried on, its second stands at an offset."""
    port = carry(BASE, PATCHED, TARGET)
    ways = [hunk.placed for hunk in port.files[0].hunks]
    assert len(ways) == 2 and not ways[0].is_literal and ways[1].is_literal
    return port


def of(proof: Proof, *errors: CompilerLine, why: str = "mm/toy.o") -> CompileProof:
    return CompileProof((FileProof(PATH, proof, why, ("mm/toy.o",), errors),), "modern, gcc 12")


def refusal(number: int, line: int = 6) -> CompileProof:
    place = Place("", PATH, number, 2)
    error = CompilerLine(PATH, line, "error: 'b' undeclared", place)
    return of(Proof.REFUSED, error, why=str(error))


def test_what_is_proven_keeps_its_confidence_and_says_so(ported: Port) -> None:
    done = proven(ported, of(Proof.PROVEN))
    assert (done.state, done.confidence, done.sure) == (State.PORTED, ported.confidence, done.sure)
    assert done.sure == ported.confidence
    assert "\nCompiled: 1 of 1 touched files (modern, gcc 12)\n" in done.patch
    assert done.files[0].compiled == of(Proof.PROVEN).files[0]
    said = done.as_json()
    assert said["compiled"]["words"] == "compiled: 1 of 1 touched files"
    assert said["files"][0]["compiled"]["proof"] == "compiled"
    assert outcome(done) == outcome(ported)


@pytest.mark.parametrize("kind", [Proof.NOT, Proof.PARTLY])
def test_a_carried_hunk_that_was_not_compiled_is_not_sure(ported: Port, kind: Proof) -> None:
    done = proven(ported, of(kind, why="needs CONFIG_X"))
    first, second = done.files[0].hunks
    assert first.confidence == ported.files[0].hunks[0].confidence
    assert first.most == UNPROVEN < 0.95
    assert second.most == 1.0  # as it is: patch -F0 would have it so
    assert done.state is State.PORTED and done.sure <= UNPROVEN
    assert done.as_json()["sure"] == done.sure
    assert "needs CONFIG_X" in done.patch


def test_less_sure_than_is_asked_for_is_held_back(ported: Port) -> None:
    carried = min(UNPROVEN, ported.confidence)
    assert proven(ported, of(Proof.NOT, why="x"), carried).state is State.PORTED
    done = proven(ported, of(Proof.NOT, why="needs CONFIG_X"), carried + 0.001)
    assert (done.state, done.patch) == (State.CONFLICT, "")
    assert "needs CONFIG_X" in done.why and done.files[0].result is None


def test_what_does_not_compile_is_a_conflict_with_the_compilers_line(ported: Port) -> None:
    done = proven(ported, refusal(0))
    assert (done.state, done.patch, done.files[0].result) == (State.CONFLICT, "", None)
    assert done.why == f"it does not compile, and stock does: {PATH}:6: error: 'b' undeclared"
    first, second = done.files[0].hunks
    assert first.placed is Placed.CONFLICT and "error: 'b' undeclared" in first.why
    assert first.confidence == ported.files[0].hunks[0].confidence
    assert (first.sure, first.is_held_back, done.sure) == (0.0, False, 0.0)
    assert second.placed.is_literal
    assert done.files[0].conflict.startswith(f"{PATH}:6: error: 'b' undeclared\n")
    assert ">     6 | \tb += 20;\n" in done.files[0].conflict


def test_a_hunk_that_applies_as_it_is_can_be_the_one_that_does_not_compile(ported: Port) -> None:
    first, second = proven(ported, refusal(1)).files[0].hunks
    assert not first.placed.is_conflict and second.placed is Placed.CONFLICT


def test_a_line_that_has_no_place_falls_on_what_was_carried(ported: Port) -> None:
    error = CompilerLine("", 0, "make makes no object of it")
    first, second = proven(ported, of(Proof.REFUSED, error, why=str(error))).files[0].hunks
    assert first.placed is Placed.CONFLICT and second.placed.is_literal


def member(port: Port, name: str) -> MemberPort:
    (file,) = port.files
    named = type(file)(**{**vars(file), "patch": name})
    return MemberPort(name, Fate.PORTED, (named,), b"the patch", "carried on", ())


def test_of_a_series_the_patch_to_blame_is_the_conflict(ported: Port) -> None:
    one, two = member(ported, "1.patch"), member(ported, "2.patch")
    error = CompilerLine(PATH, 6, "error: x", Place("2.patch", PATH, 0, 2))
    bad = refused_members([one, two], of(Proof.REFUSED, error, why="error: x"))
    assert list(bad) == ["2.patch"]
    assert (bad["2.patch"].fate, bad["2.patch"].data) == (Fate.CONFLICT, b"")
    assert bad["2.patch"].why.endswith("mm/toy.c:6: error: x")
    whole = Port(**{**vars(ported), "members": (one, two), "files": one.files + two.files})
    done = proven(whole, of(Proof.REFUSED, error, why="error: x"))
    assert [m.fate for m in done.members] == [Fate.PORTED, Fate.CONFLICT]
    assert done.state is State.CONFLICT
    assert refused_members([one, two], of(Proof.PROVEN)) == {}
    assert list(refused_members([one], of(Proof.NOT), 0.97)) == ["1.patch"]
    assert with_proof(one, of(Proof.NOT)).sure <= UNPROVEN


def test_the_words_name_what_is_not_compiled_and_why() -> None:
    proof = CompileProof(
        (
            FileProof("a.c", Proof.PROVEN, "a.o"),
            FileProof("b.c", Proof.NOT, "needs CONFIG_B"),
            FileProof("c.c", Proof.REFUSED, "c.c:1: error: x"),
            FileProof("d.rst", Proof.NO_CODE, "documentation"),
        ),
        "modern",
    )
    assert proof.words == (
        "compiled: 1 of 3 touched files; does not compile: c.c: c.c:1: error: x; "
        "not: b.c: needs CONFIG_B"
    )
