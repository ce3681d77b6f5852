# SPDX-License-Identifier: GPL-2.0-only
"""A toy kernel with a past: branches, a merge, an adoption, its revocation; and a project."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from port_fixtures import diff
from sources_fixtures import git
from test_port_strategies import FAULT, HEAD, PATCHED

from zpmaint.app.session import Session
from zpmaint.core.places import Places
from zpmaint.core.progress import SILENT

PATH = "mm/toy.c"

TAIL = """
static int last(int a)
{
	return a + 1;
}
"""
BEFORE = HEAD + FAULT + TAIL
RENAMED = "alloc_zeroed_movable"
_OWN = "\t/* A page of our own. */\n"
_SPECIAL = "\tif (!write) {\n\t\tpage = special(vma);\n\t\tgoto out;\n\t}\n\n"
AGAIN = PATCHED.replace(_OWN, _SPECIAL + _OWN).replace("\tset_pte(", "out:\n\tset_pte(")

PATCH_TOML = """
title = "toy"
author = "the tests"
origin = "made up"
intent = "no zero page"
leaves = []
[[anchor]]
file = "v2.6.20.patch"
version = "2.6.20"
base = "2.6.20"
until = "2.6.22-rc1"
why = "the first"
[[anchor]]
file = "v2.6.23.patch"
version = "2.6.23"
base = "2.6.23"
since = "2.6.23-rc1"
why = '''
the second,
of two lines'''
[[adopted]]
since = "2.6.22-rc1"
until = "2.6.23-rc1"
commits = ["{adopting}"]
why = "they took it"
"""


@dataclass
class Past:
    """The repository, with each commit's name by its subject."""

    repo: Path
    shas: dict[str, str] = field(default_factory=dict)

    def commit(self, subject: str, text: str, path: str = PATH) -> str:
        """Commit a file's new text."""
        place = self.repo / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        git(self.repo, "add", "-A")
        git(self.repo, "commit", "-q", "-m", subject)
        return self.note(subject)

    def note(self, subject: str) -> str:
        self.shas[subject] = git(self.repo, "rev-parse", "HEAD")
        return self.shas[subject]

    def tag(self, version: str) -> None:
        git(self.repo, "tag", "-a", "-m", version, f"v{version}")


def make_past(folder: Path) -> Past:
    """v2.6.20 (applies), v2.6.21-rc1 (still), v2.6.21 (renamed on a branch that was merged),
    v2.6.22-rc1 (adopted), v2.6.23-rc1 (taken back) and v2.6.23 (still)."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    past = Past(folder)
    past.commit("begin", BEFORE)
    past.tag("2.6.20")
    main = BEFORE.replace("prepare(a)", "prepare(&a)")
    past.commit("another function", main)
    past.tag("2.6.21-rc1")
    git(folder, "checkout", "-q", "-b", "side", "v2.6.20")
    past.commit("another file", "other\n", "mm/other.c")
    past.commit("rename", BEFORE.replace("alloc_zeroed", RENAMED))
    git(folder, "checkout", "-q", "main")
    main = main.replace("a + 1", "a + 2")
    past.commit("the last function", main)
    git(folder, "merge", "-q", "--no-ff", "-m", "merge side", "side")
    past.note("merge side")
    past.tag("2.6.21")
    rest = HEAD.replace("prepare(a)", "prepare(&a)"), TAIL.replace("a + 1", "a + 2")
    past.commit("touch", main.replace("alloc_zeroed", RENAMED).replace("int ret = 0", "int ret=0"))
    past.commit("adopt", PATCHED.replace("alloc_zeroed", RENAMED).join(rest))
    past.commit("later", PATCHED.replace("alloc_zeroed", RENAMED).join((rest[0], TAIL)))
    past.tag("2.6.22-rc1")
    past.commit("take back", AGAIN.join((rest[0], TAIL)))
    past.tag("2.6.23-rc1")
    past.commit("nothing of ours", "more\n", "mm/other.c")
    past.tag("2.6.23")
    return past


def make_project(folder: Path, past: Past, kernels: str = "") -> Path:
    """A project whose one source is the toy kernel's repository."""
    patches = folder / "patches/toy"
    patches.mkdir(parents=True)
    (folder / "kernels.toml").write_text(
        f'patch = "toy"\n[sources.toy]\nkind = "git"\nwhere = "{past.repo}"\n'
        + (kernels or '[[kernel]]\nversion = "2.6.21"\nsources = ["toy"]\n')
    )
    (patches / "patch.toml").write_text(PATCH_TOML.replace("{adopting}", past.shas["adopt"][:12]))
    head = HEAD.replace("prepare(a)", "prepare(&a)")
    (patches / "v2.6.20.patch").write_text(diff(BEFORE, HEAD + PATCHED + TAIL))
    (patches / "v2.6.23.patch").write_text(diff(head + AGAIN + TAIL, head + PATCHED + TAIL))
    return folder


def open_shop(project: Path, folder: Path) -> Session:
    return Session.open(Places(project, folder / "cache", folder / "state"), SILENT)
