# SPDX-License-Identifier: GPL-2.0-only
"""The evaluation from packages to figures, on toy queues with a planted case of each sort."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from evaluate_fixtures import Counter, numbered, package, patch

from zpmaint.core.errors import InfraError
from zpmaint.evaluate import build as building
from zpmaint.evaluate import report as reports
from zpmaint.evaluate import shown
from zpmaint.evaluate.build import Package, build, prepare, ready
from zpmaint.evaluate.cases import load, match
from zpmaint.evaluate.drift import Drift
from zpmaint.evaluate.engine import NAME
from zpmaint.evaluate.replay import Step, replay
from zpmaint.evaluate.run import NAMES, measure
from zpmaint.evaluate.store import FILE, Store
from zpmaint.evaluate.tools import TOOLS
from zpmaint.evaluate.values import Case, Kind, Result, Verdict
from zpmaint.evaluate.verdicts import patches

PAIR = ("6.1.1-1", "6.2.1-1")
N = numbered

TWINS = (
    "int one(void)\n{\n\ta();\n\treturn 0;\n}\n\nint two(void)\n{\n\tb();\n\treturn 0;\n}\n\nend\n"
)
"""Two functions that end alike: fuzz puts a line after the wrong one."""
MOVED = TWINS.replace("\treturn 0;\n}\n\nint two", "\treturn a1();\n} /* one */\n\nint two")
EXPORT = "EXPORT(one);\n"


def _export(text: str, after: str) -> str:
    return text.replace(after, after + EXPORT, 1)


def old_package(folder: Path) -> Package:
    tree = {
        "same.c": N(20), "off.c": N(30), "near.c": N(20), "both.c": N(20), "twins.c": TWINS,
        "left.c": N(20), "kept.c": N(20), "gone.c": N(20), "dead.c": N(3), "staged.c": N(20),
        "moved.h": N(5), "run.sh": N(3),
    }  # fmt: skip
    one = "\treturn 0;\n}\n"
    staged = N(20, l2="prepared")
    queue = [
        ("all/prepare.patch", patch(("staged.c", tree["staged.c"], staged))),
        ("all/staged.patch", patch(("staged.c", staged, N(20, l2="prepared", l10="mine")))),
        ("all/same.patch", patch(("same.c", N(20), N(20, l10="mine")))),
        ("all/offset.patch", patch(("off.c", N(30), N(30, l20="mine")))),
        ("all/near.patch", patch(("near.c", N(20), N(20, l10="mine")))),
        ("all/both.patch", patch(("both.c", N(20), N(20, l10="mine")))),
        ("all/twins.patch", patch(("twins.c", TWINS, _export(TWINS, one)))),
        (
            "all/left-out.patch",
            patch(
                ("left.c", N(20), N(20, l10="mine")),
                ("kept.c", N(20), N(20, l10="mine")),
                ("gone.c", N(20), N(20, l10="mine")),
            ),
        ),
        ("all/new.patch", patch(("new.c", None, "new\n"))),
        ("all/dead.patch", patch(("dead.c", N(3), None))),
        (
            "all/rename.patch",
            "diff --git a/moved.h b/inc/moved.h\nsimilarity index 100%\n"
            "rename from moved.h\nrename to inc/moved.h\n",
        ),
        ("all/mode.patch", "diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n"),
        ("all/dropped-patch.patch", patch(("same.c", N(20, l10="mine"), N(20, l10="more")))),
        ("all/broken.patch", patch(("same.c", "not there\n", "at all\n"))),
    ]
    rt = [("0001-rt-part.patch", patch(("off.c", N(30, l20="mine"), N(30, l20="mine", l5="rt"))))]
    return package(folder, PAIR[0], tree, queue, rt)


def new_package(folder: Path) -> Package:
    head = "top 1\ntop 2\n"
    tree = {
        "same.c": N(20), "off.c": head + N(30), "near.c": N(20, l7="upstream"),
        "both.c": N(20, l10="theirs"), "twins.c": MOVED, "left.c": N(20, l10="upstream has it"),
        "kept.c": head + N(20), "dead.c": N(3), "staged.c": head + N(20), "moved.h": N(5),
        "run.sh": N(3),
    }  # fmt: skip
    staged = head + N(20, l2="made ready")
    queue = [
        ("all/prepare.patch", patch(("staged.c", tree["staged.c"], staged))),
        ("x86/staged.patch", patch(("staged.c", staged, staged.replace("line 10\n", "mine\n")))),
        ("all/same.patch", patch(("same.c", N(20), N(20, l10="mine")))),
        ("all/offset.patch", patch(("off.c", head + N(30), head + N(30, l20="mine")))),
        ("all/near.patch", patch(("near.c", tree["near.c"], N(20, l7="upstream", l10="mine")))),
        ("all/both.patch", patch(("both.c", tree["both.c"], N(20, l10="theirs and mine")))),
        ("all/twins.patch", patch(("twins.c", MOVED, _export(MOVED, "} /* one */\n")))),
        (
            "all/left-out.patch",
            patch(
                ("kept.c", head + N(20), head + N(20, l10="mine")),
                ("same.c", N(20, l10="mine"), N(20, l10="mine", l20="extra")),
            ),
        ),
        ("all/new.patch", patch(("new.c", None, "new\n"))),
        ("all/dead.patch", patch(("dead.c", N(3), None))),
        (
            "all/rename.patch",
            "diff --git a/moved.h b/inc/moved.h\nsimilarity index 100%\n"
            "rename from moved.h\nrename to inc/moved.h\n",
        ),
        ("all/mode.patch", "diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n"),
        ("all/broken.patch", patch(("same.c", "not there\n", "at all\n"))),
    ]
    rt = [
        ("0001-first.patch", patch(("rt.c", None, "rt\n"))),
        (
            "0002-rt-part.patch",
            patch(("off.c", head + N(30, l20="mine"), head + N(30, l20="mine", l5="rt"))),
        ),
    ]
    return package(folder, PAIR[1], tree, queue, rt)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Counter:
    folder = tmp_path_factory.mktemp("packages")
    made = [old_package(folder), new_package(folder)]
    return Counter({package.name: package for package in made})


@pytest.fixture(scope="module")
def data(session: Counter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    build(folder, list(session.packages.values()))
    return folder


@pytest.fixture(scope="module")
def cases(data: Path) -> dict[str, Case]:
    return {case.name.removeprefix("all/"): case for case in load(data, [PAIR])}


@pytest.fixture(scope="module")
def results(data: Path) -> list[Result]:
    if shutil.which("wiggle") is None:
        pytest.skip("wiggle is not installed: apt-get install wiggle")
    return measure(data, pairs=[PAIR], jobs=2)


# Cases.


def test_every_patch_with_a_namesake_is_a_case(cases: dict[str, Case]) -> None:
    assert list(cases) == [
        "prepare.patch", "staged.patch", "same.patch", "offset.patch", "near.patch", "both.patch",
        "twins.patch", "left-out.patch", "new.patch", "dead.patch", "rename.patch", "mode.patch",
        "rt/0001-rt-part.patch",
    ]  # fmt: skip
    assert cases["staged.patch"].new_name == "x86/staged.patch"
    assert cases["rt/0001-rt-part.patch"].new_name == "rt/0002-rt-part.patch"


def test_each_side_stands_on_its_own_queue(cases: dict[str, Case]) -> None:
    (file,) = cases["staged.patch"].files
    assert file.base == N(20, l2="prepared").encode()
    assert file.after == N(20, l2="prepared", l10="mine").encode()
    assert file.target == ("top 1\ntop 2\n" + N(20, l2="made ready")).encode()
    assert file.truth == ("top 1\ntop 2\n" + N(20, l2="made ready", l10="mine")).encode()
    (rt,) = cases["rt/0001-rt-part.patch"].files
    assert rt.base == N(30, l20="mine").encode()


def test_kinds(cases: dict[str, Case]) -> None:
    kinds = {file.path: file.kind for case in cases.values() for file in case.files}
    assert {path: kind for path, kind in kinds.items() if kind is not Kind.MODIFIED} == {
        "new.c": Kind.CREATED, "dead.c": Kind.DELETED, "moved.h": Kind.RENAMED,
        "run.sh": Kind.MODE, "gone.c": Kind.GONE,
    }  # fmt: skip


def test_what_the_new_patch_leaves_out_and_adds(cases: dict[str, Case]) -> None:
    case = cases["left-out.patch"]
    files = {file.path: file for file in case.files}
    assert [files[path].touched for path in ("left.c", "kept.c", "gone.c")] == [False, True, False]
    assert files["left.c"].truth == files["left.c"].target
    assert files["gone.c"].target is None and files["gone.c"].truth is None
    assert case.extra == ("same.c",)


def test_names_that_are_not_unique_match_nothing() -> None:
    assert match(["a/x", "b/x", "0001-y"], ["c/x", "0007-y"]) == {"0001-y": "0007-y"}
    assert match(["a/x"], ["b/x", "a/x"]) == {"a/x": "a/x"}


def test_a_patch_that_fails_changes_nothing_and_is_said(session: Counter, tmp_path: Path) -> None:
    queue = building.read_queue(session.packages[PAIR[0]].queue)
    (step,) = replay(queue[-2:-1], {"same.c": N(20).encode()}, tmp_path)
    assert step.patch.name == "all/broken.patch"
    assert "FAILED" in step.failure and step.changes == {"same.c": (N(20).encode(),) * 2}


def test_dead_names(tmp_path: Path) -> None:
    text = "int f(void)\n{\n\ta();\n\tb();\n}\n"
    uses = text.replace("\ta();", "\ta();\n\tgone(fresh, kept);")
    has = {"a.c": text, "lib.h": "gone kept later"}
    old = package(tmp_path, "6.1.1-1", has, [("p", patch(("a.c", text, uses)))])
    brings = patch(("n.h", None, "later\n"))
    more = uses.replace("gone", "later")
    new = package(
        tmp_path,
        "6.2.1-1",
        {"a.c": text, "lib.h": "kept ungone"},
        [("first", brings), ("p", patch(("a.c", text, more)))],
    )
    build(tmp_path / "d", [old, new])
    (case,) = load(tmp_path / "d", [PAIR])
    # gone: only the old kernel speaks of it; fresh: neither, so the patch brings it; later: an
    # earlier patch of the new queue brings it.
    assert case.exists is not None
    found = {name: case.exists(name) for name in ("gone", "kept", "fresh", "later", "unasked")}
    assert found == {"gone": False, "kept": True, "fresh": True, "later": True, "unasked": True}


# Measuring.


def of(results: Sequence[Result], path: str, tool: str) -> Result:
    (found,) = [r for r in results if r.path == path and r.tool == tool and "rt/" not in r.case
                and "prepare" not in r.case]  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("same.c", "equal equal equal equal"),
        ("off.c", "equal equal equal equal"),
        ("near.c", "conflict equal equal equal"),
        ("both.c", "conflict conflict conflict conflict"),
        ("twins.c", "conflict different conflict equal"),
        ("left.c", "conflict conflict conflict conflict"),
        ("gone.c", "conflict conflict conflict conflict"),
        ("new.c", "equal equal equal equal"),
        ("dead.c", "equal equal equal equal"),
    ],
)
def test_each_tool_on_a_planted_case(results: list[Result], path: str, words: str) -> None:
    assert " ".join(of(results, path, name).verdict for name in TOOLS) == words


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("same.c", "equal"),
        ("off.c", "equal"),
        ("near.c", "equal"),
        ("both.c", "conflict"),
        ("twins.c", "conflict equal"),
        ("left.c", "conflict equal"),
        ("gone.c", "conflict equal"),
        ("new.c", "equal"),
        ("dead.c", "equal"),
    ],
)
def test_zpmaint_on_a_planted_case(results: list[Result], path: str, words: str) -> None:
    assert of(results, path, NAME).verdict in words.split()


@pytest.mark.parametrize(
    ("path", "drift", "exact"),
    [
        ("same.c", Drift.NONE, True),
        ("off.c", Drift.OFFSET, True),
        ("near.c", Drift.CONTEXT, False),
        ("both.c", Drift.BOTH, False),
        ("twins.c", Drift.ADJACENT, False),
        ("left.c", Drift.DROPPED, False),
        ("gone.c", Drift.OTHER, False),
    ],
)
def test_drift(results: list[Result], path: str, drift: Drift, exact: bool) -> None:
    row = of(results, path, "patch")
    assert (row.drift, row.exact) == (drift, exact)


def test_a_silent_difference_is_laid_out(results: list[Result], data: Path, tmp_path: Path) -> None:
    # As if zpmaint had done what patch did; the truth and the diff are real.
    wrong = of(results, "twins.c", "patch")
    planted = Result(
        **{**vars(wrong), "tool": "zpmaint", "difference": "+EXPORT(one);\n", "result": "0" * 12}
    )
    out = tmp_path / "different"
    others = [row for row in results if row.tool != NAME]
    assert shown.write([*others, planted], data, out) == 1
    (file,) = out.glob("*/*.diff")
    text = file.read_text()
    assert "result 000000000000, not read yet" in text
    assert "twins.c" in text and text.endswith("+EXPORT(one);\n")
    assert text.count("} /* one */") == 1  # the maintainers' patch stands beside the old one
    assert shown.write(others, data, out) == 0 and not list(out.glob("*/*.diff"))


def test_another_folder_is_not_overwritten(results: list[Result], data: Path) -> None:
    with pytest.raises(Exception, match="not a folder of this command"):
        shown.write(results, data, data)
    assert (data / FILE).is_file()


def test_the_report_leaves_nothing_out(results: list[Result]) -> None:
    figures = reports.report(results)
    drifted, other = figures.drifted["all"]["patch"], figures.other["all"]["patch"]
    assert drifted.cases + other.cases == len(results) / len(NAMES)
    assert set(figures.other) == {
        "unchanged",
        *(Kind(k) for k in Kind if k != "modified"),
        "all",
    } - {"binary"}
    assert figures.hard["all"]["patch -F0"].clean == 0
    assert figures.drift["both rewrote"]["patch"].cases == 1
    assert sum(n for counts in figures.how.values() for n in counts.values()) == drifted.cases


def test_a_patch_is_right_only_if_all_its_files_are(results: list[Result]) -> None:
    whole = {(r.case, r.tool): r.verdict for r in patches(results)}
    assert whole["all/left-out.patch", "patch"] is Verdict.CONFLICT
    assert whole["all/twins.patch", "patch"] is Verdict.DIFFERENT
    assert whole["all/offset.patch", "patch"] is Verdict.EQUAL


# The data set on the disk.


def test_what_is_there_is_not_asked_for_again(session: Counter, tmp_path: Path) -> None:
    counting = Counter(session.packages)
    assert prepare(tmp_path / "d", [PAIR], counting) == [PAIR]
    assert counting.asked == list(PAIR)
    assert prepare(tmp_path / "d", [PAIR], counting) == [PAIR]
    assert counting.asked == list(PAIR)


def test_a_package_that_is_gone_takes_its_pairs_along(session: Counter, tmp_path: Path) -> None:
    gone = ("6.1.1-1", "7.9.9-1")
    assert prepare(tmp_path / "d", [gone, PAIR], Counter(session.packages)) == [PAIR]
    with pytest.raises(InfraError, match="no pair"):
        prepare(tmp_path / "e", [gone], Counter(session.packages))
    with pytest.raises(InfraError, match="not built for"):
        list(load(tmp_path / "d", [gone]))


def test_a_killed_build_goes_on(
    session: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def dies(queue: Sequence[object], *rest: object) -> Iterator[Step]:
        seen.append("replay")
        for number, step in enumerate(replay(queue, *rest)):  # type: ignore[arg-type]
            if len(seen) == 2 and number == 3:
                raise KeyboardInterrupt
            yield step

    monkeypatch.setattr(building, "replay", dies)
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, list(session.packages.values()))
    assert ready(tmp_path, [PAIR]) == []
    assert Store(tmp_path).queues() == [PAIR[0]]
    build(tmp_path, list(session.packages.values()))
    assert len(seen) == 3 and ready(tmp_path, [PAIR]) == [PAIR]
    assert len(list(load(tmp_path, [PAIR]))) == 13


def test_a_later_queue_with_new_files_reads_the_tarballs_once_more(
    session: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    files = building.read_files
    monkeypatch.setattr(
        building, "read_files", lambda path, paths: read.append(path.name) or files(path, paths)
    )
    both = list(session.packages.values())
    build(tmp_path, both)
    third = package(
        tmp_path / "p", "6.3.1-1", {"x.c": "x\n"}, [("p", patch(("x.c", "x\n", "y\n")))]
    )
    build(tmp_path, [both[0], third])
    assert read == [p.orig.name for p in (*both, both[0], third)]
    assert ready(tmp_path, [("6.3.1-1", PAIR[0]), ("6.3.1-1", PAIR[1])]) == [("6.3.1-1", PAIR[0])]


def test_a_cut_tarball_is_said_to_be_so(session: Counter, tmp_path: Path) -> None:
    whole = session.packages[PAIR[0]]
    cut = tmp_path / "linux_6.1.1.orig.tar.xz"
    cut.write_bytes(whole.orig.read_bytes()[:-200])
    with pytest.raises(InfraError, match=r"6\.1\.1\.orig"):
        build(tmp_path / "d", [Package(**{**vars(whole), "orig": cut})])
