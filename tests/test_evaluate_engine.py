# SPDX-License-Identifier: GPL-2.0-only
"""zpmaint's own engine on a case: the terms that users run it on, and files in several sections."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluate_fixtures import numbered, package, patch

from zpmaint.evaluate.build import build
from zpmaint.evaluate.cases import load
from zpmaint.evaluate.engine import Mode, attempt
from zpmaint.evaluate.values import Case, Verdict

N = numbered
PAIR = ("6.1.1-1", "6.2.1-1")


def _case(folder: Path, old: dict[str, str], text: str, new: dict[str, str], theirs: str) -> Case:
    build(
        folder / "d",
        [
            package(folder, PAIR[0], old, [("p.patch", text)]),
            package(folder, PAIR[1], new, [("p.patch", theirs)]),
        ],
    )
    (case,) = load(folder / "d", [PAIR])
    return case


@pytest.fixture
def left_out(tmp_path: Path) -> Case:
    """Upstream deleted one of the two files, and the maintainers left it out."""
    mine = N(20, l10="mine")
    return _case(
        tmp_path,
        {"kept.c": N(20), "gone.c": N(20)},
        patch(("kept.c", N(20), mine), ("gone.c", N(20), mine)),
        {"kept.c": "top\n" + N(20)},
        patch(("kept.c", "top\n" + N(20), "top\n" + mine)),
    )


@pytest.mark.parametrize(("mode", "clean"), [(Mode.PORT, False), (Mode.YIELDS, True)])
def test_only_the_other_terms_drop_what_upstream_deleted(
    left_out: Case, mode: Mode, clean: bool
) -> None:
    done = attempt(left_out, mode)
    assert {path: outcome.clean for path, outcome in done.items()} == {
        "kept.c": True,
        "gone.c": clean,
    }
    assert done["kept.c"].verdict(left_out.files[0].truth) is Verdict.EQUAL


def test_both_sections_of_a_file_count(tmp_path: Path) -> None:
    first, both = N(40, l5="one"), N(40, l5="one", l35="two")
    text = patch(("a.c", N(40), first)) + patch(("a.c", first, both)).removeprefix("A toy patch.")
    top = "top\n"
    case = _case(
        tmp_path,
        {"a.c": N(40)},
        text,
        {"a.c": top + N(40)},
        patch(("a.c", top + N(40), top + both)),
    )
    (file,) = case.files
    done = attempt(case)["a.c"]
    assert done.result == file.truth == (top + both).encode()
    assert len(done.placed) == 2
    # A conflict in one of the two sections is the file's, whichever it is.
    for line in ("l5", "l35"):
        other = top + N(40, **{line: "upstream's own"})
        case = _case(
            tmp_path / line, {"a.c": N(40)}, text, {"a.c": other}, patch(("a.c", other, top))
        )
        assert not attempt(case)["a.c"].clean


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    text = patch(("a.c", N(20), N(20, l10="mine")))
    case = _case(tmp_path, {"a.c": N(20)}, text, {"a.c": N(20)}, text)
    cut = Case(**{**vars(case), "patch": b"no diff at all\n"})
    done = attempt(cut)["a.c"]
    assert not done.clean and done.how.startswith("refused: ")
