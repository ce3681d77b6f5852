# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint history` on a toy kernel's past, and on the real one of a mirror."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from history_fixtures import BEFORE, TAIL, Past, make_past, make_project, open_shop
from port_fixtures import V, diff
from sources_fixtures import git
from test_cli import ROOT, zpmaint
from test_port_strategies import FAULT, HEAD, PATCHED

from zpmaint.app import history as module
from zpmaint.app.history import Chapter, history
from zpmaint.app.session import Session
from zpmaint.core.errors import UserError
from zpmaint.port.history import way
from zpmaint.port.values import State


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return make_past(tmp_path / "repo")


@pytest.fixture
def session(past: Past, tmp_path: Path) -> Session:
    return open_shop(make_project(tmp_path / "project", past), tmp_path)


def chapters(session: Session, *sources: str) -> list[Chapter]:
    return list(history(session, session.patchset(), sources).chapters)


def shown(told: list[Chapter]) -> list[tuple[str, str, State, str, str, list[str]]]:
    return [
        (str(c.range.first.version), str(c.range.last.version), c.range.first.state,
         c.range.first.anchor, way(c.range.first), [x.subject for x in c.cause.commits])
        for c in told
    ]  # fmt: skip


def test_each_range_has_its_commit(session: Session, past: Past) -> None:
    told = chapters(session)
    assert shown(told) == [
        ("2.6.20", "2.6.21-rc1", State.APPLIES, "v2.6.20", "", []),
        # Not the merge that brought it, nor what else touched the file.
        ("2.6.21", "2.6.21", State.PORTED, "v2.6.20", "identifiers", ["rename"]),
        ("2.6.22-rc1", "2.6.22-rc1", State.UPSTREAM, "v2.6.20", "", ["adopt"]),
        ("2.6.23-rc1", "2.6.23", State.APPLIES, "v2.6.23", "", ["take back"]),
    ]
    named = told[1].cause.commits[0]
    assert named.sha == past.shas["rename"] and named.date == "2026-01-01"
    assert len(named.short) == 12


def test_each_range_says_what_was_declared(session: Session, past: Past) -> None:
    adopting = past.shas["adopt"][:12]
    assert [list(c.cause.declared) for c in chapters(session)] == [
        ["anchor v2.6.20: the first"],
        [],
        [f"adopted upstream ({adopting}): they took it"],
        [
            f"no longer adopted upstream ({adopting} was, up to here)",
            "anchor v2.6.23: the second, of two lines",
        ],
    ]


def test_two_commits_that_each_change_it_are_both_named(tmp_path: Path) -> None:
    """Between two tags the patch first wants a rename, then is adopted."""
    past = make_past(tmp_path / "repo")
    git(past.repo, "tag", "-d", "v2.6.21")
    told = chapters(open_shop(make_project(tmp_path / "project", past), tmp_path))
    assert shown(told)[1][-1] == ["rename", "adopt"]


def test_without_a_common_repository_only_what_is_declared(
    past: Past, tmp_path: Path, session: Session
) -> None:
    """Two repositories that have half of the tags each."""
    specs = []
    for name, gone in (("old", "v2.6.2[23]*"), ("new", "v2.6.2[01]*")):
        git(tmp_path, "clone", "-q", str(past.repo), name)
        listed = git(tmp_path / name, "tag", "--list", gone).split()
        git(tmp_path / name, "tag", "-d", *listed)
        specs.append(f"git:{tmp_path / name}")
    told = chapters(session, *specs)
    assert [row[-1] for row in shown(told)] == [[], ["rename"], [], ["take back"]]
    assert "no git history" in told[2].cause.note
    assert told[2].cause.declared[0].startswith("adopted upstream")


def test_a_declaration_that_no_commit_bears_out_says_so(past: Past, tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", past)
    table = project / "patches/toy/patch.toml"
    text = table.read_text()
    table.write_text(
        text + '[[anchor]]\nfile = "again.patch"\nversion = "2.6.23"\nbase = "2.6.23"\n'
        'since = "2.6.23"\nwhy = "for its own sake"\n'
    )
    table.write_text(table.read_text().replace(
        'since = "2.6.23-rc1"\nwhy = \'\'\'', 'since = "2.6.23-rc1"\nuntil = "2.6.23"\nwhy = \'\'\''
    ).replace('version = "2.6.23"\nbase = "2.6.23"\nsince = "2.6.23-rc1"',
              'version = "2.6.23-rc1"\nbase = "2.6.23-rc1"\nsince = "2.6.23-rc1"'))  # fmt: skip
    patches = project / "patches/toy"
    (patches / "again.patch").write_text((patches / "v2.6.23.patch").read_text())
    told = chapters(open_shop(project, tmp_path))
    assert shown(told)[-1][:4] == ("2.6.23", "2.6.23", State.APPLIES, "again")
    assert told[-1].cause.commits == ()
    assert "declaration alone" in told[-1].cause.note
    assert told[-1].cause.declared == ("anchor again: for its own sake",)


def test_an_anchor_that_is_left_before_it_fails(past: Past, tmp_path: Path) -> None:
    """The first anchor would still do; the commit that the next one was cut for is named."""
    project = make_project(tmp_path / "project", past)
    patches = project / "patches/toy"
    head = HEAD.replace("prepare(a)", "prepare(&a)")
    wider = diff(head + FAULT + TAIL, HEAD.replace("\tprepare(a);\n", "") + PATCHED + TAIL)
    (patches / "wider.patch").write_text(wider)
    text = (patches / "patch.toml").read_text()
    (patches / "patch.toml").write_text(
        text.replace('until = "2.6.22-rc1"\nwhy = "the first"', 'until = "2.6.21-rc1"\nwhy = "1"')
        + '[[anchor]]\nfile = "wider.patch"\nversion = "2.6.21-rc1"\nbase = "2.6.21-rc1"\n'
        'since = "2.6.21-rc1"\nuntil = "2.6.22-rc1"\nwhy = "wider"\n'
    )
    told = chapters(open_shop(project, tmp_path))
    assert shown(told)[:2] == [
        ("2.6.20", "2.6.20", State.APPLIES, "v2.6.20", "", []),
        ("2.6.21-rc1", "2.6.21-rc1", State.APPLIES, "wider", "", ["another function"]),
    ]


def test_too_many_commits_are_not_searched_and_it_says_so(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    told = chapters(session)
    assert told[1].cause.commits == () and "more than 1 commit" in told[1].cause.note
    assert [c.subject for c in told[3].cause.commits] == ["take back"]


def test_a_tree_without_a_history_is_no_error(past: Past, session: Session) -> None:
    """As v2.6.11 is in the kernel's own repository."""
    git(past.repo, "tag", "v2.6.19", "v2.6.21^{tree}")
    told = chapters(session)
    assert shown(told)[:2] == [
        ("2.6.19", "2.6.19", State.PORTED, "v2.6.20", "identifiers", []),
        ("2.6.20", "2.6.21-rc1", State.APPLIES, "v2.6.20", "", []),
    ]
    assert "without a history" in told[1].cause.note


def test_a_history_that_was_cut_off_names_nothing(past: Past, tmp_path: Path) -> None:
    """In a shallow clone the first commit seems to have made all of its files."""
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", "--branch=v2.6.21", f"file://{past.repo}", "shallow")
    git(shallow, "fetch", "-q", "--depth=1", "origin", "tag", "v2.6.20")
    session = open_shop(make_project(tmp_path / "project", past), tmp_path)
    told = chapters(session, f"git:{shallow}")
    assert [row[-1] for row in shown(told)] == [[], []]
    assert "none of" in told[1].cause.note


def test_a_change_far_from_the_hunks_is_found(past: Past, tmp_path: Path) -> None:
    """The patch calls what another function of the file calls too; upstream drops that."""
    project = make_project(tmp_path / "project", past)
    repo = Past(tmp_path / "far")
    repo.repo.mkdir()
    git(repo.repo, "init", "-q", "-b", "main")
    calling = FAULT.replace("\tunmap(vma);\n", "\tunmap(vma);\n\t\tprepare(page);\n")
    (project / "patches/toy/v2.6.20.patch").write_text(diff(BEFORE, HEAD + calling + TAIL))
    for version, subject, text in (
        ("2.6.20", "begin", BEFORE),
        ("2.6.21-rc1", "no matter", BEFORE.replace("a + 1", "a + 2")),
        ("", "nor that", BEFORE.replace("a + 1", "a + 3")),
        ("2.6.21", "drop it", BEFORE.replace("prepare(a)", "ready(a)")),
    ):
        repo.commit(subject, text)
        if version:
            repo.tag(version)
    told = chapters(open_shop(project, tmp_path), f"git:{repo.repo}")
    assert shown(told)[1:] == [
        ("2.6.21", "2.6.21", State.CONFLICT, "v2.6.20", "", ["drop it"]),
    ]


def test_since_and_until_bound_the_history(session: Session) -> None:
    told = history(session, session.patchset(), since=V("2.6.21"), until=V("2.6.22-rc1")).chapters
    assert [row[:2] for row in shown(list(told))] == [
        ("2.6.21", "2.6.21"), ("2.6.22-rc1", "2.6.22-rc1"),
    ]  # fmt: skip
    assert told[0].cause.note == "the first kernel looked at"
    with pytest.raises(UserError, match="no kernel to tell of"):
        history(session, session.patchset(), since=V("3.0"))


def test_tracked_kernels_stand_beside_the_tags(past: Past, tmp_path: Path) -> None:
    """Of other sources only what is tracked; and what cannot be had is named."""
    tree = tmp_path / "linux"
    (tree / "mm").mkdir(parents=True)
    (tree / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 9\nEXTRAVERSION =\n")
    (tree / "mm/toy.c").write_bytes((past.repo / "mm/toy.c").read_bytes())
    kernels = (
        f'[sources.tree]\nkind = "tree"\nwhere = "{tree}"\n'
        '[[kernel]]\nversion = "6.1.*"\nsources = ["tree"]\n'
        '[[kernel]]\nversion = "6.12.*"\nsources = ["tree"]\n'
        '[[kernel]]\nversion = "5.10.1"\nsources = ["tree"]\n'
        '[[kernel]]\nversion = "7.1"\nsources = ["tree"]\npatches = ["another"]\n'
    )
    project = make_project(tmp_path / "project", past, kernels)
    shutil.copytree(project / "patches/toy", project / "patches/another")
    session = open_shop(project, tmp_path)
    told = history(session, session.patchset())
    assert str(told.chapters[-1].range.last.version) == "6.1.9"
    assert sorted(told.absent) == ["5.10.1", "6.12.*"]
    assert "5.10.1" in told.absent["5.10.1"]


def test_the_command_shows_and_prints_json(past: Past, tmp_path: Path) -> None:
    project = str(make_project(tmp_path / "project", past))
    status, out, err = zpmaint("-q", "--project", project, "history")
    assert status == 0, err
    assert max(map(len, out.splitlines())) <= 140
    [line] = [line for line in out.splitlines() if "v2.6.22-rc1" in line]
    assert "upstream" in line and f"{past.shas['adopt'][:12]} (2026-01-01) adopt" in line
    status, out, err = zpmaint("-q", "--project", project, "history", "--json")
    assert status == 0, err
    rows = json.loads(out)["ranges"]
    assert [(row["first"], row["count"], row["state"], row["way"]) for row in rows] == [
        ("2.6.20", 2, "applies", None), ("2.6.21", 1, "ported", "identifiers"),
        ("2.6.22-rc1", 1, "upstream", None), ("2.6.23-rc1", 2, "applies", None),
    ]  # fmt: skip
    assert rows[1]["cause"]["commits"] == [
        {"commit": past.shas["rename"], "date": "2026-01-01", "author": "A", "subject": "rename"}
    ]


# --- What `zpmaint port` says of an adopted change -----------------------------------------------


def port_why(past: Past, tmp_path: Path, *words: str, edit: tuple[str, str] = ("", "")) -> str:
    project = make_project(tmp_path / "project", past)
    table = project / "patches/toy/patch.toml"
    table.write_text(table.read_text().replace(*edit) if edit[0] else table.read_text())
    status, out, err = zpmaint("-q", "--project", str(project), "port", *words, "--json")
    assert status == 0, err
    row = json.loads(out)
    assert row["state"] == "upstream"
    return str(row["why"])


def test_an_adoption_is_borne_out_by_the_history(past: Past, tmp_path: Path) -> None:
    adopting = past.shas["adopt"][:12]
    why = port_why(past, tmp_path, "2.6.22-rc1")
    assert why.startswith(f"upstream has it since 2.6.22-rc1 ({adopting}): ")
    assert why.endswith(
        f'{adopting} ("adopt", 2026-01-01) is in the history of v2.6.22-rc1 and not of v2.6.20'
    )


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ("begin", "is in the history of v2.6.20 already"),
        ("take back", "is not in the history of v2.6.22-rc1"),
        ("", "012345678901 is no commit of git:"),
    ],
)
def test_a_commit_that_is_not_where_it_should_be_is_told(
    past: Past, tmp_path: Path, declared: str, says: str
) -> None:
    other = past.shas[declared][:12] if declared else "012345678901"
    why = port_why(past, tmp_path, "2.6.22-rc1", edit=(past.shas["adopt"][:12], other))
    assert says in why


def test_a_base_that_has_no_tag_is_told(past: Past, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(past.repo), "other")
    git(other, "tag", "-d", "v2.6.20")
    why = port_why(past, tmp_path, "2.6.22-rc1", "--source", f"git:{other}")
    assert why.endswith("is in the history of v2.6.22-rc1; v2.6.20 is not there to compare")


def test_without_a_history_that_is_told(past: Past, tmp_path: Path) -> None:
    tree = tmp_path / "linux"
    git(past.repo, "worktree", "add", "-q", str(tree), "v2.6.22-rc1")
    (tree / "Makefile").write_text(
        "VERSION = 2\nPATCHLEVEL = 6\nSUBLEVEL = 22\nEXTRAVERSION = -rc1\n"
    )
    why = port_why(past, tmp_path, "2.6.22-rc1", "--source", f"tree:{tree}")
    assert "since 2.6.22-rc1" in why and why.endswith(
        "no git history at hand to look for the commit in"
    )


# --- The real kernel -----------------------------------------------------------------------------


@pytest.mark.mirror
def test_the_history_of_the_patch_of_2007(kernel_git: Path, tmp_path: Path) -> None:
    session = open_shop(ROOT, tmp_path)
    told = history(
        session, session.patchset(), [f"git:{kernel_git}"], until=V("2.6.36-rc3")
    ).chapters
    causes = {str(c.range.first.version): {x.short for x in c.cause.commits} for c in told}
    assert causes["2.6.20-rc1"] == {"9de455b20705"}
    assert causes["2.6.23-rc1"] == {"769848c03895"}
    assert causes["2.6.24-rc1"] == {"557ed1fa2620"}
    assert causes["2.6.32-rc1"] <= {"a13ea5b75964", "62eede62dafb"} and causes["2.6.32-rc1"]
    assert causes["2.6.34-rc1"] <= {"d559db086ff5", "34e55232e59f"} and causes["2.6.34-rc1"]
    assert causes["2.6.36-rc1"] <= {"320b2b8de126", "11ac552477e3"} and causes["2.6.36-rc1"]
    assert all(c.cause.commits for c in told[1:])
    assert sum(len(c.range.ports) for c in told) > 200
