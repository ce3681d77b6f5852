# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint port --compile` as a user calls it: a series onto the toy kernel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from evidence_fixtures import CARD, MEMORY, diff
from proof_fixtures import ProofToy
from series_fixtures import quilt_folder
from test_cli import zpmaint

VERSION = "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 107\nEXTRAVERSION =\n"
GOOD = MEMORY.replace("zero_page + PAGES", "zero_page + 2 * PAGES")
BAD = GOOD.replace("\treturn 1;", "\treturn NOWHERE;").replace("#ifdef CONFIG_NUMA", "#if 1")


class Command:
    """The command on a kernel tree and a series of patches."""

    def __init__(self, folder: Path) -> None:
        self.toy = ProofToy(folder)
        makefile = (self.toy.tree / "Makefile").read_text()
        self.toy.write("Makefile", VERSION + makefile)
        self.out = folder / "out"
        self.series = folder / "in"
        self.env = {"ZPMAINT_HOME": str(folder / "home")}

    def lay(self, **patches: str) -> None:
        quilt_folder(self.series, {f"{name}.patch": text for name, text in patches.items()})

    def port(self, *words: str) -> tuple[int, str, str]:
        return zpmaint(
            "port", "6.12.107", "--series", str(self.series), "--out", str(self.out),
            "--source", f"tree:{self.toy.tree}", *words, env=self.env,
        )  # fmt: skip

    def drift(self) -> None:
        """A line changes that patches have around theirs: they are carried."""
        text = (self.toy.tree / "mm/memory.c").read_text()
        self.toy.write(
            "mm/memory.c", text.replace("int handle_mm_fault", "/* here */\nint handle_mm_fault")
        )


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


def test_a_series_that_does_not_compile_is_a_conflict_with_the_compilers_line(
    command: Command,
) -> None:
    command.lay(
        one=diff("mm/memory.c", MEMORY, GOOD),
        two=diff("mm/memory.c", GOOD, BAD),
        three=diff("drivers/card.c", CARD, CARD.replace("1", "2")),
    )
    status, said, _ = command.port("--compile", "--keep-going")
    assert status == 1
    assert "mm/memory.c:8: error: 'NOWHERE' undeclared" in said
    assert "2 applies, 1 conflict" in said
    assert "compiled: 2 of 2 touched files" in said  # without it, in a second round
    told = json.loads((command.out / "port.json").read_text())
    states = {row["patch"]: row["state"] for row in told["patches"]}
    assert states == {"one.patch": "applies", "two.patch": "conflict", "three.patch": "applies"}
    assert told["compiled"]["words"] == "compiled: 2 of 2 touched files"
    assert (command.out / "unported/two.patch").is_file()


def test_it_is_compiled_for_the_architecture_that_is_asked_for(command: Command) -> None:
    """This tree has none of arm64."""
    command.lay(one=diff("mm/memory.c", MEMORY, GOOD))
    status, _, err = command.port("--compile", "--arch", "aarch64")
    assert status == 2 and "no config profile fits this arm64 tree" in " ".join(err.split())


def test_without_compiling_it_goes_in(command: Command) -> None:
    command.lay(one=diff("mm/memory.c", MEMORY, BAD))
    status, said, _ = command.port("--no-compile")
    assert (status, "compiled:" in said) == (0, False)
    # Not asked for, and nothing was carried.
    status, said, _ = command.port()
    assert (status, "compiled:" in said) == (0, False)


def test_a_carried_patch_is_compiled_where_the_tree_is_at_hand(command: Command) -> None:
    command.drift()
    command.lay(one=diff("mm/memory.c", MEMORY, GOOD))
    status, said, _ = command.port()
    assert status == 0 and "compiled: 1 of 1 touched files" in said
    command.lay(one=diff("mm/memory.c", MEMORY, GOOD.replace("2 * PAGES", "NOWHERE")))
    status, said, _ = command.port()
    assert status == 1
    assert "it does not compile, and stock does: mm/memory.c:15: error: 'NOWHERE'" in " ".join(
        said.split()
    )


def test_trouble_with_compiling_is_a_note_unless_it_was_asked_for(command: Command) -> None:
    command.drift()
    command.lay(one=diff("mm/memory.c", MEMORY, GOOD))
    bare = {**command.env, "PATH": str(command.toy.folder)}
    command.env = bare
    status, said, err = command.port()
    assert (status, "compiled:" in said) == (0, False)
    assert "not compiled: not installed: make" in " ".join(err.split())
    status, _, err = command.port("--compile")
    assert status == 3 and "not installed: make" in err
