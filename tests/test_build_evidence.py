# SPDX-License-Identifier: GPL-2.0-only
"""What a build shows of a patch: toy kernels with records, made by real make and gcc."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from build_fixtures import VERSION
from evidence_fixtures import CARD, HEADER, KCONFIG, MEMORY, EvidenceToy, diff, toy
from rich.console import Console

from zpmaint.build.evidence import Compiled, from_json
from zpmaint.build.options import BuildOptions
from zpmaint.build.pair import build
from zpmaint.cli import evidence_tables
from zpmaint.core.errors import KernelError
from zpmaint.port.values import PortStep

__all__ = ["toy"]

CHANGED = MEMORY.replace("return zero_page", "return 1 + zero_page")
CARD_ON = "# the patch is about it\nCONFIG_CARD=y\n"
CARD_MODULE = "# so that there are modules\nCONFIG_MODULES=y\n# the patch\nCONFIG_CARD=m\n"
NUMA_ON = "# the patch is about it\nCONFIG_NUMA=y\n"


def test_a_compiled_hunk_names_its_object(toy: EvidenceToy) -> None:
    seen = toy.seen({"mm/memory.c": CHANGED})
    assert seen.is_whole and seen.why == "" and seen.profile == "modern"
    (file,) = seen.files
    assert (file.compiled, file.objects, file.changed) == (
        Compiled.KERNEL, ("mm/memory.o",), True,
    )  # fmt: skip
    assert [(h.compiled, h.why) for h in file.hunks] == [(Compiled.KERNEL, "mm/memory.o")]
    assert file.hunks[0].header == "@@ -11,5 +11,5 @@"
    assert seen.counts == "1 of 1 hunks compiled"


def test_a_file_that_nothing_builds_names_what_would(toy: EvidenceToy) -> None:
    seen = toy.seen({"drivers/card.c": CARD.replace("1", "2"), "mm/memory.c": CHANGED})
    card, memory = seen.files
    assert (card.compiled, card.symbols, card.changed) == (Compiled.NOT, ("CARD",), None)
    assert memory.compiled is Compiled.KERNEL
    assert not seen.is_whole
    assert seen.why == "not compiled with profile modern: drivers/card.c; needs CONFIG_CARD"
    assert seen.missing == (card,)


def test_a_syntax_error_there_is_no_success(toy: EvidenceToy) -> None:
    """Without the symbol it is not compiled, with it the build fails: never green."""
    broken = CARD + "int broken(\n"
    assert toy.one("drivers/card.c", broken).compiled is Compiled.NOT
    with pytest.raises(KernelError, match=r"drivers/card\.c:5"):
        toy.one("drivers/card.c", broken, CARD_ON)


def test_a_fragment_has_it_compiled(toy: EvidenceToy) -> None:
    seen = toy.seen({"drivers/card.c": CARD.replace("1", "2")}, CARD_ON)
    assert seen.is_whole and seen.profile == "modern + x.config"
    assert seen.files[0].compiled is Compiled.KERNEL and seen.files[0].changed


def test_a_module_is_made_and_said_to_be_one(toy: EvidenceToy) -> None:
    file = toy.one("drivers/card.c", CARD.replace("1", "2"), CARD_MODULE)
    assert (file.compiled, file.objects) == (Compiled.MODULE, ("drivers/card.o",))
    assert file.changed and file.hunks[0].compiled is Compiled.MODULE


def test_a_stale_object_is_no_evidence(toy: EvidenceToy) -> None:
    """An object of another patch lies in the folder, and is in no kernel."""
    on = "obj-y := memory.o huge.o\n"
    assert toy.seen({"mm/huge.c": "int huge;\n", "mm/Makefile": on}).is_whole
    file = toy.one("mm/huge.c", "int huge = 2;\n")
    assert (toy.place / "obj/mm/huge.o").is_file()
    assert file.compiled is Compiled.NOT


def test_lines_under_a_conditional_that_is_off(toy: EvidenceToy) -> None:
    file = toy.one("mm/memory.c", MEMORY.replace("return 1", "return 2"))
    (hunk,) = file.hunks
    assert hunk.compiled is Compiled.NOT
    assert hunk.why == "2 of 2 changed lines under #ifdef CONFIG_NUMA, which is off here"
    assert hunk.symbols == file.symbols == ("NUMA",)
    assert (
        file.compiled is Compiled.KERNEL
        and not toy.seen({"mm/memory.c": MEMORY.replace("return 1", "return 2")}).is_whole
    )


def test_the_same_with_the_symbol_on(toy: EvidenceToy) -> None:
    file = toy.one("mm/memory.c", MEMORY.replace("return 1", "return 2"), NUMA_ON)
    assert file.hunks[0].compiled is Compiled.KERNEL


def test_an_include_that_the_headers_guard_keeps_out(toy: EvidenceToy) -> None:
    """Nothing of the header comes out a second time, and yet the line is read."""
    text = MEMORY.replace(
        "int zero_page;", "#ifdef CONFIG_NUMA\n#include <linux/mm.h>\n#endif\nint zero_page;"
    )
    (hunk,) = toy.one("mm/memory.c", text, NUMA_ON).hunks
    assert hunk.compiled is Compiled.KERNEL
    (hunk,) = toy.one("mm/memory.c", text).hunks
    assert (hunk.compiled, hunk.symbols) == (Compiled.NOT, ("NUMA",))


def test_a_header_that_a_new_source_includes(toy: EvidenceToy) -> None:
    """What stock made of the header is asked of a source that stock has."""
    seen = toy.seen(
        {
            "include/linux/mm.h": HEADER.replace("4", "5"),
            "mm/new.c": "#include <linux/mm.h>\nint fresh = PAGES;\n",
            "mm/Makefile": "obj-y := memory.o new.o\n",
        }
    )
    assert seen.is_whole
    header = seen.files[0]
    assert header.compiled is Compiled.KERNEL and "mm/new.o" in header.objects


def test_an_else_that_repeats_stock_is_no_new_code(toy: EvidenceToy) -> None:
    old = "\treturn zero_page + PAGES;\n"
    new = "#ifdef CONFIG_NUMA\n\treturn 7;\n#else\n\treturn  zero_page + PAGES;\n#endif\n"
    on = toy.one("mm/memory.c", MEMORY.replace(old, new), NUMA_ON)
    assert [h.compiled for h in on.hunks] == [Compiled.KERNEL]
    off = toy.one("mm/memory.c", MEMORY.replace(old, new))
    assert [(h.compiled, h.symbols) for h in off.hunks] == [(Compiled.NOT, ("NUMA",))]


def test_an_else_with_code_of_its_own_is(toy: EvidenceToy) -> None:
    old = "\treturn zero_page + PAGES;\n"
    new = "#ifdef CONFIG_NUMA\n\treturn 7;\n#else\n\treturn 8;\n#endif\n"
    (hunk,) = toy.one("mm/memory.c", MEMORY.replace(old, new), NUMA_ON).hunks
    assert hunk.compiled is Compiled.NOT and hunk.symbols == ()
    assert hunk.why == (
        "1 of 3 changed lines under the #else of #ifdef CONFIG_NUMA, which is off here"
    )


def test_a_conditional_around_stock_code(toy: EvidenceToy) -> None:
    """Nothing but #ifndef and #endif: what counts is that stock's code falls out."""
    old = "int zero_page;\n"
    text = MEMORY.replace(old, f"#ifndef CONFIG_NUMA\n{old}#else\n#define zero_page 0\n#endif\n")
    (hunk,) = toy.one("mm/memory.c", text, NUMA_ON).hunks
    assert hunk.compiled is Compiled.KERNEL
    (hunk,) = toy.one("mm/memory.c", text).hunks
    assert hunk.compiled is Compiled.NOT and "#else of #ifndef CONFIG_NUMA" in hunk.why


def test_comments_are_no_code_wherever_they_stand(toy: EvidenceToy) -> None:
    seen = toy.seen(
        {
            "mm/memory.c": MEMORY.replace("int zero_page", "/* one\n * page */\n\nint zero_page"),
            "drivers/card.c": f"// a card\n{CARD}",
            "Documentation/mm.rst": "words\n",
        }
    )
    assert {file.compiled for file in seen.files} == {Compiled.NO_CODE}
    assert seen.is_whole and seen.counts == "0 of 0 hunks compiled, 3 more without code"


def test_a_header_is_in_the_objects_that_include_it(toy: EvidenceToy) -> None:
    seen = toy.seen(
        {
            "include/linux/mm.h": HEADER.replace("4", "8"),
            "include/linux/unused.h": "#define UNUSED 2\n",
        }
    )
    used, unused = seen.files
    assert (used.compiled, used.objects, used.changed) == (Compiled.KERNEL, ("mm/memory.o",), True)
    assert unused.compiled is Compiled.NOT
    assert unused.why == "no object that was built includes it"


def test_a_define_that_is_off_in_a_header(toy: EvidenceToy) -> None:
    text = HEADER.replace("#endif", "#ifdef CONFIG_NUMA\n#define NODES 2\n#endif\n#endif")
    assert toy.one("include/linux/mm.h", text).hunks[0].symbols == ("NUMA",)
    assert toy.one("include/linux/mm.h", text, NUMA_ON).hunks[0].compiled is Compiled.KERNEL


def test_an_object_that_is_as_stock_is_named(toy: EvidenceToy) -> None:
    file = toy.one(
        "include/linux/mm.h", HEADER.replace("#define PAGES", "#define MORE 1\n#define PAGES")
    )
    assert file.compiled is Compiled.KERNEL and file.changed is False
    assert file.why == "mm/memory.o: compiled, and the object is the stock one, byte for byte"


def test_a_new_file_with_its_kconfig_and_makefile(toy: EvidenceToy) -> None:
    files: dict[str, str | None] = {
        "mm/new.c": "int fresh;\n",
        "mm/Makefile": "obj-y := memory.o\nobj-$(CONFIG_FRESH) += new.o\n",
        "mm/Kconfig": "config HUGE\n\tbool\n\nconfig FRESH\n\tbool\n\thelp\n\t  Words.\n",
    }
    off = toy.seen(files)
    assert [file.compiled for file in off.files] == [Compiled.NOT] * 3
    assert [file.symbols for file in off.files] == [("FRESH",)] * 3
    on = toy.seen(files, "# the patch is about it\nCONFIG_FRESH=y\n")
    assert on.is_whole and [file.compiled for file in on.files] == [Compiled.KERNEL] * 3
    assert [file.why for file in on.files] == ["mm/new.o", "builds mm/new.o", "CONFIG_FRESH=y"]


def test_another_architecture_and_what_the_build_does_not_use(toy: EvidenceToy) -> None:
    seen = toy.seen(
        {
            "arch/arm64/mm/fault.c": "int f;\n",
            "tools/perf/p.c": "int p;\n",
            "mm/x.rs": "fn f() {}\n",
        }
    )
    assert [file.why for file in seen.files] == [
        "for another architecture, --arch arm64", "not used by this build",
        "no record of this build names it",
    ]  # fmt: skip
    assert all(file.compiled is Compiled.NOT for file in seen.files)


def test_removed_lines_are_looked_for_in_stock(toy: EvidenceToy) -> None:
    gone = MEMORY.replace(
        "#ifdef CONFIG_NUMA\nint numa_node(void)\n{\n\treturn 1;\n}\n#endif\n\n", ""
    )
    (hunk,) = toy.one("mm/memory.c", gone).hunks
    assert hunk.compiled is Compiled.NOT and hunk.symbols == ("NUMA",)
    (hunk,) = toy.one("mm/memory.c", gone, NUMA_ON).hunks
    assert hunk.compiled is Compiled.KERNEL


def test_a_deleted_file_was_in_stock(toy: EvidenceToy) -> None:
    toy.write("mm/gone.c", "int gone;\n")
    toy.write("mm/Makefile", "obj-y := memory.o gone.o\n")
    seen = toy.seen({"mm/gone.c": None, "mm/Makefile": "obj-y := memory.o\n"})
    gone, makefile = seen.files
    assert (gone.compiled, gone.objects) == (Compiled.KERNEL, ("mm/gone.o",))
    assert makefile.compiled is Compiled.KERNEL


def test_the_second_run_knows_as_much_as_the_first(toy: EvidenceToy) -> None:
    step = toy.step({"drivers/card.c": CARD.replace("1", "2"), "mm/memory.c": CHANGED})
    first = toy.pair(step)
    toy.kept.titles.clear()
    second = toy.pair(step)
    assert second.evidence == first.evidence is not None
    assert toy.kept.titles == []


def test_images_of_before_get_their_evidence(toy: EvidenceToy) -> None:
    """A home that an earlier version has filled: images, and nothing beside them."""
    step = toy.step({"mm/memory.c": CHANGED})
    first = toy.pair(step)
    for path in (toy.place / "evidence").iterdir():
        path.unlink()
    images = {p.name: p.stat().st_ino for p in (toy.place / "images").iterdir()}
    second = toy.pair(step)
    assert second.evidence == first.evidence is not None
    assert {p.name: p.stat().st_ino for p in (toy.place / "images").iterdir()} == images


def test_without_its_hunks_a_pair_has_no_evidence_and_the_same_kernels(toy: EvidenceToy) -> None:
    with_hunks = toy.pair(toy.step({"mm/memory.c": CHANGED}))
    without = toy.build({"mm/memory.c": CHANGED.encode()})
    assert without.evidence is None
    assert [k.inputs for k in without.kernels] == [k.inputs for k in with_hunks.kernels]


def test_a_series_names_the_patch_and_finds_its_lines(toy: EvidenceToy) -> None:
    """The second patch moves the first one's lines and takes one of them away again."""
    between = MEMORY.replace("return 1;", "return 2;") + "\nint late;\nint gone;\n"
    after = "int early;\nint other;\n" + between.replace("int gone;\n", "")
    steps = (
        PortStep(
            "one.patch", diff("mm/memory.c", MEMORY, between), {"mm/memory.c": between.encode()}
        ),
        PortStep("two.patch", diff("mm/memory.c", between, after), {"mm/memory.c": after.encode()}),
    )
    seen = toy.pair(*steps).evidence
    assert seen is not None
    one, two = seen.files
    assert (one.patch, two.patch) == ("one.patch", "two.patch")
    assert [h.compiled for h in one.hunks] == [Compiled.NOT, Compiled.KERNEL]
    assert {h.compiled for h in two.hunks} >= {Compiled.KERNEL}
    assert "one.patch: mm/memory.c" in seen.why


# Fragments.


def test_both_kernels_have_it_and_what_is_without_stays_as_it_was(toy: EvidenceToy) -> None:
    step = toy.step({"mm/memory.c": CHANGED})
    plain, numa = toy.pair(step), toy.pair(step, fragment=NUMA_ON)
    assert {k.inputs for k in plain.kernels}.isdisjoint(k.inputs for k in numa.kernels)
    assert toy.place.is_dir() and len([*toy.work.glob("6.12.107-x86_64-modern+*")]) == 1
    assert [k.inputs for k in toy.pair(step).kernels] == [k.inputs for k in plain.kernels]


def test_a_symbol_that_kconfig_refuses_is_named(toy: EvidenceToy) -> None:
    toy.write("Kconfig", KCONFIG + "\trefuses NUMA\n")
    with pytest.raises(KernelError, match="kconfig refuses CONFIG_NUMA=y became n") as caught:
        toy.seen({"mm/memory.c": CHANGED}, NUMA_ON)
    assert "x.config" in caught.value.hint


def test_one_that_only_the_patch_brings_is_no_fault_of_stock(toy: EvidenceToy) -> None:
    files: dict[str, str | None] = {"mm/Kconfig": "config FRESH\n\tbool\n"}
    assert toy.seen(files, "# mine\nCONFIG_FRESH=y\n").is_whole
    assert not any("FRESH" in note for note in toy.kept.notes)


def test_one_that_nobody_knows_is_said_each_time(toy: EvidenceToy) -> None:
    for _ in range(2):
        toy.kept.notes.clear()
        toy.seen({"mm/memory.c": CHANGED}, "# mine\nCONFIG_NOBODY=y\n")
        assert any("CONFIG_NOBODY: no such symbol" in note for note in toy.kept.notes)


def test_evidence_travels_as_json(toy: EvidenceToy) -> None:
    seen = toy.seen({"drivers/card.c": CARD.replace("1", "2"), "mm/memory.c": CHANGED})
    assert from_json(json.loads(json.dumps(seen.as_json()))) == seen


# Trees that get more files.


def test_files_unpacked_later_are_no_reason_to_build_again(toy: EvidenceToy) -> None:
    """The driver's source was left in the archive, and comes when a patch asks for it."""
    (toy.tree / "drivers/card.c").unlink()
    first = toy.build(None)
    toy.write("drivers/card.c", CARD)
    step = toy.step({"drivers/card.c": CARD.replace("1", "2")})
    later = build(
        VERSION,
        toy.tree,
        BuildOptions(jobs=1),
        dict(step.result),
        work=toy.work,
        steps=(step,),
        later=["drivers/card.c"],
    )
    assert later.stock.inputs == first.stock.inputs and later.stock.seconds == 0.0
    assert later.evidence is not None and later.evidence.files[0].symbols == ("CARD",)
    # Where nobody says that they do not count, they make another tree.
    assert toy.build(None).stock.inputs != first.stock.inputs


def test_they_are_in_the_work_folder_of_before(toy: EvidenceToy) -> None:
    toy.build(None)
    toy.write("drivers/card.h", "#define CARD 1\n")
    build(
        VERSION,
        toy.tree,
        BuildOptions(jobs=1),
        {"mm/memory.c": CHANGED.encode()},
        work=toy.work,
        later=["drivers/card.h"],
    )
    assert (toy.place / "src/drivers/card.h").read_text() == "#define CARD 1\n"


# What people see.


def test_the_table_has_a_row_for_every_hunk(toy: EvidenceToy) -> None:
    seen = toy.seen({"drivers/card.c": CARD.replace("1", "2"), "mm/memory.c": CHANGED})
    text = StringIO()
    evidence_tables.evidence(Console(width=150, file=text), seen)
    said = text.getvalue()
    assert "drivers/card.c" in said and "in no object: needs CONFIG_CARD" in said
    assert "1 of 2 hunks compiled" in said
    assert "not compiled with profile modern: drivers/card.c; needs CONFIG_CARD" in said


def test_a_deleted_header_was_in_stocks_objects(toy: EvidenceToy) -> None:
    """Nothing that is made afterwards names it; stock may have been built long before."""
    toy.write("include/linux/old.h", "#define OLD 1\n")
    with_it = "#include <linux/old.h>\nint old = OLD;\n"
    toy.write("init/extra.c", with_it)
    toy.write("init/Makefile", "obj-y := main.o extra.o\n")
    toy.build(None)
    seen = toy.seen({"include/linux/old.h": None, "init/extra.c": "int old = 2;\n"})
    assert [file.compiled for file in seen.files] == [Compiled.KERNEL] * 2
    assert seen.files[0].objects == ("init/extra.o",) and seen.is_whole


def test_a_source_that_another_one_includes(toy: EvidenceToy) -> None:
    toy.write("mm/part.c", "int part(void)\n{\n\treturn 1;\n}\n")
    toy.write("mm/memory.c", f'{MEMORY}#ifdef CONFIG_NUMA\n# include "part.c"\n#endif\n')
    part = "int part(void)\n{\n\treturn 2;\n}\n"
    off = toy.one("mm/part.c", part)
    assert (off.compiled, off.symbols) == (Compiled.NOT, ("NUMA",))
    assert off.why == "in no object: mm/memory.c includes it under #ifdef CONFIG_NUMA"
    on = toy.one("mm/part.c", part, NUMA_ON)
    assert (on.compiled, on.objects, on.changed) == (Compiled.KERNEL, ("mm/memory.o",), True)
