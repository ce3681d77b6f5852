# SPDX-License-Identifier: GPL-2.0-only
"""What holds of every port, whatever the texts: tried on random ones."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from port_fixtures import PATH, V, anchor, changed, patchset
from series_fixtures import Repository, lay, program, tree_of

from zpmaint.core.text import to_bytes, to_text
from zpmaint.diffs.reader import read_patch
from zpmaint.diffs.series import Member, Series
from zpmaint.merge import diff3
from zpmaint.merge.lines import join
from zpmaint.port.engine import port
from zpmaint.port.overlay import Overlay
from zpmaint.port.sections import Effect, perform
from zpmaint.port.series import port_series
from zpmaint.port.values import Fate, MemberPort, State

PLENTY = settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
SOME = settings(PLENTY, max_examples=25)

WORDS = [
    b"", b"{", b"}", b"\treturn 0;", b"\tif (a)", b"int f(void)", b"#ifdef X", b"#endif", b"\ta();",
    b"  spaces", b"\t\t tab\t", b"caf\xe9", b"\xff\xfe", b"\x0c", b"/* c", b" */", b"-- ",
    b"--- a/x", b"+++ b/x", b"diff --git a/x b/x", b"\\ No newline", b"From a", b"CONFIG_X=y",
    b"a\rb", b"@@ -1 +1 @@",
]  # fmt: skip

line = st.one_of(
    st.sampled_from(WORDS),
    st.builds(lambda n: b"\tstep_%d(a);" % n, st.integers(0, 60)),
    st.binary(max_size=6).map(lambda raw: raw.replace(b"\n", b"").replace(b"\0", b"")),
)


@st.composite
def texts(draw: st.DrawFn, size: int = 24) -> bytes:
    """A file: any lines, LF or CRLF, with or without the last line's end; perhaps empty."""
    end = draw(st.sampled_from([b"\n", b"\n", b"\n", b"\r\n"]))
    data = b"".join(one + end for one in draw(st.lists(line, max_size=size)))
    return data if draw(st.booleans()) else data[: len(data) - len(end)]


@st.composite
def edited(draw: st.DrawFn, text: bytes) -> bytes:
    """The file with some lines changed, new or gone."""
    lines = text.splitlines(keepends=True) if b"\r" not in text else text.split(b"\n")
    if b"\r" in text:
        lines = [part + b"\n" for part in lines[:-1]] + [part for part in lines[-1:] if part]
    out: list[bytes] = []
    end = b"\r\n" if b"\r\n" in text else b"\n"
    for one in lines:
        what = draw(st.sampled_from("kkkkkkkcda"))
        if what in "ka":
            out.append(one)
        if what in "ca":
            out.append(draw(line) + end)
    if draw(st.integers(0, 4)) == 0:
        out.append(draw(line) + end)
    made = b"".join(out)
    return made.removesuffix(end) if draw(st.integers(0, 5)) == 0 else made


def in_series(
    text: str, base: dict[str, bytes | None], target: dict[str, bytes | None]
) -> MemberPort:
    series = Series("s", (Member("p", to_bytes(text)),), (("p", "p"),))
    [done] = port_series(series, base, target)
    return done


@PLENTY
@given(st.data())
def test_a_port_to_its_own_base_is_the_identity(data: st.DataObject) -> None:
    old = data.draw(texts())
    new = data.draw(edited(old))
    assume(old != new)
    patch = changed(old, new)
    ported = port(patchset(anchor(patch)), V("2.6.21"), {"a": {PATH: old}}, {PATH: old})
    assert ported.state is State.APPLIES, ported.why
    assert ported.files[0].result == new
    assert {hunk.placed for hunk in ported.files[0].hunks} == {"exact"}
    done = in_series(patch, {PATH: old}, {PATH: old})
    assert (done.fate, to_text(done.data)) == (Fate.APPLIES, patch)


@PLENTY
@given(st.data())
def test_a_port_to_what_it_made_is_upstream_or_a_conflict(data: st.DataObject) -> None:
    """A patch that is in already is not put in once more."""
    old = data.draw(texts())
    new = data.draw(edited(old))
    assume(old != new)
    done = in_series(changed(old, new), {PATH: old}, {PATH: new})
    assert not done.goes_in, (done.fate, done.why)


def unique(count: int, seed: int) -> list[str]:
    return [f"\tline_{seed}_{n}(a);\n" for n in range(count)]


@PLENTY
@given(st.data())
def test_a_port_is_the_three_way_merge_where_that_is_clean_and_unique(data: st.DataObject) -> None:
    base = ["int f(void)\n", "{\n", *unique(30, 0), "}\n"]
    fresh = iter(unique(200, 1))

    def edit(spots: list[int]) -> list[str]:
        out = list(base)
        for spot in sorted(spots, reverse=True):
            what = data.draw(st.sampled_from("cdar"))
            put = {"c": [next(fresh)], "d": [], "a": [out[spot], next(fresh)]}
            out[spot : spot + 1] = put.get(what, [next(fresh), next(fresh)])
        return out

    spots = data.draw(st.lists(st.integers(2, 31), unique=True, min_size=2, max_size=8))
    cut = data.draw(st.integers(1, len(spots) - 1))
    ours, theirs = edit(spots[:cut]), edit(spots[cut:])
    chunks = diff3.merge(base, ours, theirs)
    if not diff3.is_clean(chunks):
        return
    old, new, now = join(base), join(ours), join(theirs)
    done = in_series(changed(old, new), {PATH: old}, {PATH: now})
    assert done.fate in (Fate.APPLIES, Fate.PORTED), done.why
    assert done.files[0].result == join(diff3.result(chunks))
    assert done.files[0].result == merge_file(new, old, now)


def merge_file(ours: bytes, base: bytes, theirs: bytes) -> bytes:
    git = program("git")
    with tempfile.TemporaryDirectory() as folder:
        names = [Path(folder, name) for name in "abc"]
        for name, data in zip(names, (ours, base, theirs), strict=True):
            name.write_bytes(data)
        done = subprocess.run([git, "merge-file", "-p", *names], capture_output=True, check=False)
        assert done.returncode == 0
        return done.stdout


@PLENTY
@given(st.data())
def test_a_port_to_anything_is_written_as_it_says_or_is_a_conflict(data: st.DataObject) -> None:
    old = data.draw(texts())
    new = data.draw(edited(old))
    now = data.draw(edited(old))
    assume(old != new)
    known: dict[str, bytes | None] = {PATH: old} if data.draw(st.booleans()) else {}
    done = in_series(changed(old, new), known, {PATH: now})
    if done.goes_in:
        [part] = read_patch(to_text(done.data), "p").diffs
        effect = perform(part, Overlay({PATH: now}))
        assert isinstance(effect, Effect)
        assert effect.files == {PATH: done.files[0].result}
        assert [c.start for c in effect.changes] == list(effect.at)  # offset 0
        # What the patch did not touch is the target's, byte for byte.
        merged = done.files[0].result or b""
        foreign = set(merged.split(b"\n")) - set(now.split(b"\n"))
        assert foreign <= set(new.split(b"\n")) | {b""} or done.fate is Fate.PORTED


prose = st.lists(
    st.sampled_from(
        ["Subject: x\n", "\n", "---\n", " mm/x.c | 2 +-\n", "-- \n", "2.39\n", "caf\udce9\n",
         "+ a list\n", "- a list\n", "@@ quoted @@\n", "Signed-off-by: A <a@b>\n", "x\r\n"]
    ), max_size=6,
).map("".join)  # fmt: skip


@PLENTY
@given(st.data())
def test_what_is_read_is_printed_again(data: st.DataObject) -> None:
    parts: list[str] = []
    paths: list[str] = []
    for n in range(data.draw(st.integers(1, 3))):
        parts.append(data.draw(prose))
        old = data.draw(texts(8))
        new = data.draw(edited(old))
        path = f"mm/{n}.c"
        text = changed(old, new, path)
        paths += [path] if text else []
        # What follows a file without its last newline starts a line of its own.
        parts.append(text)
    whole = "".join([*parts, data.draw(prose)])
    read = read_patch(whole, "x")
    assert read.text() == whole
    assert [diff.new for diff in read.diffs] == paths


names = st.sampled_from(["a.c", "b.c", "doc/c.rst", "d.bin"])
contents = st.one_of(
    texts(30), st.binary(min_size=4, max_size=200), st.just(b""), st.just(b"\0\1" * 40)
)


@SOME
@given(st.dictionaries(names, contents, min_size=1), st.data())
def test_what_git_says_of_a_tree_is_done(tree: dict[str, bytes], data: st.DataObject) -> None:
    """Renames, copies, modes, binary changes, files that come and go: as git itself does them."""
    with tempfile.TemporaryDirectory() as place:
        there = Repository(Path(place, "work"), tree)
        for name in sorted(tree):
            what = data.draw(st.sampled_from(["keep", "edit", "move", "mode", "delete", "copy"]))
            spot = there.folder / name
            if what == "edit":
                spot.write_bytes(data.draw(edited(tree[name])))
            elif what == "move":
                lay(there.folder, {f"moved/{name}": tree[name] + b"x\n", name: None})
            elif what == "copy":
                lay(there.folder, {f"copied/{name}": tree[name]})
            elif what == "mode":
                spot.chmod(0o755)
            elif what == "delete":
                spot.unlink()
        there.git("add", "-A")
        done = subprocess.run(
            ["git", "diff", "--cached", "--binary", "-M30%", "-C", "--find-copies-harder", "base"],
            cwd=there.folder, capture_output=True, check=True,
        )  # fmt: skip
        text = to_text(done.stdout)
        assume(text)
        after = tree_of(there.folder)
    read = read_patch(text, "git's")
    assert read.text() == text
    paths = {path for part in read.diffs for path in part.paths}
    base = {path: tree.get(path) for path in paths}
    ported = in_series(text, base, base)
    assert (ported.fate, to_text(ported.data)) == (Fate.APPLIES, text), ported.why
    files = Overlay(base)
    for part in read.diffs:
        effect = perform(part, files)
        assert isinstance(effect, Effect), (part, effect)
        for path, made in effect.files.items():
            files.put(path, made)
    assert {path: files.get(path) for path in paths} == {path: after.get(path) for path in paths}
