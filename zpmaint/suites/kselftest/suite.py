# SPDX-License-Identifier: GPL-2.0-only
"""`kselftest`: programs of that kernel's own tree, held to what they report on stock."""

from __future__ import annotations

from zpmaint.core.errors import UserError
from zpmaint.patchset.values import Flip
from zpmaint.suites.commands.suite import case_of, ready_with
from zpmaint.suites.counters import Counter
from zpmaint.suites.kselftest.build import ROOT, Target, build, headers, rows
from zpmaint.suites.protocol import Ask, Ready, nothing_ready
from zpmaint.suites.values import Case, Figure

NAME = "kselftest"
_SHARED = ("kselftest.h", "kselftest_harness.h", "lib.mk")
"""What programs of any folder include."""


class Kselftest:
    """The targets that a patch set names."""

    name = NAME
    counters: tuple[Counter, ...] = ()
    figures: tuple[Figure, ...] = ()
    flips: tuple[Flip, ...] = ()

    def __init__(self, targets: tuple[str, ...]) -> None:
        if not targets:
            raise UserError(
                "the suite kselftest has no targets",
                'in patch.toml: [[suite]] name = "kselftest", targets = ["mm/mkdirty"]',
            )
        self._targets = tuple(Target.parse(text) for text in targets)

    @property
    def cases(self) -> tuple[Case, ...]:
        return tuple(case_of(NAME, one.case, "") for one in self._targets if one.program)

    @property
    def open_names(self) -> tuple[str, ...]:
        return tuple(f"{NAME}.{one.case}*" for one in self._targets if not one.program)

    def ready(self, ask: Ask) -> Ready:
        if ask.arch != "x86_64":
            return nothing_ready(f"{NAME}: programs are built for x86_64 alone")
        folders = tuple(dict.fromkeys(one.folder for one in self._targets))
        tree = ask.tree(f"{ROOT}/{name}" for name in (*_SHARED, *folders))
        for folder in folders:
            if not (tree / ROOT / folder / "Makefile").is_file():
                there = sorted(p.parent.name for p in (tree / ROOT).glob("*/Makefile"))
                raise UserError(
                    f"{ask.version} has no selftests {folder!r}",
                    f"it has: {', '.join(there)}" if there else f"no {ROOT} at all",
                )
        out = ask.cache / NAME / str(ask.version)
        with ask.reporter.step(f"Building selftests of {ask.version}"):
            include = headers(tree, out, ask.reporter)
            built, left_out = [], []
            for target in self._targets:
                wanted = list(rows(tree, target))
                if not wanted:
                    left_out.append(
                        f"{target.case}*: its Makefile names no program that is one C file"
                    )
                there_are, missing = build(
                    tree, target.folder, include, wanted, out / target.folder.replace("/", "-")
                )
                built += there_are
                left_out += missing
        return ready_with(NAME, built, [f"{NAME}.{line}" for line in left_out], ask)
