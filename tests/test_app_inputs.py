# SPDX-License-Identifier: GPL-2.0-only
"""What makes a verification due again, and what does not."""

from __future__ import annotations

import json
import shutil
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

import zpmaint
from zpmaint.app import inputs
from zpmaint.app.closure import closure, parsed
from zpmaint.app.content import file_digest, value_digest
from zpmaint.app.inputs import key_of, verification_inputs
from zpmaint.build.options import BuildOptions
from zpmaint.core.errors import InfraError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.load import find_patchset
from zpmaint.patchset.values import PatchSet, single
from zpmaint.vm.profiles import Accelerator

V = KernelVersion.parse
NEW, OLD = V("6.12.107"), V("2.6.21")
PROJECT = Path(zpmaint.__file__).parent.parent


@pytest.fixture(scope="module")
def shipped() -> PatchSet:
    return find_patchset("no-anon-zero-page", PROJECT)


def changed(before: PatchSet, now: PatchSet, version: KernelVersion) -> set[str]:
    """The parts of the inputs that differ."""
    one, other = (verification_inputs(version, of) for of in (before, now))
    assert (one == other) == (key_of(one) == key_of(other))
    return {name for name in one | other if one.get(name) != other.get(name)}


def test_an_anchor_counts_for_the_kernels_of_its_era_alone(shipped: PatchSet) -> None:
    anchors = [
        replace(anchor, series=single(f"{anchor.patch}\n"))
        if anchor.name == "v6.12.107"
        else anchor
        for anchor in shipped.anchors
    ]
    other = replace(shipped, anchors=tuple(anchors))
    assert changed(shipped, other, NEW) == {"patch"}
    assert changed(shipped, other, OLD) == set()


def test_an_anchors_range_counts_by_what_it_makes_a_start(shipped: PatchSet) -> None:
    longer = [
        replace(anchor, era=replace(anchor.era, until=V("7.0")))
        if anchor.name == "v6.12.107"
        else anchor
        for anchor in shipped.anchors
    ]
    other = replace(shipped, anchors=tuple(longer))
    assert changed(shipped, other, NEW) == set()
    assert changed(shipped, other, V("7.0.1")) == {"patch"}


def test_prose_of_a_patch_set_counts_nowhere(shipped: PatchSet) -> None:
    other = replace(
        shipped,
        title="another",
        intent="another",
        leaves=(),
        anchors=tuple(replace(anchor, why="another") for anchor in shipped.anchors),
        flips=tuple(replace(flip, why="another") for flip in shipped.flips),
        telling=tuple(replace(telling, why="another") for telling in shipped.telling),
        resolutions=tuple(replace(one, why="another") for one in shipped.resolutions),
    )
    assert changed(shipped, other, NEW) == set()


def test_what_is_expected_counts_where_it_is_expected(shipped: PatchSet) -> None:
    old = [telling for telling in shipped.telling if OLD in telling.era]
    assert old
    assert all(NEW not in telling.era for telling in old)
    others = tuple(
        replace(telling, counters=("MemFree",)) if telling in old else telling
        for telling in shipped.telling
    )
    other = replace(shipped, telling=others)
    assert changed(shipped, other, OLD) == {"expectations"}
    assert changed(shipped, other, NEW) == set()


def test_what_is_asked_for_counts_and_the_number_of_jobs_does_not(shipped: PatchSet) -> None:
    now = verification_inputs(NEW, shipped)
    assert verification_inputs(NEW, shipped, BuildOptions(jobs=7)) == now
    for other in (
        verification_inputs(NEW, shipped, BuildOptions(arch="i386")),
        verification_inputs(NEW, shipped, BuildOptions(profile="full-modern")),
        verification_inputs(NEW, shipped, accelerator=Accelerator.TCG),
    ):
        assert {name for name in now if now[name] != other[name]} == {"asked"}


def test_the_sets_own_cases_count(shipped: PatchSet, tmp_path: Path) -> None:
    own = replace(shipped, folder=tmp_path)
    (tmp_path / "cases").mkdir()
    before = verification_inputs(NEW, own)
    (tmp_path / "cases/flag.c").write_text("int main(void) { return 0; }\n")
    now = verification_inputs(NEW, own)
    assert now.keys() - before.keys() == {"own/flag.c"}


def test_a_suite_counts_for_the_sets_that_want_it(
    shipped: PatchSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case of the fault-path suite changes, on a copy of the package."""
    package = tmp_path / "zpmaint"
    shutil.copytree(PROJECT / "zpmaint", package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(inputs, "_PACKAGE", package)
    sets = {
        "both": shipped,
        "boot": replace(shipped, suites=("boot",)),
        "ltp": replace(shipped, suites=("boot", "ltp"), suite_targets=(("ltp", ("mm",)),)),
    }

    def told() -> dict[str, dict[str, str]]:
        inputs._code.cache_clear()
        return {name: verification_inputs(NEW, of) for name, of in sets.items()}

    before = told()

    def after(path: str, old: str, new: str) -> dict[str, set[str]]:
        """By set what differs on NEW once a file says otherwise."""
        kept = (package / path).read_text()
        assert old in kept
        (package / path).write_text(kept.replace(old, new, 1))
        found = told()
        (package / path).write_text(kept)
        return {
            name: {part for part in was | found[name] if was.get(part) != found[name].get(part)}
            for name, was in before.items()
        }

    cases = "suites/fault_path/cases.toml"
    try:
        assert after(cases, 'name = "read.zero"', 'name = "read.naught"') == {
            "both": {cases}, "boot": set(), "ltp": set(),
        }  # fmt: skip
        assert after(cases, "untouched memory reads as zero", "prose") == {
            "both": set(), "boot": set(), "ltp": set(),
        }  # fmt: skip
        assert after("suites/ltp/suite.py", "from __future__", "X = 1\nfrom __future__") == {
            "both": set(), "boot": set(), "ltp": {"code"},
        }  # fmt: skip
    finally:
        inputs._code.cache_clear()


def test_a_projects_own_data_counts(shipped: PatchSet, tmp_path: Path) -> None:
    before = verification_inputs(NEW, shipped, project=tmp_path)
    (tmp_path / "zpmaint.d/build").mkdir(parents=True)
    (tmp_path / "zpmaint.d/build/fixups.toml").write_text('[[fixup]]\nname = "x"\n')
    now = verification_inputs(NEW, shipped, project=tmp_path)
    assert now.keys() - before.keys() == {"project/build/fixups.toml"}


def test_a_projects_own_compiler_counts(shipped: PatchSet) -> None:
    now = verification_inputs(NEW, shipped)
    assert verification_inputs(NEW, shipped, compilers=["gcc"]) == now
    other = verification_inputs(NEW, shipped, compilers=["gcc", "tar"])  # any program that is there
    assert {name for name in now if now[name] != other[name]} == {"tools"}


def test_the_key_holds_what_the_stages_import_and_read(shipped: PatchSet) -> None:
    code = inputs._code(None)
    assert {
        "zpmaint.core.versions", "zpmaint.port.engine", "zpmaint.build.pair", "zpmaint.vm.boot",
        "zpmaint.judge.verdict", "zpmaint.sources.debian", "zpmaint.sources.git",
    } <= code.modules.keys()  # fmt: skip
    assert not {
        name
        for name in code.modules
        if name.startswith(("zpmaint.cli", "zpmaint.publish", "zpmaint.ledger", "zpmaint.matrix"))
    }
    assert (
        not {"zpmaint.app.explain", "zpmaint.app.resolve", "zpmaint.app.bench"}
        & code.modules.keys()
    )
    parts = verification_inputs(NEW, shipped)
    assert {
        "core/tools.toml", "build/fixups.toml", "build/toolchains.toml", "build/profiles",
        "vm/profiles.toml", "vm/console.toml", "sources/debian.toml", "sources/unpack.toml",
        "packages", "tools",
    } <= parts.keys()  # fmt: skip
    assert "tree_sitter" in code.packages


# --- the code, on a package of toys ---------------------------------------------------------------

TOY = {
    "__init__.py": "",
    "verify.py": "from toy import port\nfrom toy.rooms.build import make\n",
    "port.py": '"""Ports."""\nimport requests\n\nLIMIT = 3  # lines\n',
    "explain.py": "from toy import port\n",
    "rooms/__init__.py": "",
    "rooms/build.py": """
        from pathlib import Path
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from toy import shown
        DATA = Path(__file__).parent / "data.toml"

        def make():
            from toy.rooms import late
            load("toy.plugins.")
    """,
    "rooms/late.py": "X = 1\n",
    "rooms/data.toml": 'why = "so"\nrow = 1\n',
    "rooms/other.toml": "row = 1\n",
    "plugins/__init__.py": "",
    "plugins/one.py": "X = 1\n",
    "shown.py": "X = 1\n",
}


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    for name, text in TOY.items():
        path = tmp_path / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return tmp_path / "toy"


def test_all_that_is_imported_counts_and_no_more(toy: Path) -> None:
    found = closure(["toy.verify"], toy)
    assert set(found.modules) == {
        "toy", "toy.verify", "toy.port", "toy.rooms", "toy.rooms.build", "toy.rooms.late",
        "toy.plugins.one", "toy.plugins",
    }  # fmt: skip
    assert found.data == (toy / "rooms/data.toml",)
    assert found.packages == ("requests",)


@pytest.mark.parametrize(
    ("name", "before", "now", "counts"),
    [
        ("port.py", "# lines", "# so many lines", False),
        ("port.py", '"""Ports."""', '"""Ports a patch.\n\nAt length."""', False),
        ("port.py", "LIMIT = 3", "\n\nLIMIT = 3", False),
        ("port.py", "LIMIT = 3", "LIMIT = 4", True),
        ("explain.py", "from toy import port", "import os", False),
        ("shown.py", "X = 1", "X = 2", False),
        ("rooms/late.py", "X = 1", "X = 2", True),
        ("plugins/one.py", "X = 1", "X = 2", True),
    ],
)
@pytest.mark.parametrize("cached", [False, True])
def test_code_counts_where_it_is_imported_and_comments_never(
    toy: Path, tmp_path: Path, *, name: str, before: str, now: str, counts: bool, cached: bool
) -> None:
    cache = tmp_path / "cache/code.json" if cached else None
    first = closure(["toy.verify"], toy, cache=cache)
    path = toy / name
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, now))
    assert (closure(["toy.verify"], toy, cache=cache).digest != first.digest) is counts


def test_a_damaged_cache_is_read_past(toy: Path, tmp_path: Path) -> None:
    cache = tmp_path / "code.json"
    first = closure(["toy.verify"], toy, cache=cache)
    assert len(json.loads(cache.read_text())["value"]) == 8
    cache.write_text("{")
    assert closure(["toy.verify"], toy, cache=cache) == first


def test_what_is_left_out_takes_what_it_alone_imports_with_it(toy: Path) -> None:
    found = closure(["toy.verify"], toy, leaves_out=lambda name: name == "toy.rooms.build")
    assert "toy.rooms.late" not in found.modules
    assert found.data == ()


def test_docstrings_of_attributes_are_prose() -> None:
    one = parsed('class A:\n    x: int = 1\n    """Lines."""\n')
    assert one.digest == parsed("class A:\n    x: int = 1\n").digest
    assert one.digest != parsed("class A:\n    x: int = 2\n").digest


def test_rows_of_data_count_for_their_kernels(tmp_path: Path) -> None:
    path = tmp_path / "cases.toml"
    row = '[[case]]\nname = "a"\nsince = "6.1"\nexpect = "{}"\nreason = "{}"\n'
    path.write_text(row.format("ok", "so"))
    before = {version: file_digest(path, version) for version in (NEW, OLD)}
    path.write_text(row.format("ok", "or so"))
    assert {version: file_digest(path, version) for version in (NEW, OLD)} == before
    path.write_text("# a comment\n" + row.format("zero", "so"))
    assert file_digest(path, NEW) != before[NEW]
    assert file_digest(path, OLD) == before[OLD]


def test_what_is_no_toml_counts_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("= 1")
    first = file_digest(path, NEW)
    path.write_text("= 2")
    assert file_digest(path, NEW) != first
    assert value_digest([b"a"], NEW) != value_digest([b"b"], NEW)


def test_a_tool_that_is_killed_is_no_other_tool(
    shipped: PatchSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where memory ran out: with half an answer every kernel would be due again."""
    (tmp_path / "killed-cc").write_text("#!/bin/sh\nkill -KILL $$\n")
    (tmp_path / "killed-cc").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(InfraError, match="killed-cc --version: killed by signal 9"):
        verification_inputs(NEW, shipped, compilers=["killed-cc"])
