# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint mutate --generated` on a toy whose kernel is run: what each bug does is what it does."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from test_app_verify import ROOT, Shop, words

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("make", "gcc", "musl-gcc", "setpriv")),
    reason="NOT RUN: needs make, gcc, musl-gcc and setpriv (zpmaint doctor)",
)

_HEAD = """\
#define VM_WRITE 2
#define VM_SHARED 8
#define KERN_WARNING ""
int printk(const char *text, ...);
extern int counted;
void account(int pages);
int zero_page = 7;

int elsewhere(int a)
{
	return a + 1;
}

int maybe(int page, int vm_flags)
{
	if (vm_flags & VM_SHARED)
		page += 4;
	return page;
}

int handle_mm_fault(int write, int vm_flags)
{
	int page = 2;

"""
_TAKEN = "\tif (!write)\n\t\treturn zero_page;\n"
_TAIL = """\
	page = maybe(page, vm_flags);
	account(page);
	return page;
}
"""
# 1: read.zero fails; 2: read.twice fails. Nothing looks at shared mappings, nor at what is counted.
_MAIN = """\
int handle_mm_fault(int, int);
int counted;
void account(int pages) { counted += pages; }
int printk(const char *text, ...)
{
	long length = 0, done;

	while (text[length])
		length++;
	__asm__ volatile ("syscall" : "=a" (done) : "a" (1L), "D" (1L), "S" (text), "d" (length)
		: "rcx", "r11", "memory");
	return done;
}
static void end(long status)
{
	__asm__ volatile ("syscall" : : "a" (60L), "D" (status) : "rcx", "r11", "memory");
}
void start_kernel(void)
{
	if (handle_mm_fault(0, 0) != 2)
		end(1);
	if (handle_mm_fault(1, 0) != 2)
		end(2);
	end(0);
}
"""
_BOOTS = """
case $words in --version) echo 'QEMU emulator version 0'; exit 0;; esac
kernel=${{words#*-kernel }}; kernel=${{kernel%% *}}
copy={folder}/notes/run.$$; cp "$kernel" $copy; chmod 755 $copy
timeout 5 $copy >> "$console"; ended=$?; rm $copy
echo "$ended" >> {folder}/notes/boots
[ ! -e {folder}/trouble.sh ] || . {folder}/trouble.sh
case $ended in 0) as=sound;; 1) as=zero;; 2) as=twice;; *) as=dead;; esac
exec {python} {guest} {folder}/$as.json "$initrd" "$console" "$results" "$words"
"""


class Meadow(Shop):
    """The toy project with a fault path of its own, and a machine that runs it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, monkeypatch)
        stock, patched = _HEAD + _TAKEN + _TAIL, _HEAD + _TAIL
        self.toy.write("mm/memory.c", stock)
        self.toy.write("init/main.c", _MAIN)
        old, new = stock.splitlines(keepends=True), patched.splitlines(keepends=True)
        body = "".join(f"-{line}" for line in old) + "".join(f"+{line}" for line in new)
        (self.project / "patches/toy/v6.12.107.patch").write_text(
            f"--- a/mm/memory.c\n+++ b/mm/memory.c\n@@ -1,{len(old)} +1,{len(new)} @@\n{body}"
        )
        guest = ROOT / "tests/fake_guest.py"
        self.qemu.does(_BOOTS.format(folder=folder, python=sys.executable, guest=guest))
        for name, odd, does in (
            ("sound", "", {}),
            ("zero", "read.zero", {}),
            ("twice", "read.twice", {}),
            ("dead", "", {"boot": "panic"}),
        ):
            told = words("private") | ({odd: "odd"} if odd else {})
            row = {"release": "6.12.107", "all": told, "bench": "", "does": does}
            (folder / f"{name}.json").write_text(json.dumps(row))

    def generated(self, *more: str) -> tuple[int, dict[str, Any]]:
        status, out, err = self.run("mutate", "6.12.107", "--generated", "--json", *more)
        assert out, err
        found: dict[str, Any] = json.loads(out)
        return status, found

    def says(self, text: str) -> None:
        (self.project / "patches/toy/generated-mutants.toml").write_text(text)

    @property
    def boots(self) -> list[str]:
        return (self.folder / "notes" / "boots").read_text().split()


@pytest.fixture
def meadow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Meadow:
    return Meadow(tmp_path, monkeypatch)


def one(told: dict[str, Any], was: str, now: str) -> dict[str, Any]:
    """The mutant that makes a line another."""
    [found] = [m for m in told["mutants"] if f"\n-\t{was}\n+\t{now}\n" in m["diff"]]
    return dict(found)


def test_what_bugs_come_to(meadow: Meadow) -> None:
    status, told = meadow.generated("--count", "60")
    rows = told["mutants"]
    assert status == 1
    assert len(rows) == 60
    # What nothing looks at: shared mappings, and what is counted.
    kept = [m for m in rows if m["state"] == "survived"]
    assert {m["function"] for m in kept} <= {"maybe", "handle_mm_fault"}
    skipped = one(told, "account(page);", ";")
    assert skipped["state"] == "survived"
    assert (skipped["operator"], skipped["line"]) == ("statement-deleted", 26)
    # What nobody runs needs no boot to tell that nobody notices.
    idle = one(told, "\tpage += 4;", "\tpage -= 4;")
    assert (idle["state"], idle["boot_seconds"]) == ("not run", 0)
    # What is looked at is noticed, by the case that is about it.
    plain = next(m for m in rows if "\n+\tif (!write)\n" in m["diff"])
    assert (plain["state"], plain["catches"][0]["case"]) == ("caught", "read.zero")
    # signal_pending() is no function of the toy: what does not compile is counted apart.
    broken = [m for m in rows if m["state"] == "does not build"]
    assert any("signal_pending" in m["diff"] for m in broken)
    score = told["score"]
    assert score["unrun"] >= 1
    assert score["broken"] == len(broken)
    assert score["of"] == score["caught"] + score["survived"] <= 60 - score["broken"]
    assert sum(s["of"] for s in told["by_kind"].values()) == score["of"]
    assert sum(s["of"] for s in told["by_function"].values()) == score["of"]
    # The patch's own lines: beside what it takes away.
    assert [line["line"] for line in told["own_lines"]] == [23, 25]
    assert not [m for m in rows if m["function"] == "elsewhere"]
    # For people: the survivors with their diffs, the score.
    status, out, _ = meadow.run("mutate", "6.12.107", "--generated", "--count", "60")
    assert status == 1
    assert "nobody noticed: " in out
    assert re.search(r"^-\s+account\(page\);$", out, re.MULTILINE)
    assert f"{score['caught']} of {score['of']} generated mutants noticed" in out
    # Images of bugs are not kept.
    assert len([*(meadow.home / "cache/mutants").glob("*/images/patched-*")]) == 1


def test_a_longer_run_goes_on_from_a_shorter_one(meadow: Meadow) -> None:
    short = meadow.generated("--count", "5")[1]
    before = len(meadow.boots)
    again = meadow.generated("--count", "5")[1]
    assert len(meadow.boots) == before
    assert all(m["known"] for m in again["mutants"])
    longer = meadow.generated("--count", "8")[1]
    assert [m["mutant"] for m in longer["mutants"][:5]] == [m["mutant"] for m in short["mutants"]]
    assert [m["known"] for m in longer["mutants"]] == [True] * 5 + [False] * 3
    states = [m["state"] for m in short["mutants"]]
    assert [m["state"] for m in again["mutants"]] == states
    # Another seed draws otherwise.
    other = meadow.run("mutate", "6.12.107", "--generated", "--seed", "2", "--list", "--json")[1]
    assert [m["name"] for m in json.loads(other)[:5]] != [m["mutant"] for m in short["mutants"]]


def test_an_argument_takes_a_survivor_out_and_a_wrong_one_fails(meadow: Meadow) -> None:
    only = ("--count", "40", "--functions", "handle_*")
    assert meadow.generated(*only)[0] == 1
    row = '[[equivalent]]\nfunction = "handle_mm_fault"\nwhy = "nobody counts"\ndiffs = ["""\n'
    meadow.says(row + '-  account(page);\n+ ;\n"""]\n')
    skipped = one(meadow.generated(*only)[1], "account(page);", ";")
    assert (skipped["state"], skipped["why"]) == ("equivalent", "nobody counts")
    meadow.says(row + '-\tpage = maybe(page, vm_flags);\n+\tpage = 0;\n"""]\n')
    status, told = meadow.generated(*only)
    assert one(told, "page = maybe(page, vm_flags);", "page = 0;")["state"] == "not equivalent"
    assert status == 1
    meadow.says(row + ' page = 0;\n"""]\n')
    status, _, err = meadow.run("mutate", "6.12.107", "--generated")
    assert status == 2
    assert "a line of a diff begins with + or -" in err


def test_the_list_of_a_set_names_more_functions(meadow: Meadow) -> None:
    meadow.says('[[functions]]\nfile = "mm/memory.c"\nnames = ["else*"]\nwhy = "the test"\n')
    status, out, _ = meadow.run("mutate", "6.12.107", "--generated", "--list", "--json")
    assert status == 0
    found = {m["function"]: m["ring"] for m in json.loads(out)}
    assert (found["elsewhere"], found["maybe"]) == ("named", "called")
    status, _, err = meadow.run("mutate", "6.12.107", "--generated", "--functions", "nosuch")
    assert status == 2
    assert "like nosuch" in err
    status, out, _ = meadow.run("mutate", "6.12.107", "--generated", "--list", "--json")
    some = json.loads(out)[3]["name"]
    listed = ("mutate", "6.12.107", "--generated", "--list", "--json", "--mutant")
    assert [m["name"] for m in json.loads(meadow.run(*listed, some)[1])] == [some]
    assert meadow.run(*listed, "nosuch")[0] == 2
    status, _, err = meadow.run("mutate", "--generated")
    assert status == 2
    assert "wants a VERSION" in err


def test_trouble_in_the_middle_ends_one_bug_not_the_run(meadow: Meadow) -> None:
    meadow.generated("--count", "1")
    trouble = meadow.folder / "trouble.sh"
    mark = meadow.folder / "notes" / "once"
    trouble.write_text(f"[ -e {mark} ] || {{ touch {mark}; kill -KILL $$; }}\n")
    status, told = meadow.generated("--count", "12")
    lost = [m for m in told["mutants"] if m["state"] == "not decided"]
    assert len(lost) == 1
    assert told["score"]["undecided"] == 1
    assert "the machine failed" in lost[0]["why"]
    assert len(told["mutants"]) == 12
    # It is tried again, and only it.
    before = len(meadow.boots)
    told = meadow.generated("--count", "12")[1]
    assert told["score"]["undecided"] == 0
    assert sum(not m["known"] for m in told["mutants"]) == 1
    assert before < len(meadow.boots)
    # A machine that fails each time is looked at first.
    trouble.write_text("kill -KILL $$\n")
    status, out, err = meadow.run("mutate", "6.12.107", "--generated", "--json", "--count", "60")
    assert (status, out) == (3, "")
    assert "the machine failed" in err


def test_killed_the_next_run_goes_on(meadow: Meadow) -> None:
    meadow.generated("--count", "1")
    reached = meadow.folder / "notes" / "reached"
    trouble = meadow.folder / "trouble.sh"
    trouble.write_text(f"[ $(wc -l < {meadow.folder}/notes/boots) -lt 8 ] || "
                       f"{{ touch {reached}; sleep 60; }}\n")  # fmt: skip
    process = meadow.start("mutate", "6.12.107", "--generated", "--json", "--count", "12")
    until = time.monotonic() + 90
    while not reached.exists():
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    trouble.unlink()
    told = meadow.generated("--count", "12")[1]
    known = sum(m["known"] for m in told["mutants"])
    assert 1 < known < 12
    assert told["score"]["undecided"] == 0
