# SPDX-License-Identifier: GPL-2.0-only
"""docs/reference-keys.md: every key of the files that people write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zpmaint.build.fixups import Fixup
from zpmaint.build.profiles import Profile
from zpmaint.build.toolchains import Toolchain
from zpmaint.cli.manual.keys import Key, KeyTable, TableClass, tables
from zpmaint.cli.manual.table import MADE, escaped, table
from zpmaint.core.config import Config
from zpmaint.patchset.claims import PageTable
from zpmaint.patchset.schema import PatchTable
from zpmaint.suites.own.table import CaseRow, CounterRow
from zpmaint.vm.profiles import Machines


@dataclass(frozen=True)
class File:
    """A file, and the tables that it begins with, each under its header."""

    path: str
    about: str
    tables: tuple[tuple[str, TableClass], ...]


FILES = (
    File("kernels.toml", "What is tracked, and where kernels come from.", (("", Config),)),
    File(
        "patches/NAME/patch.toml",
        "A patch set ([patch-sets.md](patch-sets.md)).",
        (("", PatchTable),),
    ),
    File(
        "patches/NAME/cases/cases.toml",
        "The cases of a set's own ([write-case.md](write-case.md)).",
        (("[[case]]", CaseRow), ("[[counter]]", CounterRow)),
    ),
    File(
        "patches/NAME/pages/PAGE.toml",
        "A page of claims and figures ([panels.md](panels.md)).",
        (("", PageTable),),
    ),
    File(
        "zpmaint.d/build/fixups.toml",
        "Fix-ups of a project's own, as those of `zpmaint/build/fixups.toml` "
        "([write-fixup.md](write-fixup.md)).",
        (("[[fixup]]", Fixup),),
    ),
    File(
        "zpmaint.d/build/profiles.toml",
        "Configurations that kernels are built with ([howto-configuration.md]"
        "(howto-configuration.md)).",
        (("[[profile]]", Profile),),
    ),
    File(
        "zpmaint.d/build/toolchains.toml", "Compilers and flags.", (("[[toolchain]]", Toolchain),)
    ),
    File("zpmaint.d/vm/profiles.toml", "Machines of QEMU.", (("", Machines),)),
)


def described() -> Iterator[tuple[File, KeyTable]]:
    """Every table of every file."""
    for file in FILES:
        for header, cls in file.tables:
            yield from ((file, found) for found in tables(header, cls))


def keys_page() -> str:
    """The whole text."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from ("# Keys of the files", "", MADE, "")
    yield "A key that is not here is an error that names it; so is one that is needed and missing."
    before = None
    for file, found in described():
        if file is not before:
            yield from ("", f"## {file.path}", "", file.about)
            before = file
        if found.header:
            yield from ("", f"### {found.header}", "")
            if words := escaped(found.about.removeprefix(found.header).lstrip(": ")):
                yield from (words[:1].upper() + words[1:], "")
        else:
            yield ""
        yield from table(("key", "", "if left out", ""), [_row(key) for key in found.keys])


def _row(key: Key) -> tuple[str, str, str, str]:
    missing = "needed" if key.is_needed else f"`{key.default}`" if key.default else ""
    return f"`{key.name}`", key.type, missing, escaped(key.about)
