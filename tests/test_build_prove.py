# SPDX-License-Identifier: GPL-2.0-only
"""Compile proof of ports onto a toy kernel, with real make and real gcc."""

from __future__ import annotations

import os
from shutil import which

import pytest
from evidence_fixtures import CARD, HEADER, MEMORY
from proof_fixtures import ProofToy, toy

from zpmaint.core.errors import KernelError
from zpmaint.port.proof import Place, Proof

__all__ = ["toy"]

GOOD = MEMORY.replace("zero_page + PAGES", "zero_page + 2 * PAGES")
BAD = MEMORY.replace("zero_page + PAGES", "zero_page + PAGGES")


def test_a_port_that_compiles_is_proven(toy: ProofToy) -> None:
    proof = toy.proof({"mm/memory.c": GOOD})
    (file,) = proof.files
    assert (file.proof, file.objects) == (Proof.PROVEN, ("mm/memory.o",))
    assert proof.words == "compiled: 1 of 1 touched files"
    assert toy.compiled() == ["mm/memory.o", "mm/memory.o"]  # stock and the port


def test_a_port_that_does_not_compile_is_refused_with_the_line_and_its_hunk(toy: ProofToy) -> None:
    file = toy.proof_of("mm/memory.c", BAD)
    assert file.proof is Proof.REFUSED
    line = file.errors[0]
    assert (line.path, line.line) == ("mm/memory.c", 14)
    assert line.text.startswith("error: 'PAGGES' undeclared")
    assert line.place == Place("", "mm/memory.c", 0, 1)
    assert str(toy.folder) not in str(line)


def test_stock_is_compiled_once_and_a_proof_made_once(toy: ProofToy) -> None:
    first = toy.proof({"mm/memory.c": GOOD})
    toy.kept.titles.clear()
    assert toy.proof({"mm/memory.c": GOOD}) == first
    assert toy.kept.titles == []
    toy.proof({"mm/memory.c": BAD})
    assert toy.compiled() == ["mm/memory.o"]  # the port alone


def test_a_refusal_leaves_no_object_that_passes_for_the_next_ports(toy: ProofToy) -> None:
    toy.proof({"mm/memory.c": GOOD})
    assert toy.proof_of("mm/memory.c", BAD).proof is Proof.REFUSED
    assert toy.proof_of("mm/memory.c", GOOD + "int more;\n").proof is Proof.PROVEN


def test_where_stock_does_not_compile_either_the_port_is_not_to_blame(toy: ProofToy) -> None:
    toy.write("mm/memory.c", MEMORY + "int lost = GONE;\n")
    file = toy.proof_of("mm/memory.c", GOOD + "int lost = GONE;\n")
    assert file.proof is Proof.NOT
    assert file.why.startswith("stock does not compile either: mm/memory.c:16: error: 'GONE'")


def test_a_symbol_that_is_off_is_switched_on_with_what_it_depends_on(toy: ProofToy) -> None:
    proof = toy.proof({"drivers/card.c": CARD.replace("1", "2")})
    assert proof.files[0].proof is Proof.PROVEN
    assert "CONFIG_BUS, CONFIG_CARD" in proof.by
    bad = toy.proof_of("drivers/card.c", CARD.replace("1", "TWO"))
    assert (bad.proof, bad.errors[0].line) == (Proof.REFUSED, 3)


def test_a_symbol_that_stays_off_is_no_proof(toy: ProofToy) -> None:
    file = toy.proof_of("drivers/off.c", "int off = 1;\n")
    assert file.proof is Proof.NOT
    assert file.why == ("needs CONFIG_OFF, off here: OFF depends on ELSEWHERE, which does not hold")
    toy.write("Kconfig", (toy.tree / "Kconfig").read_text() + "\trefuses CARD\n")
    card = toy.proof_of("drivers/card.c", CARD.replace("1", "2"))
    assert card.proof is Proof.NOT
    assert "CARD is refused by kconfig" in card.why


def test_an_object_that_a_variable_of_the_makefile_names_is_compiled(toy: ProofToy) -> None:
    toy.write("mm/Makefile", "mmu-y := none.o\nmmu-$(CONFIG_MMU) := memory.o\nobj-y := $(mmu-y)\n")
    toy.write("mm/Kconfig", 'config MMU\n\tbool "MMU"\n')
    assert toy.proof_of("mm/memory.c", GOOD).proof is Proof.PROVEN


def test_a_header_is_proven_by_what_reads_it(toy: ProofToy) -> None:
    more = HEADER.replace("4", "8")
    grepped = toy.proof_of("include/linux/mm.h", more)
    assert (grepped.proof, grepped.objects) == (Proof.PROVEN, ("mm/memory.o",))
    assert "which includes it" in grepped.why
    both = toy.proof({"include/linux/mm.h": more, "mm/memory.c": GOOD})
    assert "touched, too" in both.files[0].why
    broken = toy.proof_of("include/linux/mm.h", HEADER.replace("PAGES 4", "PAGES four"))
    assert broken.proof is Proof.REFUSED and "'four' undeclared" in broken.why
    assert broken.errors[0].place == Place("", "include/linux/mm.h", 0, 1)
    unused = toy.proof_of("include/linux/unused.h", "#define UNUSED 2\n")
    assert (unused.proof, unused.objects) == (Proof.NOT, ())


def test_a_header_is_looked_up_in_the_records_of_an_earlier_build(toy: ProofToy) -> None:
    toy.write("include/linux/deep.h", "#define DEEP 1\n")
    toy.write("include/linux/mid.h", "#include <linux/deep.h>\n")
    toy.write("include/linux/mm.h", HEADER.replace("#define", "#include <linux/mid.h>\n#define", 1))
    toy.pair(toy.step({"mm/memory.c": GOOD}))
    file = toy.proof_of("include/linux/deep.h", "#define DEEP 2\n")
    assert (file.proof, file.objects) == (Proof.PROVEN, ("mm/memory.o",))
    assert "records of an earlier build" in file.why


def test_a_warning_that_later_kernels_refuse_is_refused_where_stock_has_it_not(
    toy: ProofToy,
) -> None:
    call = "int handle_mm_fault(void)\n{\n\tzap();"
    calls = MEMORY.replace("int handle_mm_fault(void)\n{", call)
    file = toy.proof_of("mm/memory.c", calls)
    assert file.proof is Proof.REFUSED
    assert "implicit declaration of function 'zap'" in file.why
    toy.write("mm/memory.c", calls)
    assert toy.proof_of("mm/memory.c", calls + "int more;\n").proof is Proof.PROVEN


def test_a_driver_that_the_patch_brings_is_compiled(toy: ProofToy) -> None:
    files: dict[str, str | None] = {
        "drivers/Kconfig": (toy.tree / "drivers/Kconfig").read_text()
        + 'config NEW\n\tbool "New"\n\tdepends on CARD\n',
        "drivers/Makefile": (toy.tree / "drivers/Makefile").read_text()
        + "obj-$(CONFIG_NEW) += new.o\n",
        "drivers/new.c": "int new;\n",
    }
    proof = toy.proof(files)
    assert [file.proof for file in proof.files] == [Proof.PROVEN] * 3, proof.words
    assert "CONFIG_NEW" in proof.by
    bad = toy.proof({**files, "drivers/new.c": "int new = ;\n"})
    assert [f.path for f in bad.refused] == ["drivers/new.c"]


def test_lines_under_a_conditional_that_is_off_are_named(toy: ProofToy) -> None:
    numa = MEMORY.replace("return 1;", "return 2;")
    off = toy.proof_of("mm/memory.c", numa)  # nobody can set NUMA in the toy
    assert off.proof is Proof.PARTLY and "#ifdef CONFIG_NUMA" in off.why
    dead = MEMORY + "#ifdef CONFIG_NOWHERE\nint never = GONE;\n#endif\n"
    file = toy.proof_of("mm/memory.c", dead)
    assert file.proof is Proof.PARTLY
    assert "#ifdef CONFIG_NOWHERE, which is off here" in file.why


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("arch/arm64/mm/fault.c", "for another architecture, --arch arm64"),
        ("arch/s390/mm/fault.c", "for another architecture: s390"),
        ("tools/perf/x.c", "a program of the build or for users, no part of the kernel"),
        ("mm/lost.c", "no Makefile names it, and no source that can be built includes it"),
    ],
)
def test_what_is_not_compiled_here_says_why(toy: ProofToy, path: str, why: str) -> None:
    file = toy.proof_of(path, "int x;\n")
    assert (file.proof, file.why) == (Proof.NOT, why)


def test_prose_and_a_deleted_file_are_no_code(toy: ProofToy) -> None:
    proof = toy.proof({"Documentation/x.rst": "x\n", "mm/memory.c": GOOD, "drivers/off.c": None})
    assert [file.proof for file in proof.files] == [Proof.NO_CODE, Proof.PROVEN, Proof.NO_CODE]
    assert proof.words == "compiled: 1 of 1 touched files"


def test_of_a_series_the_line_is_blamed_on_the_patch_that_brought_it(toy: ProofToy) -> None:
    one = toy.step({"mm/memory.c": GOOD}, "1.patch")
    two = toy.step({"drivers/card.c": CARD.replace("1", "ONE")}, "2.patch")
    proof = toy.prove(one, two)
    (refused,) = proof.refused
    assert refused.errors[0].place == Place("2.patch", "drivers/card.c", 0, 1)
    assert toy.prove(one, two, only={"mm/memory.c"}).refused == ()


def test_a_stock_that_is_not_configured_is_told(toy: ProofToy) -> None:
    toy.write("Makefile", "allnoconfig:\n\t@echo 'Kconfig:1: syntax error'; false\n")
    with pytest.raises(KernelError, match="is not configured: Kconfig:1: syntax error"):
        toy.proof({"mm/memory.c": GOOD})


_DTC = """#!/bin/sh
for last; do :; done
number=$(grep -n BROKEN "$last" | head -n 1 | cut -d: -f1)
[ -z "$number" ] || {
	echo "Error: arch/arm/boot/dts/board.dts:$number.1-6 syntax error" >&2
	exit 1
}
"""


def test_device_trees_are_compiled_whatever_the_machine(
    toy: ProofToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = "arch/arm/boot/dts"
    board = '/dts-v1/;\n#include "chip.dtsi"\n/ { };\n'
    toy.write(f"{folder}/board.dts", board)
    toy.write(f"{folder}/chip.dtsi", "/ { chip { }; };\n")
    toy.write(f"{folder}/alone.dtsi", "/ { };\n")
    chip = {f"{folder}/chip.dtsi": "/ { chip { new; }; };\n"}
    if not which("dtc"):
        assert toy.proof(chip).files[0].why.startswith("no dtc here: apt-get install")
    program = toy.folder / "bin/dtc"
    program.parent.mkdir()
    program.write_text(_DTC)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    (file,) = toy.proof(chip).files
    assert (file.proof, file.objects) == (Proof.PROVEN, (f"{folder}/board.dtb",))
    assert "board.dts, which include it" in file.why
    bad = toy.proof_of(f"{folder}/board.dts", board + "BROKEN\n")
    assert bad.proof is Proof.REFUSED and "board.dts:" in bad.why and "syntax error" in bad.why
    lost = toy.proof_of(f"{folder}/board.dts", board.replace("chip.dtsi", "gone.dtsi"))
    assert lost.proof is Proof.REFUSED
    assert (lost.errors[0].path, lost.errors[0].line) == (f"{folder}/board.dts", 2)
    alone = toy.proof_of(f"{folder}/alone.dtsi", "/ { x; };\n")
    assert (alone.proof, alone.why) == (Proof.NOT, "no device tree of its folder includes it")
