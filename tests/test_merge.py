# SPDX-License-Identifier: GPL-2.0-only
"""Properties of the merges and of the diff writer, held against git where git has an opinion."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from port_fixtures import PATH, V, anchor, patchset
from unidiff.patch import PatchSet as UnifiedDiff

from zpmaint.diffs.writer import unified
from zpmaint.merge import blockmerge, diff3
from zpmaint.merge.align import align
from zpmaint.merge.lines import join
from zpmaint.port.engine import port
from zpmaint.port.values import State

few = st.lists(st.sampled_from("abcd{}"), max_size=12)
lines = st.lists(
    st.sampled_from([f"\tline{n}(a);\n" for n in range(8)] + ["\n", "\t}\n"]), max_size=14
)
QUICK = settings(max_examples=150, deadline=None)


@QUICK
@given(few, few)
def test_alignment_pairs_equals_in_order(one: list[str], other: list[str]) -> None:
    pairs = align(one, other)
    assert all(one[i] == other[j] for i, j in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))


@QUICK
@given(few)
def test_alignment_with_itself_is_whole(one: list[str]) -> None:
    assert align(one, one) == [(n, n) for n in range(len(one))]


@QUICK
@given(lines, lines)
def test_merging_one_sided_changes_gives_that_side(base: list[str], changed: list[str]) -> None:
    for ours, theirs in ((changed, base), (base, changed), (changed, changed)):
        chunks = diff3.merge(base, ours, theirs)
        assert diff3.is_clean(chunks)
        assert diff3.result(chunks) == changed


@QUICK
@given(lines, lines, lines)
def test_chunks_cover_all_three_sides(base: list[str], ours: list[str], theirs: list[str]) -> None:
    chunks = diff3.merge(base, ours, theirs)
    assert [x for c in chunks for x in c.base] == base
    assert [x for c in chunks for x in c.ours] == ours
    assert [x for c in chunks for x in c.theirs] == theirs
    at = 0
    for chunk in chunks:
        assert chunk.theirs_at == at
        at += len(chunk.theirs)


def git_merge(base: list[str], ours: list[str], theirs: list[str], folder: Path) -> str | None:
    for name, side in (("base", base), ("ours", ours), ("theirs", theirs)):
        (folder / name).write_bytes(join(side))
    done = subprocess.run(
        ["git", "merge-file", "-p", "ours", "base", "theirs"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return done.stdout.decode() if done.returncode == 0 else None


unique = st.integers(4, 12).map(lambda n: [f"\tcall{k}(a);\n" for k in range(n)])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_the_merge_is_gits(tmp_path: Path, data: st.DataObject) -> None:
    """On lines that are all different an alignment has no choice: where git is clean so are we,
    with the same result, and where git conflicts so do we."""
    base = data.draw(unique)

    def edited(tag: str) -> list[str]:
        side = []
        for line in base:
            what = data.draw(st.sampled_from(["keep"] * 6 + ["drop", "edit", "add"]))
            side += {
                "keep": [line],
                "drop": [],
                "edit": [f"\t{tag}{line[1:]}"],
                "add": [line, f"\t{tag}_new{line[1:]}"],
            }[what]
        return side

    ours, theirs = edited("o"), edited("t")
    chunks = diff3.merge(base, ours, theirs)
    expected = git_merge(base, ours, theirs, tmp_path)
    if expected is None:
        assert not diff3.is_clean(chunks)
    elif diff3.is_clean(chunks):
        assert "".join(diff3.result(chunks)) == expected
    else:
        # git lets changes touch that a zealous merge splits; refusing more is allowed
        assert any(c.kind == "conflict" for c in chunks)


@QUICK
@given(lines, lines)
def test_the_block_merge_leaves_theirs_alone(base: list[str], theirs: list[str]) -> None:
    """A patch that changes nothing changes nothing, byte for byte."""
    joined = blockmerge.join(base, base, theirs)
    assert isinstance(joined, blockmerge.Joined)
    assert joined.lines == theirs


@QUICK
@given(lines, lines)
def test_the_block_merge_on_the_base_is_ours_but_for_empty_lines(
    base: list[str], ours: list[str]
) -> None:
    joined = blockmerge.join(base, ours, base)
    assert isinstance(joined, blockmerge.Joined)
    assert joined.lines == ours


def applied(patch: str, old: str) -> str:
    """A unified diff applied by the book: every line at its number."""
    files = UnifiedDiff.from_string(patch)
    if not files:
        return old
    source, out, at = old.splitlines(True), [], 0
    for hunk in files[0]:
        start = hunk.source_start - 1 if hunk.source_length else hunk.source_start
        out += source[at:start]
        out += [line.value for line in hunk.target_lines()]
        assert [line.value for line in hunk.source_lines()] == source[
            start : start + hunk.source_length
        ]
        at = start + hunk.source_length
    return "".join(out + source[at:])


@QUICK
@given(lines, lines)
def test_a_written_diff_says_what_changed(old: list[str], new: list[str]) -> None:
    patch = unified("x.c", old, new)
    assert (patch == "") == (old == new)
    assert applied(patch, "".join(old)) == "".join(new)


def function(body: list[str]) -> str:
    return "int f(int a)\n{\n" + "".join(body) + "\treturn a;\n}\n"


bodies = st.lists(st.sampled_from([f"\tcall{n}(a);\n" for n in range(9)]), min_size=1, max_size=14)


@settings(max_examples=100, deadline=None)
@given(bodies, bodies, st.integers(0, 3))
def test_porting_onto_the_own_base_is_identity(old: list[str], new: list[str], shift: int) -> None:
    base, patched = function(old), function(new)
    if base == patched:
        return
    moved = "int x;\n" * shift
    patch = unified(PATH, base.splitlines(True), patched.splitlines(True))
    ported = port(
        patchset(anchor(patch)),
        V("2.6.21"),
        {"a": {PATH: base.encode()}},
        {PATH: (moved + base).encode()},
    )
    assert ported.state is State.APPLIES, ported.why
    assert ported.files[0].result == (moved + patched).encode()


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "clean"),
    [
        ("abc", "aBc", "abc", True),
        ("abc", "aBc", "abC", False),  # touching changes
        ("abcde", "aBcde", "abcDe", True),
        ("abc", "aBc", "aBc", True),
        ("abc", "aXbc", "aYbc", False),
    ],
)
def test_where_the_merge_draws_the_line(base: str, ours: str, theirs: str, clean: bool) -> None:
    assert diff3.is_clean(diff3.merge(base, ours, theirs)) is clean
