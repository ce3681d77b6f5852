# SPDX-License-Identifier: GPL-2.0-only
"""Where changed lines are in the linked kernel: toys that real make, gcc and ld build, and what
nm and addr2line say of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from evidence_fixtures import EvidenceToy, toy

from zpmaint.build import pair as pair_of
from zpmaint.build.running.beside import beside
from zpmaint.build.running.disassembly import first_before, straights
from zpmaint.build.running.elf import Elf
from zpmaint.build.running.linked_at import Image
from zpmaint.build.running.machines import code_of
from zpmaint.build.running.values import FileAt, Kind, Places, from_json

__all__ = ["toy"]

MEMORY = """\
#include <linux/mm.h>

int zero_page;

static inline __attribute__((always_inline)) int page_of(int number)
{
	if (number > PAGES)
		return 0;
	return number * 3;
}

int handle_mm_fault(void)
{
	return zero_page + page_of(zero_page);
}

int other_fault(void)
{
	zero_page = 4;
	zero_page = page_of(7) + page_of(zero_page);
	return zero_page;
}
"""


@pytest.fixture
def fault(toy: EvidenceToy) -> EvidenceToy:
    toy.write("mm/memory.c", MEMORY)
    return toy


def places(toy: EvidenceToy, files: dict[str, str | None], fragment: str = "") -> Places:
    pair = toy.pair(toy.step(files), fragment=fragment, with_places=True)
    assert pair.places is not None
    return pair.places


def at(file: FileAt) -> dict[int, list[int]]:
    return {
        line.number: [spot.at for spot in line.spots] for hunk in file.hunks for line in hunk.lines
    }


def functions(toy: EvidenceToy) -> dict[str, int]:
    said = subprocess.run(
        ["nm", toy.place / "obj/vmlinux"], capture_output=True, text=True, check=True
    ).stdout
    return {name: int(where, 16) for where, _, name in map(str.split, said.splitlines())}


def test_a_line_is_where_the_compiler_put_it(fault: EvidenceToy) -> None:
    seen = places(fault, {"mm/memory.c": MEMORY.replace("zero_page = 4;", "zero_page = 5;")})
    (hunk,) = seen.files[0].hunks
    assert (hunk.kind, hunk.silent) == (Kind.ADDED, 0)
    ((number, addresses),) = at(seen.files[0]).items()
    assert number == MEMORY.splitlines().index("\tzero_page = 4;") + 1
    (address,) = addresses
    names = functions(fault)
    assert names["other_fault"] < address < names["other_fault"] + 64
    # The code there is the line: it stores a five (movl $5, to memory).
    content = Elf((fault.place / "obj/vmlinux").read_bytes()).at(address, 16)
    assert content[0] == 0xC7 and b"\x05\x00\x00\x00" in content
    # Straight code leads to it from the beginning of the function.
    assert hunk.lines[0].spots[0].first == names["other_fault"]


def test_a_line_that_was_inlined_is_at_every_copy(fault: EvidenceToy) -> None:
    seen = places(fault, {"mm/memory.c": MEMORY.replace("number * 3", "number * 5")})
    (addresses,) = at(seen.files[0]).values()
    names = functions(fault)
    middle = names["other_fault"]
    assert len(addresses) == 3
    assert [address < middle for address in addresses] == [True, False, False]


def test_a_headers_line_is_in_the_objects_that_use_it(fault: EvidenceToy) -> None:
    header = (
        "#ifndef _MM_H\n#define _MM_H\n#define PAGES 4\n"
        "static inline int pages(void)\n{\n\treturn PAGES;\n}\n#endif\n"
    )
    fault.write("include/linux/mm.h", header)
    fault.write("mm/memory.c", MEMORY.replace("return 0;", "return pages();"))
    more = MEMORY.replace("return 0;", "return pages();").replace("zero_page = 4", "zero_page = 5")
    seen = places(
        fault, {"include/linux/mm.h": header.replace("PAGES;", "PAGES + 1;"), "mm/memory.c": more}
    )
    assert [file.path for file in seen.files] == ["include/linux/mm.h", "mm/memory.c"]
    (addresses,) = at(seen.files[0]).values()
    assert functions(fault)["pages"] <= addresses[0]


def test_removed_lines_are_known_by_those_beside_them(fault: EvidenceToy) -> None:
    seen = places(fault, {"mm/memory.c": MEMORY.replace("\tzero_page = 4;\n", "")})
    (hunk,) = seen.files[0].hunks
    assert hunk.kind is Kind.BESIDE
    lines = MEMORY.replace("\tzero_page = 4;\n", "").splitlines()
    # The opening bracket bounds the function; what follows is the line behind.
    assert [lines[line.number - 1] for line in hunk.lines] == [
        "\tzero_page = page_of(7) + page_of(zero_page);"
    ]


def test_a_function_that_goes_has_no_lines_beside_it(fault: EvidenceToy) -> None:
    gone = MEMORY[: MEMORY.index("int other_fault")].rstrip("\n") + "\n"
    (hunk,) = places(fault, {"mm/memory.c": gone}).files[0].hunks
    assert (hunk.kind, hunk.lines) == (Kind.NONE, ())


def test_what_is_no_instruction_is_counted(fault: EvidenceToy) -> None:
    text = MEMORY.replace("int zero_page;", "extern int far_page;\nint zero_page;")
    (hunk,) = places(fault, {"mm/memory.c": text}).files[0].hunks
    assert (hunk.kind, hunk.lines, hunk.silent) == (Kind.NONE, (), 1)


def test_a_module_has_no_address_beforehand(fault: EvidenceToy) -> None:
    modules = "# so that there are modules\nCONFIG_MODULES=y\n# the patch\nCONFIG_CARD=m\n"
    text = "int card_probe(void)\n{\n\treturn 2;\n}\n"
    (file,) = places(fault, {"drivers/card.c": text}, modules).files
    assert "module" in file.why and not any(hunk.lines for hunk in file.hunks)


def test_what_nothing_builds_is_nowhere(fault: EvidenceToy) -> None:
    (file,) = places(fault, {"drivers/card.c": "int card_probe(void)\n{\n\treturn 2;\n}\n"}).files
    assert file.why == "no object" and not any(hunk.lines for hunk in file.hunks)


def test_the_judged_image_is_the_same_with_and_without(fault: EvidenceToy) -> None:
    step = fault.step({"mm/memory.c": MEMORY.replace("= 4", "= 5")})
    plain = fault.pair(step)
    before = plain.patched.image.read_bytes() if plain.patched else b""
    again = fault.pair(step, with_places=True)
    assert again.patched and again.patched.image == (plain.patched and plain.patched.image)
    assert again.patched.image.read_bytes() == before and again.places


def test_what_was_found_is_kept(fault: EvidenceToy, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, str | None] = {"mm/memory.c": MEMORY.replace("= 4", "= 5")}
    seen = places(fault, files)
    # Another build in the same folder: the objects are no longer those of the image.
    places(fault, {"mm/memory.c": MEMORY.replace("= 4", "= 6")})
    monkeypatch.setattr(pair_of, "places", lambda *_: pytest.fail("looked again"))
    assert places(fault, files) == seen
    assert from_json(seen.as_json()) == seen


def test_lost_places_are_found_again_in_a_folder_of_another_patch(fault: EvidenceToy) -> None:
    files: dict[str, str | None] = {"mm/memory.c": MEMORY.replace("= 4", "= 5")}
    seen = places(fault, files)
    places(fault, {"mm/memory.c": MEMORY.replace("zero_page;\n", "zero_page;\n\n\n", 1)})
    for kept in (fault.place / "evidence").glob("*-at.json"):
        kept.unlink()
    assert places(fault, files) == seen


def test_code_that_differs_from_the_kernels_is_not_believed(
    fault: EvidenceToy, tmp_path: Path
) -> None:
    """A byte of the object is another: the section is nowhere."""
    places(fault, {"mm/memory.c": MEMORY.replace("= 4", "= 5")})
    obj = fault.place / "obj"
    image = Image(Elf((obj / "vmlinux").read_bytes()))
    data = bytearray((obj / "mm/memory.o").read_bytes())
    made = Elf(bytes(data))
    (text,) = (section for section in made.sections if section.name == ".text")
    assert image.find(made).bases == {text.index: functions(fault)["handle_mm_fault"]}
    data[text.offset] ^= 1
    found = image.find(Elf(bytes(data)))
    assert (found.bases, found.lost) == ({}, (".text",))


def test_no_elf_file_is_said_to_be_none() -> None:
    with pytest.raises(ValueError, match="ELF"):
        Elf(b"#!/bin/sh\n" + bytes(64))


DISASSEMBLY = """
Disassembly of section .text:

0000000000000000 <first>:
   0:\tpush   %rbp
   1:\ttest   %edi,%edi
   3:\tje     12 <first+0x12>
   5:\tnotrack jmp *%rax
   8:\tmov    $0x1,%eax
   d:\trepz ret
   f:\tnop
  10:\tbnd jmp 20 <second>
  12:\tcall   17 <first+0x17>
  17:\tlock add %eax,(%rdi)
  1a:\trep stos %al,%es:(%rdi)
  1c:\tjmpq   *%rdi
  1e:\tlretq

0000000000000020 <second>:
  20:\tcallq  *%rax
  22:\tiretq

Disassembly of section .text.unlikely:

0000000000000000 <first.cold>:
   0:\tud2
   2:\tjmp    0 <first.cold>
   4:\tret
"""


def test_straight_code_begins_behind_what_leaves_it() -> None:
    found = straights(DISASSEMBLY, code_of(62).jump)
    assert found[".text"] == [0, 5, 8, 0xF, 0x12, 0x17, 0x1E, 0x20, 0x22]
    assert found[".text.unlikely"] == [0, 4]
    assert [first_before(found[".text"], one) for one in (0, 3, 4, 0x1C)] == [0, 0, 0, 0x17]
    assert first_before([], 7) == 7


def hunk_of(text: str) -> tuple[list[int], list[str]]:
    """The numbers that `beside` finds for a change given as the body of a hunk, and the lines."""
    from zpmaint.build.change import changes  # noqa: PLC0415
    from zpmaint.port.values import PortStep  # noqa: PLC0415

    lines = text.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    counts = f"-1,{before.count(chr(10))} +1,{after.count(chr(10))}"
    patch = f"--- a/x.c\n+++ b/x.c\n@@ {counts} @@\n{text}"
    (file,) = changes([PortStep("", patch, {"x.c": after.encode()})], lambda _: before.encode())
    (hunk,) = file.hunks
    known = {n for n, line in enumerate(after.splitlines(), 1) if line.strip(" \t{}")}
    found = beside(hunk, known)
    return found, [after.splitlines()[n - 1] for n in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(" a();\n-b();\n c();\n", ["a();", "c();"], id="between"),
        pytest.param(" a();\n \n-b();\n }\n", ["a();"], id="at the end of a function"),
        pytest.param(" f()\n {\n-b();\n c();\n", ["c();"], id="at its beginning"),
        pytest.param(" a();\n-b();\n c();\n-d();\n e();\n", ["a();", "c();", "e();"], id="two"),
        pytest.param(" a();\n }\n-int f()\n-{\n-b();\n-}\n c();\n", [], id="a whole function"),
        pytest.param("-b();\n", [], id="no context"),
    ],
)
def test_the_lines_beside(text: str, expected: list[str]) -> None:
    assert hunk_of(text)[1] == expected
