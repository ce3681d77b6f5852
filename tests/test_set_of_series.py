# SPDX-License-Identifier: GPL-2.0-only
"""A patch set that is a series, through the commands: port, explain, resolve, sweep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from history_fixtures import PATH
from port_fixtures import V, diff
from series_fixtures import quilt_folder, quilt_push
from test_port_sites import HEAD, OLD, THEIRS
from test_resolve import DRIFTED, TOML, Place

from zpmaint.patchset.load import load_patchset

BEFORE = HEAD + OLD
ONE = BEFORE.replace("\tprepare(a);\n", "\tprepare(a);\n\tmore(a);\n")
TWO = ONE.replace("max = 40;", "max = 60;")
THREE = TWO.replace("step(a);", "step(a + 1);")
PATCHES = {
    f"{n}.patch": f"Subject: patch {n}\n\n{diff(old, new)}"
    for n, (old, new) in enumerate(((BEFORE, ONE), (ONE, TWO), (TWO, THREE)), 1)
}


class Queue(Place):
    """The kernel of test_resolve, and a set of three patches of which the second clashes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (self.set / "v2.6.20.patch").unlink()
        quilt_folder(
            self.set / "v2.6.20", PATCHES, "# ours\n1.patch\n2.patch # the limit\n3.patch\n"
        )
        (self.set / "patch.toml").write_text(TOML.replace('"v2.6.20.patch"', '"v2.6.20"'))


@pytest.fixture
def place(tmp_path: Path) -> Queue:
    return Queue(tmp_path)


def test_port_prints_the_patches_and_writes_the_folder(place: Queue) -> None:
    out = place.folder / "out"
    status, said, err = place.run("port", "2.6.20", "--out", str(out))
    assert status == 0, err
    assert "applies (from v2.6.20): 3 of 3 patches apply as they are" in said
    for name, text in PATCHES.items():
        assert (out / "v2.6.20" / name).read_text() == text
        assert any(line.split()[:2] == [name, "applies"] for line in said.splitlines())
    assert PATH not in said
    assert PATH in place.run("port", "2.6.20", "-v", "--out", str(out))[1]
    got, _ = quilt_push(out / "v2.6.20", {PATH: BEFORE.encode()}, place.folder / "tree")
    assert got == {PATH: THREE.encode()}
    # Without --out the patches stand one after the other on standard output, as in JSON.
    row = json.loads(place.run("port", "2.6.20", "--json")[1])
    assert row["patch"] == "".join(PATCHES.values())


def test_the_set_and_port_series_write_the_same_patches(place: Queue) -> None:
    words = ["--series", str(place.set / "v2.6.20"), "--base", "2.6.20"]
    status, _, err = place.run("port", "2.6.20", *words, "--out", str(place.folder / "s"))
    assert status == 0, err
    assert place.run("port", "2.6.20", "--out", str(place.folder / "p"))[0] == 0
    one, other = (
        {p.name: p.read_bytes() for p in folder.iterdir()}
        for folder in (place.folder / "s", place.folder / "p/v2.6.20")
    )
    assert one == other


def test_a_conflict_names_its_patch_in_table_and_json(place: Queue) -> None:
    out = place.folder / "out"
    status, said, _ = place.run("port", "2.6.21-rc1", "--out", str(out))
    assert status == 1 and not out.exists()
    assert "2.patch: 1 of 1 hunks" in said and "<<<<<<< the patch (limit)" in said
    row = json.loads(place.run("port", "2.6.21-rc1", "--json")[1])
    assert [(m["patch"], m["state"]) for m in row["members"]] == [
        ("1.patch", "applies"), ("2.patch", "conflict"), ("3.patch", "untried"),
    ]  # fmt: skip
    assert row["patch"] is None and row["why"].startswith("2.patch: ")


def test_explain_tells_of_each_patch_and_names_the_commit(place: Queue) -> None:
    status, said, err = place.run("explain", "2.6.21-rc1")
    assert status == 1, err
    sha = place.past.shas["lower the limit"][:12]
    parts = said.split("\n2.patch: conflict")
    assert len(parts) == 2 and sha not in parts[0]
    assert f"{sha} (in v2.6.21-rc1" in parts[1].split("\n3.patch: ")[0]
    row = json.loads(place.run("explain", "2.6.21-rc1", "--json")[1])
    assert {(h["patch"], bool(h["turns"])) for h in row["hunks"]} == {
        ("1.patch", False), ("2.patch", True), ("3.patch", False),
    }  # fmt: skip
    assert list(row["interdiffs"]) == ["1.patch"]


def test_a_conflict_is_laid_out_on_the_patches_before_it(place: Queue) -> None:
    folder = place.open()
    sides = {side: (folder / side / PATH).read_text() for side in ("ours", "base", "theirs")}
    more = ("\tprepare(a);\n", "\tprepare(a);\n\tmore(a);\n")
    assert sides == {"ours": TWO, "base": ONE, "theirs": (HEAD + THEIRS).replace(*more)}
    notes = (folder / "README.txt").read_text()
    assert "stops at 2.patch" in notes and "the patches before it done" in notes


def test_a_solution_is_remembered_for_the_patch_and_used_again(place: Queue) -> None:
    place.solve()
    status, out, err = place.run("resolve", "2.6.21-rc1", "--done", "--why", "we need more")
    assert status == 0, err
    assert "follows by itself: v2.6.21 (1): ported" in out
    [known] = load_patchset(place.set).resolutions
    assert (known.scope, known.anchor) == ("limit", "v2.6.20")
    row = json.loads(place.run("port", "2.6.21", "--json")[1])
    assert row["state"] == "ported"
    placed = {(f["patch"], h["placed"]) for f in row["files"] for h in f["hunks"]}
    assert ("2.patch", "resolution") in placed
    out_folder = place.folder / "out"
    assert place.run("port", "2.6.21", "--out", str(out_folder))[0] == 0
    got, said = quilt_push(out_folder / "v2.6.21", {PATH: DRIFTED.encode()}, place.folder / "tree")
    text = got[PATH].decode()
    assert "max = 60;" in text and "more(a);" in text and "step(a + 1);" in text
    assert "offset" not in said and "fuzz" not in said
    assert place.state("2.6.22") == "conflict"  # another limit is another conflict


def test_after_one_conflict_the_next_is_named(place: Queue) -> None:
    """The third patch clashes, too: solving the second leaves that to be done."""
    place.past.commit("another step", (HEAD + THEIRS).replace("step(a);", "step(a - 7);"))
    place.past.tag("2.6.23")
    place.solve("2.6.23")
    status, out, err = place.run("resolve", "2.6.23", "--done")
    assert status == 1, err
    assert "the series stops at 3.patch now" in out
    place.solve("2.6.23", "\tstep(a - 6);\n")
    status, out, err = place.run("resolve", "2.6.23", "--done")
    assert status == 0, err
    assert place.state("2.6.23") == "ported"


def test_a_folder_out_of_date_is_refused(place: Queue) -> None:
    place.solve()
    text = PATCHES["1.patch"].replace("more(a);", "more(a, 0);")
    (place.set / "v2.6.20/1.patch").write_text(text)
    (place.set / "v2.6.20/2.patch").write_text(
        PATCHES["2.patch"].replace("-\tmore(a);", "-\tmore(a, 0);")
    )
    status, _, err = place.run("resolve", "2.6.21-rc1", "--done")
    assert status == 2 and "is another one since the folder was made" in err


def test_sweep_and_history_go_over_series(place: Queue) -> None:
    status, said, err = place.run("sweep", "--since", "2.6.3", "--until", "2.6.2")
    assert status == 2 and "no kernel of these sources is in the range" in err
    status, said, err = place.run("sweep", "--json")
    assert status == 0, err
    assert [(row["version"], row["state"]) for row in json.loads(said)] == [
        ("2.6.20", "applies"), ("2.6.21-rc1", "conflict"), ("2.6.21", "conflict"),
        ("2.6.22", "conflict"),
    ]  # fmt: skip
    status, said, err = place.run("history", "--json")
    assert status == 0, err
    rows = json.loads(said)["ranges"]
    assert [row["state"] for row in rows] == ["applies", "conflict"]
    assert [c["subject"] for c in rows[1]["cause"]["commits"]] == ["lower the limit"]


def test_the_last_solution_of_a_series_may_be_an_anchor(place: Queue) -> None:
    place.past.commit("another step", (HEAD + THEIRS).replace("step(a);", "step(a - 7);"))
    place.past.tag("2.6.23")
    place.solve("2.6.23")
    before = place.tree()
    status, _, err = place.run("resolve", "2.6.23", "--done", "--as-anchor")
    assert status == 2 and "it is not whole yet (conflict: 3.patch: " in err
    assert place.tree() == before
    assert place.run("resolve", "2.6.23", "--done")[0] == 1
    place.solve("2.6.23", "\tstep(a - 6);\n")
    status, out, err = place.run("resolve", "2.6.23", "--done", "--as-anchor", "--why", "so")
    assert status == 0, err
    assert f"recorded: {place.set / 'v2.6.23'}" in out
    first, second = load_patchset(place.set).anchors
    assert (second.name, second.is_single, first.era.until) == ("v2.6.23", False, V("2.6.22"))
    assert (place.set / "v2.6.23/series").read_text() == (
        "# ours\n1.patch\n2.patch # the limit\n3.patch\n"
    )
    assert 'file = "v2.6.23"' in (place.set / "patch.toml").read_text()
    row = json.loads(place.run("port", "2.6.23", "--json")[1])
    assert (row["state"], row["anchor"]) == ("applies", "v2.6.23")
    target = {PATH: (HEAD + THEIRS).replace("step(a);", "step(a - 7);").encode()}
    got, said = quilt_push(place.set / "v2.6.23", target, place.folder / "tree")
    assert "max = 60;" in got[PATH].decode() and "step(a - 6);" in got[PATH].decode()
    assert "offset" not in said and "fuzz" not in said
