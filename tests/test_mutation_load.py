# SPDX-License-Identifier: GPL-2.0-only
"""mutants.toml: what it may hold; and the project's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.mutation.load import load_mutants, select
from zpmaint.mutation.place import place
from zpmaint.mutation.values import Placed
from zpmaint.patchset.load import load_patchset
from zpmaint.port.engine import port
from zpmaint.sources.git import GitSource

OURS = Path(__file__).parent.parent / "patches/no-anon-zero-page"

GOOD = """
file = "mm/memory.c"
[kinds]
counter = "how memory is counted"
[[mutant]]
name = "not-counted"
kind = "counter"
why = "it is not counted"
needs = { "CONFIG_SMP|CONFIG_PREEMPTION" = "nobody looks" }
equivalent = "for all"
[[mutant.text]]
scope = "fault"
find = "count++;"
replace = ";"
[[mutant.text.also]]
file = "mm/other.c"
find = "a"
replace = ""
[[mutant.text]]
since = "6.12"
file = "mm/third.c"
find = "b"
replace = "c"
equivalent = "for this one"
"""


def load(folder: Path, text: str) -> str:
    """The error's text; '' where it loads."""
    (folder / "mutants.toml").write_text(text)
    try:
        load_mutants(folder)
    except UserError as error:
        return str(error)
    return ""


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == ""
    [mutant] = load_mutants(tmp_path)
    first, second = mutant.texts
    assert (mutant.name, mutant.kind) == ("not-counted", "counter")
    assert mutant.needs == {"CONFIG_SMP|CONFIG_PREEMPTION": "nobody looks"}
    assert [(e.file, e.scope) for e in first.edits] == [
        ("mm/memory.c", "fault"),
        ("mm/other.c", "fault"),
    ]
    assert (first.equivalent, second.equivalent) == ("for all", "for this one")
    assert second.edits[0].file == "mm/third.c"
    assert KernelVersion.parse("6.1") not in second.era


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ('kind = "counter"', 'kind = "other"', "'other' is none of kinds"),
        ('replace = ";"', 'replace = "count++;"', "plants nothing"),
        ('find = "b"\n', "", "mutant[1].text[2].find"),
        ('why = "it is not counted"', 'why = " "', "why"),
        ("CONFIG_SMP|CONFIG_PREEMPTION", "SMP", "needs"),
        ('scope = "fault"', 'skope = "fault"', "skope"),
        ("[kinds]", "[kinds", "not TOML"),
    ],
)
def test_a_slip_is_named(tmp_path: Path, was: str, now: str, said: str) -> None:
    assert was in GOOD
    error = load(tmp_path, GOOD.replace(was, now))
    assert said in error
    assert "mutants.toml" in error


def test_a_name_twice(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("[[mutant]]") :]
    assert "there twice: not-counted" in load(tmp_path, GOOD + again)


def test_a_set_without_mutants(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no mutants"):
        load_mutants(tmp_path)


def test_select() -> None:
    ours = load_mutants(OURS)
    assert select(ours, ()) == ours
    names = [mutant.name for mutant in select(ours, ("cow-copies-*", "page-leaked"))]
    assert "page-leaked" in names
    assert "cow-copies-half" in names
    assert "cow-reuses-shared" not in names
    with pytest.raises(UserError, match="no mutant matches 'nosuch'"):
        select(ours, ("cow-*", "nosuch"))


def test_ours_cover_what_a_fault_can_do_wrong() -> None:
    ours = load_mutants(OURS)
    assert len(ours) >= 25
    kinds = {mutant.kind for mutant in ours}
    assert len(kinds) >= 9
    for version in ("2.6.21", "5.10.262", "7.2.8"):
        meant = [m for m in ours if any(KernelVersion.parse(version) in t.era for t in m.texts)]
        assert len(meant) >= 25, version


@pytest.mark.mirror
def test_each_text_for_the_old_kernel_is_placed_on_it(kernel_git: Path, tmp_path: Path) -> None:
    version = KernelVersion.parse("2.6.21")
    source = GitSource(str(kernel_git), cache=tmp_path)
    patchset = load_patchset(OURS)
    blobs = source.blobs(version, ["mm/memory.c"])
    base = source.blobs(KernelVersion.parse("2.6.20"), ["mm/memory.c"])
    done = port(patchset, version, {"v2.6.20.4": base}, blobs)
    files = {file.path: file.result for file in done.files}
    tried = 0
    for mutant in load_mutants(OURS):
        if mutant.texts[0].era.until == KernelVersion.parse("2.6.24-rc1"):
            got = place(mutant, version, files.get)
            assert isinstance(got, Placed), f"{mutant.name}: {got}"
            tried += 1
    assert tried >= 25
