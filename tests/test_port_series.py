# SPDX-License-Identifier: GPL-2.0-only
"""Patches in order, each on the ported state of those before it; what the real programs make of
the written folder."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from port_fixtures import changed
from series_fixtures import (
    Repository,
    Tree,
    git_am,
    ported,
    quilt_folder,
    quilt_push,
    tree_of,
    write,
)

from zpmaint.diffs.series import Series, load_series
from zpmaint.port.series import dependents, port_series
from zpmaint.port.values import Fate, MemberPort


def function(name: str, body: str) -> str:
    return f"int {name}(int a)\n{{\n{body}\treturn a;\n}}\n\n"


LINES = "".join(f"\tstep_{n}(a);\n" for n in range(12))
C = (function("first", LINES) + function("second", LINES.replace("step", "walk"))).encode()
BASE: Tree = {"mm/a.c": C, "mm/b.c": C.replace(b"_", b"."), "Makefile": b"VERSION = 6\n"}
DRIFTED = b"#include <x.h>\n\n" + C.replace(b"\twalk_11(a);\n", b"\twalk_11(a);\n\tnew(a);\n")
TARGET: Tree = {**BASE, "mm/a.c": DRIFTED, "Makefile": b"VERSION = 7\n"}


def diff(old: bytes | None, new: bytes | None, path: str = "mm/a.c") -> str:
    return changed(old, new, path)


def chain(*texts: bytes, path: str = "mm/a.c") -> dict[str, str]:
    """A patch from each text to the next."""
    pairs = itertools.pairwise(texts)
    return {
        f"{n}.patch": f"Subject: {n}\n\n{diff(a, b, path)}" for n, (a, b) in enumerate(pairs, 1)
    }


ONE = C.replace(b"\tstep_3(a);\n", b"\tstep_3(a, 1);\n\tmore(a);\n")
TWO = ONE.replace(b"\tmore(a);\n", b"\tmore(a, 2);\n")
THREE = TWO.replace(b"\tstep_9(a);\n", b"")


def fates(ports: list[MemberPort]) -> list[str]:
    return [str(port.fate) for port in ports]


def test_each_patch_goes_onto_the_ones_before(tmp_path: Path) -> None:
    folder = quilt_folder(tmp_path / "in", chain(C, ONE, TWO, THREE))
    ports = ported(folder, BASE, TARGET)
    assert fates(ports) == ["applies"] * 3
    assert [hunk.offset for port in ports for file in port.files for hunk in file.hunks] == [2] * 3
    assert [port.needs for port in ports] == [(), ("1.patch",), ()]
    got, said = quilt_push(write(tmp_path / "out", folder, ports), TARGET, tmp_path / "tree")
    want = DRIFTED.replace(b"\tstep_3(a);\n", b"\tstep_3(a, 1);\n\tmore(a, 2);\n")
    assert got == {**TARGET, "mm/a.c": want.replace(b"\tstep_9(a);\n", b"")}
    assert "offset" not in said and "fuzz" not in said


def test_without_a_base_the_patches_alone_are_known(tmp_path: Path) -> None:
    folder = quilt_folder(tmp_path / "in", chain(C, ONE, TWO, THREE))
    ports = ported(folder, {}, TARGET)
    assert fates(ports) == ["applies"] * 3
    quilt_push(write(tmp_path / "out", folder, ports), TARGET, tmp_path / "tree")


def test_what_stands_around_the_diffs_is_kept_byte_for_byte(tmp_path: Path) -> None:
    head = (
        b"From: J\xf6rg <j@example.org>\nDate: Wed, 28 Mar 2007 12:00:00 +0200\n"
        b"Subject: mm: a\n  folded one\nMessage-Id: <1@x>\nOrigin: upstream, http://x\n"
        b"Bug-Debian: https://bugs.debian.org/1\n\nWhy.  \n\n"
        b"Signed-off-by: J\n---\n mm/a.c | 9 ++\n\n"
        b"Index: linux/mm/a.c\n"
    )
    body = (
        diff(C, ONE).encode().replace(b"--- a/mm/a.c", b"--- linux.orig/mm/a.c\t2007-03-28 12:00")
    )
    folder = quilt_folder(tmp_path / "in", {"1.patch": head + body + b"-- \n2.0\n"})
    [port] = ported(folder, BASE, TARGET)
    assert port.data.startswith(head + b"--- linux.orig/mm/a.c\t2007-03-28 12:00\n")
    assert port.data.endswith(b"-- \n2.0\n")
    assert re.sub(rb"@@ -\d+,(\d+) \+\d+", rb"@@ -\1", port.data) == re.sub(
        rb"@@ -\d+,(\d+) \+\d+", rb"@@ -\1", head + body + b"-- \n2.0\n"
    )
    [same] = ported(folder, BASE, BASE)
    assert same.data == head + body + b"-- \n2.0\n"


def test_a_patch_that_upstream_has_is_named_and_dropped(tmp_path: Path) -> None:
    patches = chain(C, ONE, TWO, THREE)
    table = "# start\n1.patch\n2.patch # why\n3.patch\n"
    folder = quilt_folder(tmp_path / "in", patches, table)
    target = {
        **TARGET,
        "mm/a.c": DRIFTED.replace(b"\tstep_3(a);\n", b"\tstep_3(a, 1);\n\tmore(a);\n"),
    }
    ports = ported(folder, BASE, target)
    assert fates(ports) == ["upstream", "applies", "applies"]
    assert "already" in ports[0].why
    out = write(tmp_path / "out", folder, ports)
    assert not (out / "1.patch").exists()
    assert (out / "series").read_text() == (
        "# start\n# in 6.12 already: 1.patch\n2.patch # why\n3.patch\n"
    )
    got, _ = quilt_push(out, target, tmp_path / "tree")
    assert b"more(a, 2)" in got["mm/a.c"]


def test_a_deletion_that_upstream_made_is_upstream(tmp_path: Path) -> None:
    gone = C.replace(b"\tstep_9(a);\n", b"")
    folder = quilt_folder(tmp_path / "in", chain(C, gone))
    target = {**TARGET, "mm/a.c": DRIFTED.replace(b"\tstep_9(a);\n", b"")}
    assert fates(ported(folder, BASE, target)) == ["upstream"]


def test_of_a_patch_that_upstream_has_half_the_rest_goes_in(tmp_path: Path) -> None:
    both = ONE.replace(b"\twalk_2(a);\n", b"\twalk_2(a, 2);\n")
    folder = quilt_folder(tmp_path / "in", chain(C, both))
    target = {**TARGET, "mm/a.c": DRIFTED.replace(b"\twalk_2(a);\n", b"\twalk_2(a, 2);\n")}
    ports = ported(folder, BASE, target)
    assert fates(ports) == ["ported"]
    assert ports[0].confidence <= 0.75
    assert "1 of 2 hunks are in the target already" in ports[0].why
    got, _ = quilt_push(write(tmp_path / "out", folder, ports), target, tmp_path / "tree")
    assert got["mm/a.c"] == target["mm/a.c"].replace(
        b"\tstep_3(a);\n", b"\tstep_3(a, 1);\n\tmore(a);\n"
    )


def test_a_line_that_upstream_moved_alike_is_not_there_twice(tmp_path: Path) -> None:
    """One hunk takes it away, another brings it elsewhere: only together do they show that
    upstream has both."""
    head, tail = "\tq = init();\n\tif (!q)\n\t\treturn 1;\n\n", "\t\t}\n\t}\n\n"
    middle = "".join(f"\tmap_{n}(q);\n" for n in range(9))
    kept, moved = "\ts->queue = q;\n\n", "\ts->queue = q;\n\n"
    old = function("make", head + kept + middle + tail).encode()
    new = function("make", head + middle + tail + moved).encode()
    base = {"mm/a.c": old}
    folder = quilt_folder(tmp_path / "in", chain(old, new))
    upstream = new.replace(b"int make", b"#include <y.h>\n\nint make")
    assert fates(ported(folder, base, {"mm/a.c": upstream})) == ["upstream"]
    # Upstream did more to the place that it comes to: whatever it is called, it is not put in.
    other = upstream.replace(b"\ts->queue = q;\n\n", b"\ts->queue = q;\n\ts->max = 1;\n\n")
    [port] = ported(folder, base, {"mm/a.c": other})
    assert not port.goes_in or port.files[0].result.count(b"s->queue = q;") == 1


def test_an_addition_at_a_files_end_is_not_made_twice(tmp_path: Path) -> None:
    """Its context stands there still, and the line that it brings after it, too."""
    folder = quilt_folder(tmp_path / "in", chain(C, C + b"int last;\n"))
    assert fates(ported(folder, BASE, {**TARGET, "mm/a.c": DRIFTED + b"int last;\n"})) == [
        "upstream"
    ]
    assert fates(ported(folder, BASE, TARGET)) == ["applies"]


CLASH = {**TARGET, "mm/a.c": DRIFTED.replace(b"\tstep_3(a);\n", b"\tstep_3(a, 2);\n")}


def test_the_first_conflict_stops_and_says_what_waits_for_it(tmp_path: Path) -> None:
    patches = chain(C, ONE, TWO, THREE) | {"4.patch": diff(BASE["mm/b.c"], None, "mm/b.c")}
    folder = quilt_folder(tmp_path / "in", patches)
    ports = ported(folder, BASE, CLASH)
    assert fates(ports) == ["conflict", "untried", "untried", "untried"]
    assert "mm/a.c" in ports[0].why
    assert "<<<<<<<" in ports[0].files[0].conflict
    assert dependents(ports, "1.patch") == ["2.patch"]
    out = write(tmp_path / "out", folder, ports)
    assert (out / "unported/1.patch").read_text() == patches["1.patch"]
    assert (
        "# conflict: unported/1.patch\n# untried: unported/2.patch\n"
        in (out / "series").read_text()
    )


def test_keep_going_leaves_out_the_patch_and_tries_the_others(tmp_path: Path) -> None:
    patches = chain(C, ONE, TWO, THREE) | {"4.patch": diff(BASE["mm/b.c"], None, "mm/b.c")}
    folder = quilt_folder(tmp_path / "in", patches)
    ports = ported(folder, BASE, CLASH, keep_going=True)
    assert fates(ports) == ["conflict", "conflict", "applies", "applies"]
    got, _ = quilt_push(write(tmp_path / "out", folder, ports), CLASH, tmp_path / "tree")
    assert got == {
        "Makefile": TARGET["Makefile"],
        "mm/a.c": CLASH["mm/a.c"].replace(b"\tstep_9(a);\n", b""),
    }


def test_a_conflict_in_one_file_leaves_the_others_alone(tmp_path: Path) -> None:
    """All or nothing: what the patch did to another file is taken back."""
    both = diff(BASE["mm/b.c"], b"gone\n", "mm/b.c") + diff(C, ONE)
    later = diff(BASE["mm/b.c"], BASE["mm/b.c"].replace(b"first", b"1st"), "mm/b.c")
    folder = quilt_folder(tmp_path / "in", {"1.patch": both, "2.patch": later})
    base = {**BASE}
    ports = ported(folder, base, CLASH, keep_going=True)
    assert fates(ports)[0] == "conflict"
    assert ports[1].off_base  # the patches were made for the state without 1.patch
    assert fates(ports)[1] == "applies"


def test_a_patch_that_is_not_for_its_base_says_so(tmp_path: Path) -> None:
    folder = quilt_folder(tmp_path / "in", chain(TWO, THREE))
    [port] = ported(folder, {**BASE, "mm/a.c": b"int x;\n"}, {**TARGET, "mm/a.c": TWO})
    assert port.fate is Fate.APPLIES
    assert port.off_base == ("mm/a.c: its lines do not stand there",)


def test_a_file_twice_in_one_patch(tmp_path: Path) -> None:
    folder = quilt_folder(tmp_path / "in", {"1.patch": diff(C, ONE) + diff(ONE, TWO)})
    ports = ported(folder, BASE, TARGET)
    assert fates(ports) == ["applies"]
    got, _ = quilt_push(write(tmp_path / "out", folder, ports), TARGET, tmp_path / "tree")
    assert b"more(a, 2)" in got["mm/a.c"]


def test_a_new_file_is_changed_and_deleted_later(tmp_path: Path) -> None:
    patches = {
        "1.patch": diff(None, b"int n;\n", "mm/n.c"),
        "2.patch": diff(b"int n;\n", b"long n;\n", "mm/n.c"),
        "3.patch": diff(b"long n;\n", None, "mm/n.c"),
    }
    folder = quilt_folder(tmp_path / "in", patches)
    ports = ported(folder, BASE, TARGET)
    assert fates(ports) == ["applies"] * 3
    assert [port.needs for port in ports] == [(), ("1.patch",), ("2.patch",)]
    got, _ = quilt_push(write(tmp_path / "out", folder, ports), TARGET, tmp_path / "tree")
    assert got == TARGET
    taken = {**TARGET, "mm/n.c": b"upstream's\n"}
    stuck = ported(folder, BASE, taken)
    assert fates(stuck)[0] == "conflict" and "another file" in stuck[0].why
    same = ported(folder, BASE, {**TARGET, "mm/n.c": b"int n;\n"})
    assert fates(same) == ["upstream", "applies", "applies"]


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    """Six commits with all that git can say of a file."""
    there = Repository(
        tmp_path / "work", {**BASE, "doc/l1": b"caf\xe9\r\nb\r\nc", "bin": b"\0\1\2" * 50}
    )
    there.step("edit", {"mm/a.c": ONE})
    there.git("mv", "mm/b.c", "mm/c.c")
    there.step("rename and edit", {"mm/c.c": BASE["mm/b.c"].replace(b"first", b"1st")})
    there.git("mv", "mm/c.c", "mm/d.c")
    there.commit("rename alone")
    (there.folder / "Makefile").chmod(0o755)
    there.commit("mode")
    there.step("bytes", {"doc/l1": b"caf\xe9s\r\nb\r\nc\r\n", "empty": b"", "one": b"no newline"})
    there.step("binary", {"bin": b"\0\1\3" * 51, "new.bin": bytes(range(256))})
    there.step("copy", {"mm/e.c": TWO, "mm/a.c": TWO, "one": None, "empty": None})
    return there


WITH_BYTES = {**TARGET, "doc/l1": b"top\r\ncaf\xe9\r\nb\r\nc", "bin": b"\0\1\2" * 50}


@pytest.mark.parametrize("form", ["folder", "mbox"])
def test_git_am_takes_what_git_wrote(form: str, work: Repository, tmp_path: Path) -> None:
    patches = work.format_patch(tmp_path / "patches", "--full-index", "--binary", "-C", "-M")
    if form == "mbox":
        box = tmp_path / "all.mbox"
        box.write_bytes(b"".join(p.read_bytes() for p in sorted(patches.glob("*.patch"))))
        patches = box
    base = {**BASE, "doc/l1": b"caf\xe9\r\nb\r\nc", "bin": b"\0\1\2" * 50}
    ports = ported(patches, base, WITH_BYTES)
    assert fates(ports) == ["applies"] * 7, [port.why for port in ports]
    out = write(tmp_path / "out", patches, ports)
    there = git_am(out, WITH_BYTES, tmp_path / "there")
    got = tree_of(there.folder)
    want = tree_of(work.folder)
    want["mm/a.c"] = want["mm/a.c"] and DRIFTED.replace(
        b"\tstep_3(a);\n", b"\tstep_3(a, 1);\n\tmore(a, 2);\n"
    )
    want |= {"doc/l1": b"top\r\ncaf\xe9s\r\nb\r\nc\r\n", "Makefile": b"VERSION = 7\n"}
    if "mm/e.c" in got and got["mm/e.c"] != TWO:
        want["mm/e.c"] = got["mm/a.c"]  # the copy of a changed file is changed
    assert got == want
    for form_ in ("%an %ae %ad %s %b",):
        names = [
            r.git("log", "--reverse", f"--format={form_}", "base..HEAD") for r in (work, there)
        ]
        assert names[0] == names[1]
    assert (there.folder / "Makefile").stat().st_mode & 0o111


def test_quilt_takes_renames_modes_and_empty_files(work: Repository, tmp_path: Path) -> None:
    work.git("reset", "-q", "--hard", "HEAD~2")  # patch(1) knows no binary changes
    patches = work.format_patch(tmp_path / "patches", "--full-index", "-M")
    base = {**BASE, "doc/l1": b"caf\xe9\r\nb\r\nc", "bin": b"\0\1\2" * 50}
    ports = ported(patches, base, WITH_BYTES)
    assert fates(ports) == ["applies"] * 5
    out = write(tmp_path / "out", patches, ports)
    got, said = quilt_push(out, WITH_BYTES, tmp_path / "tree")
    assert got["doc/l1"] == b"top\r\ncaf\xe9s\r\nb\r\nc\r\n"
    assert got["mm/d.c"] == BASE["mm/b.c"].replace(b"first", b"1st") and "mm/b.c" not in got
    assert got["one"] == b"no newline" and got["empty"] == b""
    assert "offset" not in said and "fuzz" not in said


def test_git_finds_the_blobs_that_the_index_lines_name(work: Repository, tmp_path: Path) -> None:
    patches = work.format_patch(tmp_path / "patches", "--binary", "-M")
    base = {**BASE, "doc/l1": b"caf\xe9\r\nb\r\nc", "bin": b"\0\1\2" * 50}
    ports = ported(patches, base, WITH_BYTES)
    there = git_am(write(tmp_path / "out", patches, ports), WITH_BYTES, tmp_path / "there")
    for name in re.findall(r"^index ([0-9a-f]+)\.\.", ports[0].data.decode(), re.M):
        assert there.git("cat-file", "-t", name) == "blob\n"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"bin": b"upstream"}, "binary"),
        ({"mm/b.c": None}, "does not have mm/b.c"),
        ({"mm/c.c": b"x"}, "file mm/c.c already"),
        ({"one": b"x"}, "another file"),
        ({"Makefile": None}, "does not have Makefile"),
    ],
)
def test_what_cannot_be_carried_says_why(
    changes: Tree, says: str, work: Repository, tmp_path: Path
) -> None:
    patches = work.format_patch(tmp_path / "patches", "--binary", "-M")
    base = {**BASE, "doc/l1": b"caf\xe9\r\nb\r\nc", "bin": b"\0\1\2" * 50}
    target = {k: v for k, v in {**WITH_BYTES, **changes}.items() if v is not None}
    ports = ported(patches, base, target, keep_going=True)
    assert any(p.fate is Fate.CONFLICT and says in p.why for p in ports), [p.why for p in ports]


def test_links_are_not_followed(tmp_path: Path) -> None:
    text = (
        "diff --git a/l b/l\nindex 1..2 120000\nold mode 120000\nnew mode 100644\n"
        "--- a/l\n+++ b/l\n@@ -1 +1 @@\n-mm\n\\ No newline at end of file\n+mn\n"
        "\\ No newline at end of file\n"
    )
    folder = quilt_folder(tmp_path / "in", {"1.patch": text})
    [port] = ported(folder, {}, {"l": b"mm"})
    assert port.fate is Fate.CONFLICT and "link" in port.why


def test_a_patch_without_a_diff_is_not_called_applied(tmp_path: Path) -> None:
    folder = quilt_folder(tmp_path / "in", {"0.patch": "notes\n", **chain(C, ONE)})
    ports = ported(folder, BASE, TARGET)
    assert fates(ports) == ["unread", "applies"]
    assert "no diff that can be read" in ports[0].why
    out = write(tmp_path / "out", folder, ports)
    assert (out / "unported/0.patch").read_bytes() == b"notes\n"


def test_what_cannot_be_read_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    folder = quilt_folder(tmp_path / "in", {"0.patch": diff(C, ONE)[:-20], **chain(C, ONE, TWO)})
    ports = ported(folder, BASE, TARGET)
    assert fates(ports) == ["unread", "applies", "applies"]
    assert ports[0].why.startswith("line ") and "ends early" in ports[0].why


def test_what_upstream_took_away_is_not_called_by_a_series(tmp_path: Path) -> None:
    """`more` came with the first patch, whether its file drifted, is the base's own, or is new."""
    new = "Subject: new\n\n" + diff(None, b"int mine(int a)\n{\n\treturn more(a);\n}\n", "mm/new.c")
    for patches, target in (
        (chain(C, ONE, TWO), TARGET),
        (chain(C, ONE, TWO), BASE),
        ({"new.patch": new}, {**TARGET, "mm/new.c": None}),
    ):
        series = load_series(quilt_folder(tmp_path / f"{len(patches)}-{id(target)}", patches))

        def carried(lost: str, series: Series = series, target: Tree = target) -> Fate:
            ports = port_series(
                series, {**BASE, "mm/new.c": None}, target, keep_going=True,
                exists=lambda name: True, gone=lambda name: name == lost,
            )  # fmt: skip
            return next(iter(ports)).fate

        assert carried("other") is Fate.APPLIES
        assert carried("more") is Fate.CONFLICT
