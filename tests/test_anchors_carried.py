# SPDX-License-Identifier: GPL-2.0-only
"""What the shipped set makes of every kernel since the zero page came back, against a rule by hand.

Needs a git mirror with tags (ZPMAINT_KERNEL_GIT): every tag from 2.6.32-rc1 on that it has is
tried, and each port has to be what a person makes of that kernel, byte for byte, or a conflict
where the kernel is not of those that have to work.
"""

from __future__ import annotations

import os
import re
import subprocess
from functools import lru_cache
from pathlib import Path

import pytest

from zpmaint.app.port import starting, touched
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.load import load_patchset
from zpmaint.port import engine
from zpmaint.port.values import State

SET = load_patchset(Path(__file__).parent.parent / "patches" / "no-anon-zero-page")
MEMORY, HUGE = "mm/memory.c", "mm/huge_memory.c"
V = KernelVersion.parse
SINCE = V("2.6.32-rc1")

BASE_PAGE = re.compile(
    r"^(?:\t/\* Use the zero-page for reads \*/\n)?"
    r"\tif \(!\((?:\w+->)?flags & FAULT_FLAG_WRITE\)[^{]*\{\n"
    r"\t\tentry = pte_mkspecial\(pfn_pte\(my_zero_pfn\(.*?\n\t\}\n\n",
    re.MULTILINE | re.DOTALL,
)
LABEL = re.compile(r"^setpte:\n", re.MULTILINE)
HUGE_PAGE = re.compile(
    r"^(\t+)if \(!\((?:\w+->)?flags & FAULT_FLAG_WRITE\)[^{]*"
    r"transparent_hugepage_use_zero_page\(\)\) \{\n.*?\n\1\}\n",
    re.MULTILINE | re.DOTALL,
)
SETTER = re.compile(
    r"^(?:/\* Caller must hold page table lock\. \*/\n)?"
    r"static (?:bool|void) set_huge_zero_page\(.*?\n\}\n\n",
    re.MULTILINE | re.DOTALL,
)


def by_hand(path: str, text: str) -> str:
    """The branch and its label go; the block of the huge zero page, and what only it called."""
    if path == MEMORY:
        text, branches = BASE_PAGE.subn("", text)
        text, labels = LABEL.subn("", text)
        assert (branches, labels) == (1, 1)
        return text
    text, blocks = HUGE_PAGE.subn("", text)
    assert blocks == 1
    if text.count("set_huge_zero_page(") == 1:  # its definition alone
        text, setters = SETTER.subn("", text)
        assert setters == 1
    return text


def _git(*words: str) -> bytes:
    where = os.environ["ZPMAINT_KERNEL_GIT"]
    return subprocess.run(["git", "-C", where, *words], check=True, capture_output=True).stdout


@lru_cache(maxsize=64)
def _blob(name: str) -> bytes:
    return _git("cat-file", "blob", name)


def _blobs(version: KernelVersion, paths: list[str]) -> dict[str, bytes | None]:
    listed = _git("ls-tree", f"refs/tags/v{version}", "--", *paths).decode()
    names = {row.split("\t")[1]: row.split()[2] for row in listed.splitlines()}
    return {path: _blob(names[path]) if path in names else None for path in paths}


@pytest.fixture(scope="module")
def tags() -> list[KernelVersion]:
    if not os.environ.get("ZPMAINT_KERNEL_GIT"):
        pytest.skip("ZPMAINT_KERNEL_GIT names no git mirror of the kernel: NOT TESTED")
    found = []
    for name in _git("tag").decode().split():
        try:
            found.append(V(name))
        except UserError:
            continue  # a tag that names no kernel
    return sorted(v for v in found if v >= SINCE)


@pytest.mark.mirror
def test_every_tag_is_ported_as_by_hand_or_not_at_all(tags: list[KernelVersion]) -> None:
    assert tags
    states = {}
    for version in tags:
        starts = starting(SET, version)
        target = _blobs(version, touched(starts))
        bases = {
            start.name: _blobs(start.base, list(engine.paths(start.patch)))
            for start in starts
            if start.base in tags
        }
        ported = engine.port(SET, version, bases, target)
        states[version] = ported.state
        for file in ported.files:
            if ported.patch:
                before, after = target[file.path], file.result
                assert before is not None and after is not None
                wanted = by_hand(file.path, before.decode("latin-1"))
                assert after == wanted.encode("latin-1"), (version, file.path, ported.why)
    for version, state in states.items():
        if version < V("2.6.40"):
            assert state in (State.APPLIES, State.PORTED), version
    for version in set(states) & {start.base for start in SET.anchors}:
        assert states[version] is State.APPLIES, version


def test_the_rule_knows_a_setter_that_a_fork_still_uses() -> None:
    setter = (
        "static bool set_huge_zero_page(pgtable_t pgtable)\n{\n\treturn true;\n}\n\n"
        "int do_huge_pmd_anonymous_page(struct vm_fault *vmf)\n{\n"
        "\tif (!(vmf->flags & FAULT_FLAG_WRITE) &&\n"
        "\t\t\ttransparent_hugepage_use_zero_page()) {\n\t\tset_huge_zero_page(0);\n\t}\n"
        "\treturn 0;\n}\n"
    )
    fork = "int copy_huge_pmd(void)\n{\n\tset_huge_zero_page(0);\n}\n"
    assert "set_huge_zero_page" not in by_hand(HUGE, setter)
    kept = by_hand(HUGE, setter + fork)
    assert kept.count("set_huge_zero_page") == 2
    assert "FAULT_FLAG_WRITE" not in kept
