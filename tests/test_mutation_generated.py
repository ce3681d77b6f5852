# SPDX-License-Identifier: GPL-2.0-only
"""Making bugs of C: the operators as a table, where they aim, how they are drawn."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.mutation.aim import Aimed, Named, Ring, aim, own_lines
from zpmaint.mutation.generated import Generated, generated
from zpmaint.mutation.generated_table import load_wishes
from zpmaint.mutation.operators import load_operators, operators
from zpmaint.mutation.reached import Reached, marked
from zpmaint.mutation.sample import drawn
from zpmaint.mutation.tried import Tried, own_of, scores
from zpmaint.mutation.turns import FIRST, cut, in_turn
from zpmaint.mutation.undone import undone
from zpmaint.mutation.values import State, Trial
from zpmaint.suites.fault_path.suite import all_cases

FAULT = b"""\
static int fault(struct vm_area_struct *vma, unsigned long address, int write)
{
	struct page *page = take(vma, address);
	int ret = 0;

	VM_BUG_ON(!page);
	if (!write || vma->vm_flags & VM_SHARED)
		return VM_FAULT_OOM;
	spin_lock(&vma->lock);
	if (pte_same(page, address) && ret == 0)
		ret += 1;
	flush_tlb_page(vma, address);
	inc_mm_counter(vma, 3);
	page_add_rmap(page);
	put_page(page);
	set_flags(page, PG_ONE | PG_TWO);
	while (address < vma->end)
		address += PAGE_SIZE;
	spin_unlock(&vma->lock);
	return ret;
}
"""


def made(text: bytes = FAULT) -> list[Generated]:
    return list(generated(Aimed("mm/a.c", "fault", text, 0, len(text), Ring.AROUND), operators()))


def lines(one: Generated) -> tuple[str, ...]:
    return tuple(row[1:] for row in one.changed if row[0] == "+")


@pytest.mark.parametrize(
    ("operator", "put"),
    [
        ("flush-skipped", [";"]),
        ("accounting-skipped", [";"]),
        ("rmap-skipped", [";"]),
        ("reference-skipped", [";", "do { put_page(page); put_page(page); } while (0);"]),
        ("lock-skipped", [";", ";"]),
        ("recheck-skipped", ["if (1 && ret == 0)", "if (0 && ret == 0)"]),
        ("condition-negated", [
            "if (!(!write || vma->vm_flags & VM_SHARED))",
            "if (!(pte_same(page, address) && ret == 0))",
        ]),
        ("condition-constant", [
            "if (1 || (!write || vma->vm_flags & VM_SHARED))",
            "if (0 && (!write || vma->vm_flags & VM_SHARED))",
            "if (1 || (pte_same(page, address) && ret == 0))",
            "if (0 && (pte_same(page, address) && ret == 0))",
        ]),
        ("loop-once", ["while (0 && (address < vma->end))"]),
        ("side-dropped", [
            "if (!write)", "if (vma->vm_flags & VM_SHARED)",
            "if (pte_same(page, address))", "if (ret == 0)",
        ]),
        ("not-dropped", ["if ((write) || vma->vm_flags & VM_SHARED)"]),
        ("comparison-changed", [
            "if (pte_same(page, address) && ret != 0)", "while (address <= vma->end)",
        ]),
        ("arithmetic-changed", [
            "if (!write || vma->vm_flags | VM_SHARED)", "ret -= 1;",
            "set_flags(page, PG_ONE & PG_TWO);", "address -= PAGE_SIZE;",
        ]),
        ("logic-changed", [
            "if (!write && vma->vm_flags & VM_SHARED)",
            "if (pte_same(page, address) || ret == 0)",
        ]),
        ("flag-dropped", ["set_flags(page, PG_ONE);", "set_flags(page, PG_TWO);"]),
        ("return-number-changed", [
            "return 0;", "return !(VM_FAULT_OOM);", "return 0;", "return !(ret);",
        ]),
        ("number-off-by-one", [
            "int ret = (0 + 1);", "int ret = (0 - 1);",
            "if (pte_same(page, address) && ret == (0 + 1))",
            "if (pte_same(page, address) && ret == (0 - 1))",
            "ret += (1 + 1);", "ret += (1 - 1);",
            "inc_mm_counter(vma, (3 + 1));", "inc_mm_counter(vma, (3 - 1));",
        ]),
        ("arguments-swapped", [
            "struct page *page = take(address, vma);",
            "if (pte_same(address, page) && ret == 0)",
            "flush_tlb_page(address, vma);", "inc_mm_counter(3, vma);",
            "set_flags(PG_ONE | PG_TWO, page);",
        ]),
        ("assigned-plain", ["struct page *page = 0;", "address += 0;"]),
        ("return-pointer-changed", []),
    ],
)  # fmt: skip
def test_what_an_operator_makes(operator: str, put: list[str]) -> None:
    found = [row for one in made() if one.operator == operator for row in lines(one)]
    assert sorted(found) == sorted(put)


def test_flags_are_taken_for_others_of_their_family() -> None:
    found = {row for one in made() if one.operator == "flag-other" for row in lines(one)}
    assert "return VM_FAULT_SIGBUS;" in found
    assert "if (!write || vma->vm_flags & VM_WRITE)" in found
    assert not any("return VM_WRITE" in row or "vm_flags & VM_FAULT" in row for row in found)


def test_a_branch_is_held_to_properties_of_what_the_function_knows() -> None:
    found = {row for one in made() for row in lines(one)}
    asked = "(!write || vma->vm_flags & VM_SHARED)"
    assert f"if ({asked} && (vma->vm_flags & VM_EXEC))" in found
    assert f"if ({asked} && !(address & PAGE_SIZE))" in found
    assert f"if ({asked} || (address >> 40))" in found
    assert not any("vmf->" in row or "mm->locked_vm" in row for row in found)


def test_assertions_are_left_alone_and_the_last_return_stays() -> None:
    assert not [one for one in made() if "VM_BUG_ON" in "".join(one.changed)]
    deleted = [one.changed for one in made() if one.operator == "statement-deleted"]
    assert ("-return ret;", "+;") not in deleted
    assert ("-return VM_FAULT_OOM;", "+;") in deleted


def test_a_function_that_gives_a_pointer() -> None:
    text = b"struct page *find(int a)\n{\n\tif (a)\n\t\treturn one(a);\n\treturn NULL;\n}\n"
    put = [lines(one) for one in made(text) if one.operator.startswith("return")]
    assert put == [("return NULL;",)]


def test_no_slip_is_made_twice_and_all_have_names() -> None:
    every = made()
    assert len({one.name for one in every}) == len(every) > 100
    assert len({one.result for one in every}) == len(every)
    assert all(one.result != FAULT for one in every)
    # What stands above a function is none of its bugs' names.
    above = b"int other;\n" + FAULT
    at = Aimed("mm/a.c", "fault", above, 11, len(above), Ring.AROUND)
    moved = list(generated(at, operators()))
    assert [one.name for one in moved] == [one.name for one in every]
    assert [one.line for one in moved] == [one.line + 1 for one in every]


def test_the_lines_below_keep_their_numbers() -> None:
    assert {one.result.count(b"\n") for one in made()} == {FAULT.count(b"\n")}


@pytest.mark.skipif(not shutil.which("patch"), reason="NOT RUN: needs patch")
def test_the_diffs_are_those_that_patch_takes(tmp_path: Path) -> None:
    for one in made()[::17]:
        (tmp_path / "a.c").write_bytes(FAULT)
        subprocess.run(
            ["patch", "-s", "-F0", str(tmp_path / "a.c")], input=one.diff.encode(), check=True
        )
        assert (tmp_path / "a.c").read_bytes() == one.result


def test_code_that_cannot_be_read_gives_what_can() -> None:
    text = b"int f(int a)\n{\n\tif (a) {\n\t\t%% $ @@;\n\t}\n\treturn b(a);\n}\n"
    assert any(one.operator == "return-number-changed" for one in made(text))
    assert made(b"no function\n") == []


STOCK = b"""\
static void zero(int a)
{
	map(a);
}

int near(int a)
{
	return a;
}

int fault(int write, int a)
{
	int ret = near(a);

	if (!write) {
		zero(a);
		if (!a)
			return 1;
		return 0;
	}
	ret = take(a);
	return ret;
}

int far(int a)
{
	return a + 2;
}
"""
PATCHED = STOCK.replace(b"static void zero(int a)\n{\n\tmap(a);\n}\n\n", b"").replace(
    b"\tif (!write) {\n\t\tzero(a);\n\t\tif (!a)\n\t\t\treturn 1;\n\t\treturn 0;\n\t}\n", b""
)


def test_the_patchs_own_lines() -> None:
    text = PATCHED.decode().splitlines()
    assert [text[n] for n in sorted(own_lines(STOCK, PATCHED))] == [
        "int near(int a)",
        "	int ret = near(a);",
        "	ret = take(a);",
    ]
    added = own_lines(PATCHED, STOCK)
    assert STOCK.decode().splitlines().index("\t\tzero(a);") in added
    assert own_lines(None, b"int a;\n{\n") == {0}
    assert own_lines(STOCK, STOCK) == frozenset()


def test_where_bugs_are_made() -> None:
    files = {"mm/a.c": PATCHED, "mm/b.c": b"int other(int a)\n{\n\treturn a;\n}\n"}
    own = {"mm/a.c": frozenset(own_lines(STOCK, PATCHED)) - {0}}
    named = [Named("mm/b.c", ("oth*",)), Named("mm/none.c", ("x",))]
    assert [(at.name, at.ring) for at in aim(files.get, own, named)] == [
        ("fault", Ring.AROUND),
        ("near", Ring.CALLED),
        ("other", Ring.NAMED),
    ]
    assert [at.name for at in aim(files.get, own, named, ("o*", "near"))] == ["near", "other"]
    [fault] = aim(files.get, own, (), ("fault",))
    assert fault.source[fault.start : fault.end].startswith(b"int fault(")
    assert fault.source[fault.start : fault.end].endswith(b"}\n")


def test_the_patch_undone_for_some() -> None:
    found = list(undone("mm/a.c", STOCK, PATCHED, operators()))
    assert {one.function for one in found} == {"fault"}
    first = found[0].result
    # The function that it took away comes back before the one that wants it.
    assert first.index(b"static void zero") < first.index(b"zero(a);")
    assert b"if (!write) {" in first
    texts = [one.result for one in found[1:]]
    assert any(b"if ((!write) && (signal_pending(current))) {" in text for text in texts)
    assert any(b"if ((!write) || !(signal_pending(current))) {" in text for text in texts)
    # What is in the branch that was taken away is not held to anything.
    assert not any(b"if ((!a)" in text for text in texts)
    assert list(undone("mm/a.c", STOCK, STOCK, operators())) == []


def test_drawing() -> None:
    own, far = made(), made(FAULT.replace(b"fault", b"other_"))
    first = drawn({Ring.OWN: own, Ring.CALLED: far}, 1)
    assert first == drawn({Ring.OWN: list(reversed(own)), Ring.CALLED: far[::-1]}, 1)
    assert {one.name for one in first} == {one.name for one in (*own, *far)}
    assert len(first) == len({one.name for one in first})
    assert first != drawn({Ring.OWN: own, Ring.CALLED: far}, 2)
    kinds = {one.kind for one in own}
    assert {one.kind for one in first[: 3 * len(kinds)]} == kinds
    near = [one for one in first[:30] if one in own]
    assert 18 <= len(near) <= 22  # two of three turns
    assert drawn({}, 1) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "operator"),
        ('at = "nowhere"', "operator[1].at"),
        ('at = "token"\nmake = ["x"]', "either `make`"),
        ('at = "flag"\nmake = ["x"]\nextra = 1', "operator[1].extra"),
    ],
)
def test_a_slip_in_the_table_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "operators.toml"
    head = '[[operator]]\nname = "a"\nkind = "b"\nwhy = "c"\n' if text else ""
    path.write_text(head + text)
    with pytest.raises(UserError) as raised:
        load_operators(path)
    assert said in str(raised.value)


def test_arguments(tmp_path: Path) -> None:
    assert load_wishes(tmp_path).named == ()
    (tmp_path / "generated-mutants.toml").write_text(
        '[[equivalent]]\nfunction = "fault"\nwhy = "so  it\\n is"\nuntil = "4.0"\n'
        'without = ["CONFIG_SMP"]\ndiffs = ["""\n'
        '-\tput_page(page);\n+  ;\n"""]\n'
    )
    wishes = load_wishes(tmp_path)
    one = next(m for m in made() if m.changed == ("-put_page(page);", "+;"))
    old = KernelVersion.parse("2.6.21")
    assert wishes.argued(one, old, frozenset()) == "so it is"
    assert wishes.argued(one, KernelVersion.parse("6.12"), frozenset()) == ""
    assert wishes.argued(one, old, frozenset({"CONFIG_SMP"})) == ""
    other = next(m for m in made() if m.operator == "flush-skipped")
    assert wishes.argued(other, old, frozenset()) == ""


def test_our_own_arguments_load() -> None:
    folder = Path(__file__).parent.parent / "patches/no-anon-zero-page"
    assert load_wishes(folder).named


def test_cases_that_noticed_much_go_first() -> None:
    cases = all_cases()[:6]
    a, b, c, *_ = (case.name for case in cases)
    noticed = [{b, c}, {b}, {c, b}, {a}]
    assert [case.name for case in in_turn(cases, noticed)][:3] == [b, a, c]
    assert in_turn(cases, []) == list(cases)
    assert in_turn(cases, [{"gone"}]) == list(cases)


def test_batches() -> None:
    cases = all_cases()
    batches = cut(cases)
    assert [case for batch in batches for case in batch] == list(cases)
    assert [len(batch) for batch in batches] == [FIRST, len(cases) - FIRST]
    assert cut(cases[:3]) == [cases[:3]]
    assert cut(()) == [()]


def test_the_report() -> None:
    every = made()
    [skipped] = [one for one in every if one.operator == "flush-skipped"]
    [counted] = [one for one in every if one.operator == "accounting-skipped"]
    tried = [
        Tried(skipped, Ring.OWN, Trial(skipped.name, skipped.kind, State.CAUGHT, "")),
        Tried(counted, Ring.OWN, Trial(counted.name, counted.kind, State.SURVIVED, "")),
    ]
    by_kind = scores(tried, lambda one: one.mutant.kind)
    assert {kind: (s.caught, s.of) for kind, s in by_kind.items()} == {
        "call skipped: flush": (1, 1),
        "call skipped: accounting": (0, 1),
    }
    rows = FAULT.decode().splitlines()
    three = [n for n, row in enumerate(rows) if row.startswith(("\tflush", "\tinc_", "\tput_"))]
    told = own_of(tried, {"mm/a.c": frozenset(three)}, {"mm/a.c": FAULT})
    assert [(line.text, line.tried, line.noticed) for line in told] == [
        ("flush_tlb_page(vma, address);", 1, 1),
        ("inc_mm_counter(vma, 3);", 1, 0),
        ("put_page(page);", 0, 0),
    ]


@pytest.mark.skipif(not shutil.which("gcc"), reason="NOT RUN: needs gcc")
def test_marks_say_what_runs_and_change_nothing_else(tmp_path: Path) -> None:
    text = b"""\
int f(int a)
{
	int r = 0, i;

	for (i = 0; i < 3; i++)
		if (a > 1)
			r++;
		else if (a)
			r--;
		else
			goto out;
	switch (a) {
	case 1:
		r += 10;
		break;
	default:
		r += 20;
	}
out:
	return r;
}
"""
    at = Aimed("f.c", "f", text, 0, len(text), Ring.AROUND)
    marks = marked([at])
    program = (
        b'#include <stdio.h>\n#include <stdlib.h>\n#define KERN_WARNING ""\n#define printk printf\n'
    )
    end = b'int main(int n, char **w) { printf("r %d\\n", f(atoi(w[1]))); return 0; }\n'
    (tmp_path / "m.c").write_bytes(program + marks.files["f.c"] + end)
    subprocess.run(["gcc", "-o", str(tmp_path / "m"), str(tmp_path / "m.c")], check=True)
    for given, result, ran, idle in (
        ("2", 23, [b"r++;", b"r += 20;"], [b"r--;", b"goto out;", b"r += 10;"]),
        ("1", 7, [b"r--;", b"r += 10;", b"break;"], [b"r++;", b"goto out;", b"r += 20;"]),
        ("0", 0, [b"goto out;", b"return r;"], [b"r++;", b"r--;", b"switch"]),
    ):
        said = subprocess.run([tmp_path / "m", given], capture_output=True, text=True, check=True)
        assert said.stdout.endswith(f"r {result}\n")
        reached = Reached(marks, marks.said(said.stdout))
        for what, runs in [*((one, True) for one in ran), *((one, False) for one in idle)]:
            start = text.index(what)
            bug = Generated("f.c", "f", "k", "o", text, start, start + 1, b"")
            assert reached.runs(bug) is runs, (given, what)
        declared = Generated("f.c", "f", "k", "o", text, text.index(b"0, i"), 1, b"")
        assert reached.runs(declared)
    split = b"int g(int a)\n{\n\tif (a) {\n\t\ta--;\n#ifdef B\n\t} else if (b()) {\n\t\ta++;\n"
    split += b"#endif\n\t}\n\treturn a;\n}\n"
    halves = marked([Aimed("g.c", "g", split, 0, len(split), Ring.AROUND)])
    assert (halves.files, halves.statements) == ({"g.c": split}, ())
    bug = Generated("g.c", "g", "k", "o", split, split.index(b"a--"), 1, b"")
    assert Reached(halves, frozenset()).runs(bug)
    assert not Reached(marks, frozenset()).runs(declared)
    assert marks.said("zp-ran 99999\n") == frozenset()
