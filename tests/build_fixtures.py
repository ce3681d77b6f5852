# SPDX-License-Identifier: GPL-2.0-only
# ruff: noqa: E101 - a Makefile is in here
"""A toy kernel: a source tree that real make and real gcc build in milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from zpmaint.build.options import BuildOptions
from zpmaint.build.pair import build
from zpmaint.build.values import Flavour, Pair
from zpmaint.core.progress import Step
from zpmaint.core.versions import KernelVersion

VERSION = KernelVersion.parse("6.12.107")

MEMORY = b"int zero_page;\nint handle_mm_fault(void) { return zero_page; }\n"
MAIN = b"int handle_mm_fault(void);\nvoid start_kernel(void) { handle_mm_fault(); for (;;); }\n"


def toy_set(version: str) -> str:
    """The patch.toml of a set for the toy, whose only anchor is for that kernel."""
    return f"""
title = "toy"
author = "the tests"
origin = "made up"
intent = "the toy returns a page of its own"
leaves = []
[[anchor]]
file = "v{version}.patch"
version = "{version}"
base = "{version}"
why = "the only one"
[[flip]]
case = "read.faults"
stock = "zero-page"
patched = "private"
why = "that is the change"
[[telling]]
counters = ["VmRSS", "MinorFaults"]
why = "they tell"
"""


def toy_patch(memory: str) -> str:
    """A patch that makes `memory` of the toy's mm/memory.c."""
    old, new = (text.splitlines(keepends=True) for text in (MEMORY.decode(), memory))
    body = "".join(f"-{line}" for line in old) + "".join(f"+{line}" for line in new)
    return f"--- a/mm/memory.c\n+++ b/mm/memory.c\n@@ -1,{len(old)} +1,{len(new)} @@\n{body}"


# Objects depend on their own source and one header, as fixdep would have it, and leave the records
# that kbuild does. A source with SLOW in
# it leaves half an object on the disk and waits until @FAST@ exists, as a compiler does that is
# about to be killed.
_MAKEFILE = r"""
objs := $(O)/init/main.o $(O)/mm/memory.o
allnoconfig:
	@mkdir -p $(O)/include/config
	@echo '  CONF    allnoconfig'
	@while read word name rest; do \
	  [ "$$word" = config ] || continue; \
	  grep "^CONFIG_$$name=" "$$KCONFIG_ALLCONFIG" | grep -v '=n$$' | \
	    if grep -qx "	refuses $$name" Kconfig; then cat >/dev/null; else cat; fi; \
	done < Kconfig > $(O)/.config
	@touch $(O)/include/config/auto.conf
vmlinux: $(objs)
	@echo '  LD      vmlinux'
	@$(CC) -nostdlib -static -Wl,-e,start_kernel -Wl,--build-id=none -o $(O)/vmlinux $(objs)
	@echo 'savedcmd_vmlinux.a := rm -f vmlinux.a; ar cDPrST vmlinux.a $(objs:$(O)/%=%)' \
	  > $(O)/.vmlinux.a.cmd
$(O)/%.o: %.c include/linux/mm.h
	@mkdir -p $(dir $@)
	@echo '  CC      $*.o'
	@if grep -q SLOW $<; then printf half > $@; echo $$$$ > @PID@; \
	  n=0; while [ ! -e @FAST@ ] && [ $$((n+=1)) -lt 2000 ]; do sleep 0.02; done; fi
	@$(CC) -fno-pie -Iinclude -c -o $@ $<
	@{ echo 'savedcmd_$*.o := $(CC) -fno-pie -I$(CURDIR)/include -c -o $*.o $(CURDIR)/$<'; echo; \
	  echo 'deps_$*.o := \'; echo '  $(CURDIR)/$< $(CURDIR)/include/linux/mm.h'; } \
	  > $(dir $@).$(notdir $*).o.cmd
.PHONY: allnoconfig vmlinux
"""

_KCONFIG = "config PVH\n\tbool\nconfig KSM\n\tbool\nconfig KERNEL_LZ4\n\tbool\nconfig SMP\n\tbool\n"


class Kept:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.notes: list[str] = []
        self.advances: list[tuple[float, float | None]] = []

    @contextmanager
    def step(self, title: str, unit: str = "") -> Iterator[Step]:
        self.titles.append(title)
        yield self

    def advance(self, done: float, total: float | None = None) -> None:
        self.advances.append((done, total))

    def note(self, text: str) -> None:
        self.notes.append(text)


class Toy:
    """A pristine toy tree and the folder to build it in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = folder / "tree"
        self.work = folder / "cache" / "work"
        # What a make can see, and what it can write.
        self.fast = self.place / "fast"
        self.pid = self.place / "obj" / "pid"
        self.kept = Kept()
        makefile = _MAKEFILE.replace("@FAST@", str(self.fast)).replace("@PID@", str(self.pid))
        self.write("Makefile", makefile)
        self.write("arch/x86/Kconfig", "config PVH\n\tbool\n")
        self.write("Kconfig", _KCONFIG)
        self.write("include/linux/mm.h", "")
        self.write("include/linux/compiler_types.h", "")
        self.write("init/main.c", MAIN)
        self.write("mm/memory.c", MEMORY)

    def write(self, path: str, content: str | bytes) -> None:
        target = self.tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())

    def build(
        self,
        patched: dict[str, bytes | None] | None = None,
        flavours: tuple[Flavour, ...] = (Flavour.STOCK, Flavour.PATCHED),
        work: Path | None = None,
        source_id: str | None = None,
        version: KernelVersion = VERSION,
    ) -> Pair:
        return build(
            version,
            self.tree,
            BuildOptions(jobs=2),
            patched,
            work=work or self.work,
            reporter=self.kept,
            flavours=flavours,
            source_id=source_id,
        )

    @property
    def place(self) -> Path:
        """The work folder of the one kernel."""
        return self.work / "6.12.107-x86_64-modern"

    def content(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.tree)): path.read_bytes()
            for path in sorted(self.tree.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path)
