# SPDX-License-Identifier: GPL-2.0-only
# ruff: noqa: E101, E501 - a Makefile is in here
"""A toy kernel that keeps records as kbuild does: folders, symbols, modules, .cmd files."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from build_fixtures import VERSION, Toy

from zpmaint.build.evidence import Evidence, FileEvidence
from zpmaint.build.options import BuildOptions
from zpmaint.build.pair import build
from zpmaint.build.values import Pair
from zpmaint.core.wishes import fragment_of
from zpmaint.port.values import PortStep

_MAKEFILE = r"""
dirs := init mm drivers
mods :=
-include $(O)/.config
define read
obj-y :=
obj-m :=
include $(1)/Makefile
objs-$(1) := $$(addprefix $(O)/$(1)/,$$(obj-y))
mods += $$(addprefix $(O)/$(1)/,$$(obj-m))
endef
$(foreach d,$(dirs),$(eval $(call read,$(d))))
kernel := $(foreach d,$(dirs),$(objs-$(d)))
flags := -fno-pie -nostdinc -I$(CURDIR)/include -I./include -include ./include/generated/autoconf.h
allnoconfig:
	@mkdir -p $(O)/include/config $(O)/include/generated
	@echo '  CONF    allnoconfig'
	@cat Kconfig */Kconfig | while read word name rest; do \
	  [ "$$word" = config ] || continue; \
	  grep "^CONFIG_$$name=" "$$KCONFIG_ALLCONFIG" | grep -v '=n$$' | \
	    if grep -qx "	refuses $$name" Kconfig; then cat >/dev/null; else cat; fi; \
	done > $(O)/.config
	@sed -n 's/^\(CONFIG_[A-Z_0-9]*\)=y/#define \1 1/p; s/^\(CONFIG_[A-Z_0-9]*\)=m/#define \1_MODULE 1/p' \
	  $(O)/.config > $(O)/include/generated/autoconf.h
	@touch $(O)/include/config/auto.conf
vmlinux: $(kernel)
	@for d in $(dirs); do mkdir -p $(O)/$$d; done
	@$(foreach d,$(dirs),echo 'savedcmd_$(d)/built-in.a := rm -f $(d)/built-in.a;  printf "$(d)/%s " $(notdir $(objs-$(d))) | xargs ar cDPrST $(d)/built-in.a' > $(O)/$(d)/.built-in.a.cmd;)
	@$(foreach d,$(dirs),cd $(O) && rm -f $(d)/built-in.a && ar cDPrST $(d)/built-in.a $(patsubst $(O)/%,%,$(objs-$(d)));)
	@echo 'savedcmd_vmlinux.a := rm -f vmlinux.a; ar cDPrST vmlinux.a $(addsuffix /built-in.a,$(dirs))' > $(O)/.vmlinux.a.cmd
	@echo '  LD      vmlinux'
	@$(CC) -nostdlib -static -Wl,-e,start_kernel -Wl,--build-id=none -o $(O)/vmlinux $(kernel)
modules: $(mods:.o=.ko)
	@for m in $(patsubst $(O)/%,%,$(mods)); do echo $$m; done > $(O)/modules.order
%.ko: %.o
	@ld -r -o $@ $<
	@echo 'savedcmd_$(patsubst $(O)/%,%,$@) := ld -r -o $(patsubst $(O)/%,%,$@) $(patsubst $(O)/%,%,$<)' \
	  > $(dir $@).$(notdir $@).cmd
$(O)/%.o: %.c $(wildcard include/linux/*.h mm/part.c) $(O)/.config
	@mkdir -p $(dir $@)
	@echo '  CC      $*.o'
	@cd $(O) && $(CC) -Wp,-MMD,$(dir $*).$(notdir $*).d $(flags) -c -o $*.o $(CURDIR)/$*.c
	@{ echo 'savedcmd_$*.o := $(CC) -Wp,-MMD,$(dir $*).$(notdir $*).d $(flags) -c -o $*.o $(CURDIR)/$*.c'; \
	  echo; echo 'deps_$*.o := \'; sed -e 's/^[^:]*: */  /' $(O)/$(dir $*).$(notdir $*).d; } \
	  > $(dir $@).$(notdir $*).o.cmd
.SECONDARY:
.PHONY: allnoconfig vmlinux modules
"""

KCONFIG = (
    "config PVH\n\tbool\nconfig KSM\n\tbool\nconfig MODULES\n\tbool\nconfig NUMA\n\tbool\n"
    "config SMP\n\tbool\n"
)
MEMORY = """\
#include <linux/mm.h>

int zero_page;

#ifdef CONFIG_NUMA
int numa_node(void)
{
	return 1;
}
#endif

int handle_mm_fault(void)
{
	return zero_page + PAGES;
}
"""
CARD = "int card_probe(void)\n{\n\treturn 1;\n}\n"
HEADER = "#ifndef _MM_H\n#define _MM_H\n#define PAGES 4\n#endif\n"
MAIN = "int handle_mm_fault(void);\nvoid start_kernel(void) { handle_mm_fault(); for (;;); }\n"


class EvidenceToy(Toy):
    """A tree with init/, mm/ and drivers/, the last of which nothing switches on."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.write("Makefile", _MAKEFILE)
        self.write("Kconfig", KCONFIG)
        self.write("mm/Kconfig", "config HUGE\n\tbool\n")
        self.write("drivers/Kconfig", "config CARD\n\ttristate\n\thelp\n\t  A card.\n")
        self.write("init/Makefile", "obj-y := main.o\n")
        self.write("mm/Makefile", "obj-y := memory.o\n")
        self.write("drivers/Makefile", "obj-$(CONFIG_CARD) += card.o\n")
        self.write("include/linux/mm.h", HEADER)
        self.write("include/linux/unused.h", "#define UNUSED 1\n")
        self.write("init/main.c", MAIN)
        self.write("mm/memory.c", MEMORY)
        self.write("drivers/card.c", CARD)

    def step(self, files: dict[str, str | None], name: str = "") -> PortStep:
        """The patch that makes `files` of the tree."""
        text = ""
        for path, after in files.items():
            stock = self.tree / path
            before = stock.read_text() if stock.is_file() else None
            text += diff(path, before, after)
        result = {p: None if t is None else t.encode() for p, t in files.items()}
        return PortStep(name, text, result)

    def pair(
        self, *steps: PortStep, fragment: str = "", jobs: int = 2, with_places: bool = False
    ) -> Pair:
        patched: dict[str, bytes | None] = {}
        for step in steps:
            patched |= step.result
        fragments = [fragment_of(fragment, "x.config", "x.config")] if fragment else []
        return build(
            VERSION,
            self.tree,
            BuildOptions(jobs=jobs),
            patched,
            work=self.work,
            reporter=self.kept,
            steps=steps,
            fragments=fragments,
            with_places=with_places,
        )

    def seen(self, files: dict[str, str | None], fragment: str = "") -> Evidence:
        evidence = self.pair(self.step(files), fragment=fragment).evidence
        assert evidence is not None
        return evidence

    def one(self, path: str, after: str | None, fragment: str = "") -> FileEvidence:
        """The evidence of a patch to one file."""
        return self.seen({path: after}, fragment).files[0]


def diff(path: str, before: str | None, after: str | None) -> str:
    """A unified diff of one file; None for one that is not there."""
    lines = difflib.unified_diff(
        (before or "").splitlines(keepends=True),
        (after or "").splitlines(keepends=True),
        "/dev/null" if before is None else f"a/{path}",
        "/dev/null" if after is None else f"b/{path}",
        n=3,
    )
    return "".join(lines)


@pytest.fixture
def toy(tmp_path: Path) -> EvidenceToy:
    return EvidenceToy(tmp_path)
