# SPDX-License-Identifier: GPL-2.0-only
"""Fix-ups: called for by content, taken whole or not at all."""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from zpmaint.build.conditions import SourceView
from zpmaint.build.fixups import Fixup, Replacement, declared, mend
from zpmaint.core.errors import KernelError
from zpmaint.core.versions import KernelVersion

V = KernelVersion.parse("2.6.24")


def _tree(tmp_path: Path, files: dict[str, str]) -> SourceView:
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    return SourceView(tmp_path)


@pytest.mark.parametrize(
    "sample",
    [
        (
            "make-mixed-rules",
            "x86_64",
            "Makefile",
            "config %config: scripts_basic FORCE\n\t$(Q)x\n/ %/: prepare scripts FORCE\n",
            "%config: scripts_basic FORCE\n\t$(Q)x\n%/: prepare scripts FORCE\n",
        ),
        (
            "make-hash-escape",
            "x86_64",
            "scripts/Kbuild.include",
            r"make-cmd = $(subst \#,\\\#,$(subst $$,$$$$,$(call escsq,$(cmd_$(1)))))" + "\n",
            "pound := \\#\n"
            "make-cmd = $(subst $(pound),$$(pound),$(subst $$,$$$$,$(call escsq,$(cmd_$(1)))))\n",
        ),
        (
            "make-hash-escape",
            "x86_64",
            "scripts/Kbuild.include",
            r"make-cmd = $(call escsq,$(subst \#,\\\#,$(subst $$,$$$$,$(cmd_$(1)))))" + "\n",
            "pound := \\#\n"
            "make-cmd = $(call escsq,$(subst $(pound),$$(pound),$(subst $$,$$$$,$(cmd_$(1)))))\n",
        ),
        (
            "boot-header-size",
            "x86_64",
            "arch/i386/boot/header.S",
            '\tjmp\tdie\n\n\t.size\tdie, .-due\n\n\t.section ".initdata", "a"\n',
            '\tjmp\tdie\n\n\t.size\tdie, .-die\n\n\t.section ".initdata", "a"\n',
        ),
        (
            "make-force-newer",
            "x86_64",
            "scripts/Kbuild.include",
            "if_changed = $(if $(strip $? $(call arg-check, $(cmd_$(1)), $(cmd_$@)) ), \\\n",
            "if_changed = $(if $(strip $(filter-out FORCE,$?) "
            "$(call arg-check, $(cmd_$(1)), $(cmd_$@)) ), \\\n",
        ),
        (
            "perl-defined-array",
            "x86_64",
            "kernel/timeconst.pl",
            "\tif (!defined(@val)) {\n",
            "\tif (!(@val)) {\n",
        ),
        (
            "subcmd-realloc",
            "x86_64",
            "tools/lib/subcmd/subcmd-util.h",
            "\tvoid *ret = realloc(ptr, size);\n\tif (!ret && !size)\n\t\tret = realloc(ptr, 1);\n"
            "\tif (!ret) {\n\t\tret = realloc(ptr, size);\n\t\tif (!ret && !size)\n"
            "\t\t\tret = realloc(ptr, 1);\n\t\tif (!ret)\n"
            '\t\t\tdie("Out of memory, realloc failed");\n\t}\n\treturn ret;\n',
            "\tvoid *ret = realloc(ptr, size);\n\tif (!ret)\n"
            '\t\tdie("Out of memory, realloc failed");\n\treturn ret;\n',
        ),
        (
            "vdso-text-room",
            "x86_64",
            "arch/x86_64/vdso/vdso.lds.S",
            "  . = VDSO_PRELINK + 0x900;\n",
            "  . = VDSO_PRELINK + 0xb00;\n",
        ),
        (
            "dma-without-pci",
            "x86_64",
            "arch/x86_64/kernel/pci-dma.c",
            "\tint node;\n\tif (dev->bus == &pci_bus_type)\n\t\tnode = a;\n\telse\n\t\tnode = b;\n",
            "\tint node;\n#ifdef CONFIG_PCI\n\tif (dev->bus == &pci_bus_type)\n\t\tnode = a;\n"
            "\telse\n#endif\n\t\tnode = b;\n",
        ),
        (
            "early-idt-stride",
            "x86_64",
            "arch/x86/kernel/head_64.S",
            "\tpushq $i\t\t# 72(%rsp) Vector number\n\tjmp early_idt_handler\n\ti = i + 1\n"
            "\t.endr\n",
            "\tpushq $i\t\t# 72(%rsp) Vector number\n\tjmp early_idt_handler\n\ti = i + 1\n"
            "\t.fill early_idt_handlers + 9 * i - ., 1, 0xcc\n\t.endr\n",
        ),
        (
            "cpumask-out-of-scope",
            "x86_64",
            "include/linux/cpumask.h",
            "#define cpumask_of_cpu(cpu)\t\t\\\n(*({\t\t\t\\\n\ttypeof(a) m;\t\\\n\t&m;\t\\\n}))\n"
            "#endif\n",
            "static inline cpumask_t *cpumask_with(cpumask_t *mask, int cpu)\n"
            "{\n\t__cpu_set(cpu, mask);\n\treturn mask;\n}\n"
            "#define cpumask_of_cpu(cpu)\t(*cpumask_with(&(cpumask_t){ { 0 } }, (cpu)))\n#endif\n",
        ),
        (
            "pagemap-walk-unset",
            "x86_64",
            "fs/proc/task_mmu.c",
            "\tstruct mm_walk pagemap_walk;\n",
            "\tstruct mm_walk pagemap_walk = {};\n",
        ),
        (
            "build-stamp",
            "x86_64",
            "scripts/mkcompile_h",
            '  VERSION=`cat .version`\nU="$U `LC_ALL=C LANG=C date`"\n'
            '  A \\"`LC_ALL=C LANG=C date +%T`\\"\n  B \\"`whoami`\\"\n'
            '  C \\"`hostname | $UTS_TRUNCATE`\\"\n',
            '  VERSION=1\nU="$U $KBUILD_BUILD_TIMESTAMP"\n'
            '  A \\"00:00:00\\"\n  B \\"$KBUILD_BUILD_USER\\"\n  C \\"$KBUILD_BUILD_HOST\\"\n',
        ),
        (
            "gzip-no-name",
            "x86_64",
            "scripts/Makefile.lib",
            "quiet_cmd_gzip = GZIP    $@\ncmd_gzip = gzip -f -9 < $< > $@\n",
            "quiet_cmd_gzip = GZIP    $@\ncmd_gzip = gzip -n -f -9 < $< > $@\n",
        ),
        (
            "initramfs-mtime",
            "x86_64",
            "usr/gen_init_cpio.c",
            "\ttime_t mtime = time(NULL);\n",
            "\ttime_t mtime = 1767225600;\n",
        ),
        (
            "i386-regparm-attribute",
            "i386",
            "include/asm-x86/linkage_32.h",
            "#define asmlinkage __attribute__((regparm(0)))\n"
            "#define FASTCALL(x)\tx __attribute__((regparm(3)))\n"
            "#define fastcall\t__attribute__((regparm(3)))\n",
            "#define asmlinkage __attribute__((regparm(0)))\n"
            "#define FASTCALL(x)\tx\n"
            "#define fastcall\n",
        ),
        (
            "i386-pt-regs-alias",
            "i386",
            "arch/x86/kernel/signal_32.c",
            "\tstruct pt_regs *regs = (struct pt_regs *)&ebx;\n"
            "\tstruct pt_regs *regs = (struct pt_regs *) &__unused;\n",
            "\tstruct pt_regs *regs = task_pt_regs(current);\n"
            "\tstruct pt_regs *regs = task_pt_regs(current);\n",
        ),
        (
            "i386-arguments-copied",
            "i386",
            "arch/i386/kernel/entry.S",
            "syscall_call:\n\tcall *sys_call_table(,%eax,4)\n\tmovl %eax,PT_EAX(%esp)\n"
            '.section .rodata,"a"\n#include "syscall_table.S"\n',
            "syscall_call:\n\tbtl %eax, calls_on_the_frame\n\tjc 771f\n"
            + 6 * "\tpushl 20(%esp)\n"
            + "\tcall *sys_call_table(, %eax, 4)\n\taddl $24, %esp\n\tjmp 772f\n"
            "771:\tcall *sys_call_table(, %eax, 4)\n772:\n\tmovl %eax,PT_EAX(%esp)\n"
            '.section .rodata,"a"\n\t.balign 4\ncalls_on_the_frame:\n'
            "\t/* fork, execve; iopl, vm86old, sigreturn, clone; vm86, rt_sigreturn, sigaltstack, "
            "vfork */\n"
            "\t.long (1 << 2) | (1 << 11), 0, 0\n"
            "\t.long (1 << (110 - 96)) | (1 << (113 - 96)) | (1 << (119 - 96)) | "
            "(1 << (120 - 96)), 0\n"
            "\t.long (1 << (166 - 160)) | (1 << (173 - 160)) | (1 << (186 - 160)) | "
            "(1 << (190 - 160))\n"
            "\t.long 0, 0, 0, 0, 0, 0, 0, 0, 0, 0\n"
            '#include "syscall_table.S"\n',
        ),
    ],
)
def test_each_declared_fixup(tmp_path: Path, sample: tuple[str, str, str, str, str]) -> None:
    name, arch, path, before, after = sample
    mended = mend(_tree(tmp_path, {path: before}), V, arch)
    assert mended.names == (name,)
    assert mended.files == {path: after.encode()}
    again = mend(SourceView(tmp_path, mended.files), V, arch)
    assert (again.names, again.files) == ((), {})


def test_every_declared_fixup_is_tested() -> None:
    marks = test_each_declared_fixup.pytestmark  # type: ignore[attr-defined]
    assert {row[0] for row in marks[0].args[1]} == {row.name for row in declared()}


def test_i386_rows_leave_x86_64_alone(tmp_path: Path) -> None:
    tree = _tree(tmp_path, {"arch/x86/kernel/ioport.c": "regs = (struct pt_regs *)&regsp;\n"})
    assert mend(tree, V, "x86_64").names == ()
    assert mend(tree, V, "i386").names == ("i386-pt-regs-alias",)


def test_regparm_stays_where_it_is_an_option(tmp_path: Path) -> None:
    text = "#define fastcall __attribute__((regparm(3)))\n"
    tree = _tree(tmp_path, {"include/asm-i386/linkage.h": text})
    assert mend(tree, KernelVersion.parse("2.6.19"), "i386").names == ()
    assert mend(tree, KernelVersion.parse("2.6.20"), "i386").names == ("i386-regparm-attribute",)


def _row(find: str, text: str) -> Fixup:
    return Fixup(
        name="x", files=("f",), when="old", replace=(Replacement(find=find, text=text),), why="y"
    )


def test_one_that_is_called_for_and_replaces_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KernelError, match=r"fix-up x: f of 2\.6\.24 calls for it"):
        mend(_tree(tmp_path, {"f": "old\n"}), V, "x86_64", (_row("absent", ""),))


def test_one_that_does_not_take_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KernelError, match="still calls for it"):
        mend(_tree(tmp_path, {"f": "old old2\n"}), V, "x86_64", (_row("old2", "new"),))


def test_bytes_that_are_not_utf8_survive(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\xe9 old \xff\n")
    mended = mend(SourceView(tmp_path), V, "x86_64", (_row("old", "new"),))
    assert mended.files == {"f": b"\xe9 new \xff\n"}


_STAMPS = ("build-stamp", "initramfs-mtime", "gzip-no-name")
_COMMON = ("make-mixed-rules", "make-hash-escape", *_STAMPS)
_I386 = ("i386-regparm-attribute", "i386-arguments-copied")


@pytest.mark.mirror
@pytest.mark.skipif(not os.environ.get("ZPMAINT_KERNEL_GIT"), reason="ZPMAINT_KERNEL_GIT not set")
@pytest.mark.parametrize(
    ("version", "arch", "names"),
    [
        ("2.6.16", "x86_64", {"make-mixed-rules", "make-force-newer", *_STAMPS, "dma-without-pci"}),
        ("2.6.18", "x86_64", {*_COMMON}),
        ("2.6.20", "x86_64", {*_COMMON}),
        ("2.6.21", "x86_64", {*_COMMON}),
        ("2.6.22", "x86_64", {*_COMMON}),
        ("2.6.23", "x86_64", {*_COMMON, "vdso-text-room"}),
        ("2.6.24", "x86_64", {*_COMMON}),
        ("2.6.25", "x86_64", {*_COMMON, "perl-defined-array"}),
        (
            "2.6.26",
            "x86_64",
            {*_COMMON, "perl-defined-array", "cpumask-out-of-scope", "pagemap-walk-unset"},
        ),
        ("2.6.27", "x86_64", {*_COMMON, "perl-defined-array"}),
        ("2.6.32", "x86_64", {"make-hash-escape", *_STAMPS, "perl-defined-array"}),
        ("2.6.35", "x86_64", {"make-hash-escape", *_STAMPS, "perl-defined-array"}),
        ("2.6.38", "x86_64", {"make-hash-escape", *_STAMPS, "perl-defined-array"}),
        ("2.6.39", "x86_64", {"make-hash-escape", *_STAMPS, "perl-defined-array"}),
        ("3.10.4", "x86_64", {"make-hash-escape", "early-idt-stride"}),
        ("3.19.8", "x86_64", {"make-hash-escape", "early-idt-stride"}),
        ("4.9", "x86_64", {"make-hash-escape"}),
        ("4.20", "x86_64", set()),
        ("5.3.1", "x86_64", set()),
        ("2.6.20", "i386", {*_COMMON, *_I386, "i386-pt-regs-alias"}),
        ("2.6.24", "i386", {*_COMMON, *_I386, "i386-pt-regs-alias"}),
        ("2.6.25", "i386", {*_COMMON, *_I386, "perl-defined-array", "i386-pt-regs-alias"}),
        ("2.6.28", "i386", {*_COMMON, *_I386, "perl-defined-array", "i386-pt-regs-alias"}),
        (
            "2.6.29",
            "i386",
            {"make-hash-escape", *_STAMPS, *_I386, "perl-defined-array", "i386-pt-regs-alias"},
        ),
        ("2.6.30", "i386", {"make-hash-escape", *_STAMPS, *_I386, "perl-defined-array"}),
        ("2.6.32", "i386", {"make-hash-escape", *_STAMPS, *_I386, "perl-defined-array"}),
        ("2.6.35", "i386", {"make-hash-escape", *_STAMPS, *_I386, "perl-defined-array"}),
    ],
)
def test_what_real_kernels_call_for(
    tmp_path: Path, version: str, arch: str, names: set[str]
) -> None:
    git = ["git", "-C", os.environ["ZPMAINT_KERNEL_GIT"]]
    tag = [*git, "rev-parse", "-q", "--verify", f"refs/tags/v{version}"]
    if subprocess.run(tag, capture_output=True, check=False).returncode:
        pytest.skip(f"the git mirror of ZPMAINT_KERNEL_GIT has no tag v{version}: NOT TESTED")
    archive = subprocess.run(
        [
            *git,
            "archive",
            f"v{version}",
            "Makefile",
            "scripts",
            "kernel",
            "arch",
            "include",
            "usr",
            "fs/proc",
        ],
        capture_output=True,
        check=True,
    )
    wanted = ("Makefile", "scripts/", "usr/", "kernel/timeconst", "arch/i386/kernel", "arch/x86",
              "include/asm-i386/l", "include/asm-x86/l", "include/linux/cpumask",
              "fs/proc/task")  # fmt: skip
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        members = [m for m in tar.getmembers() if m.isfile() and m.name.startswith(wanted)]
        tar.extractall(tmp_path, members, filter="data")
    parsed = KernelVersion.parse(version)
    mended = mend(SourceView(tmp_path), parsed, arch)
    assert set(mended.names) == names
    assert mend(SourceView(tmp_path, mended.files), parsed, arch).names == ()


def _bits(source: str) -> set[int]:
    """The numbers of the calls that work on the frame, out of the table in the assembly."""
    table = source.partition("calls_on_the_frame:\n")[2].partition("#include")[0]
    words = [
        sum(
            1 << (int(n) - int(less or 0))
            for n, less in re.findall(r"1 << \(?(\d+)(?: - (\d+))?", w)
        )
        for line in re.findall(r"\.long (.*)", table)
        for w in line.split(",")
    ]
    assert len(words) == 16
    return {32 * at + bit for at, word in enumerate(words) for bit in range(32) if word >> bit & 1}


@pytest.mark.mirror
@pytest.mark.skipif(not os.environ.get("ZPMAINT_KERNEL_GIT"), reason="ZPMAINT_KERNEL_GIT not set")
@pytest.mark.parametrize("version", ["2.6.20", "2.6.23", "2.6.24", "2.6.29", "2.6.30", "2.6.35"])
def test_the_calls_on_the_frame_are_those_that_need_it(tmp_path: Path, version: str) -> None:
    """By the kernel's own table: each call that takes the whole frame, or (2.6.30 on) its address.
    The others have their arguments copied; the table has room for all of them."""
    old = version < "2.6.24"
    folder = "arch/i386/kernel" if old else "arch/x86/kernel"
    entry, calls = ("entry.S", "syscall_table.S") if old else ("entry_32.S", "syscall_table_32.S")

    def shown(path: str) -> str:
        git = ["git", "-C", os.environ["ZPMAINT_KERNEL_GIT"], "show", f"v{version}:{path}"]
        return subprocess.run(git, capture_output=True, check=True, text=True).stdout

    tree = _tree(tmp_path, {f"{folder}/{entry}": shown(f"{folder}/{entry}")})
    [mended] = mend(tree, KernelVersion.parse(version), "i386").files.values()
    numbered = re.findall(r"^\s*\.long (\w+)", shown(f"{folder}/{calls}"), re.MULTILINE)
    assert len(numbered) < 512
    on_frame = {"fork", "vfork", "clone", "execve", "iopl", "sigaltstack", "sigreturn",
                "rt_sigreturn", "vm86", "vm86old"}  # fmt: skip
    found = {
        number
        for number, name in enumerate(numbered)
        if name.removeprefix("ptregs_").removeprefix("sys_") in on_frame
    }
    assert _bits(mended.decode()) == found
    assert mended.decode().count("btl %eax, calls_on_the_frame") == 2
    # No other call of the table takes the frame.
    assert {name for name in numbered if name.startswith("ptregs_")} <= {
        f"ptregs_{n}" for n in on_frame
    }
    takes = re.compile(r"^asmlinkage \w+ (sys_\w+)\(struct pt_regs regs\)", re.MULTILINE)
    for source in ("process", "vm86", "signal", "ioport"):
        for suffix in ("", "_32"):
            try:
                text = shown(f"{folder}/{source}{suffix}.c")
            except subprocess.CalledProcessError:
                continue
            assert {name.removeprefix("sys_") for name in takes.findall(text)} <= on_frame
