# SPDX-License-Identifier: GPL-2.0-only
"""Pairs of toy kernels, with real make and real gcc."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
from build_fixtures import MAIN, MEMORY, VERSION, Toy, toy

from zpmaint.build.options import BuildOptions
from zpmaint.build.pair import build
from zpmaint.build.values import Flavour, Kernel
from zpmaint.core.errors import InfraError, KernelError, UserError
from zpmaint.core.versions import KernelVersion

__all__ = ["toy"]

PATCHED = {"mm/memory.c": MEMORY.replace(b"return zero_page", b"return 42")}
SLOW = {"mm/memory.c": PATCHED["mm/memory.c"] + b"/* SLOW */\n"}


def _said(kernel: Kernel, word: str) -> list[str]:
    lines = kernel.log.read_text().splitlines()
    return [line.split()[1] for line in lines if line.split()[:1] == [word]]


def test_stock_builds_all_and_patched_only_what_changed(toy: Toy) -> None:
    pair = toy.build(PATCHED)
    assert pair.patched is not None
    assert sorted(_said(pair.stock, "CC")) == ["init/main.o", "mm/memory.o"]
    assert _said(pair.patched, "CC") == ["mm/memory.o"]
    assert _said(pair.patched, "CONF") == []
    assert pair.stock.image.read_bytes() != pair.patched.image.read_bytes()
    assert (pair.stock.image_kind, pair.stock.profile) == ("vmlinux", "modern")
    assert pair.stock.toolchain.startswith("gcc: gcc ")
    assert pair.stock.seconds > 0
    assert pair.stock.inputs != pair.patched.inputs


def test_nothing_is_built_twice(toy: Toy) -> None:
    first = toy.build(PATCHED)
    toy.kept.titles.clear()
    second = toy.build(PATCHED)
    assert toy.kept.titles == []
    assert [k.image for k in second.kernels] == [k.image for k in first.kernels]
    assert [k.seconds for k in second.kernels] == [0.0, 0.0]


def test_another_patch_builds_only_patched_and_leaves_no_trace_of_the_first(toy: Toy) -> None:
    first = toy.build({**PATCHED, "include/linux/mm.h": b"#define M 1\n", "mm/new.c": b"int n;\n"})
    assert (toy.place / "src/mm/new.c").exists()
    other = {"mm/memory.c": MEMORY + b"int more;\n"}
    second = toy.build(other)
    assert second.stock == first.stock.__class__(**{**vars(first.stock), "seconds": 0.0})
    assert not (toy.place / "src/mm/new.c").exists()
    assert (toy.place / "src/include/linux/mm.h").read_bytes() == b""
    fresh = toy.build(other, work=toy.folder / "elsewhere" / "work")
    assert [k.image.read_bytes() for k in fresh.kernels] == [
        k.image.read_bytes() for k in second.kernels
    ]


def test_what_two_patches_share_is_not_compiled_again(toy: Toy) -> None:
    header: dict[str, bytes | None] = {"include/linux/mm.h": b"#define M 1\n"}
    toy.build({**header, **PATCHED})
    second = toy.build({**header, "mm/memory.c": MEMORY + b"int more;\n"})
    assert second.patched is not None
    assert _said(second.patched, "CC") == ["mm/memory.o"]


def test_an_edit_that_keeps_the_size_is_seen(toy: Toy) -> None:
    first = toy.build(None)
    toy.write("init/main.c", MAIN.replace(b"for (;;);", b"while(1);"))
    assert toy.build(None).stock.inputs != first.stock.inputs


def test_a_patch_that_changes_no_code_is_noted(toy: Toy) -> None:
    toy.build(PATCHED)
    assert not toy.kept.notes
    toy.build({"mm/memory.c": MEMORY + b"/* a comment */\n"})
    assert any("byte for byte" in note for note in toy.kept.notes)


def test_a_removed_file_is_removed_and_comes_back(toy: Toy) -> None:
    toy.write("mm/gone.c", "int gone;\n")
    toy.build({**PATCHED, "mm/gone.c": None})
    assert not (toy.place / "src/mm/gone.c").exists()
    toy.build({"mm/memory.c": MEMORY + b"int back;\n"})
    assert (toy.place / "src/mm/gone.c").exists()


def test_the_pristine_tree_is_never_written_to(toy: Toy) -> None:
    toy.write("scripts/mkcompile_h", "echo `whoami`\n")
    before = toy.content()
    pair = toy.build({**PATCHED, "Makefile": toy.content()["Makefile"] + b"# patched\n"})
    assert pair.stock.fixups == ("build-stamp",)
    assert toy.content() == before
    linked, copied = toy.place / "src/init/main.c", toy.place / "src/mm/memory.c"
    assert linked.samefile(toy.tree / "init/main.c")
    assert not copied.samefile(toy.tree / "mm/memory.c")
    assert b"KBUILD_BUILD_USER" in (toy.place / "src/scripts/mkcompile_h").read_bytes()


def test_a_file_that_the_patch_and_a_fixup_both_touch_gets_both(toy: Toy) -> None:
    toy.write("scripts/mkcompile_h", "echo `whoami`\n")
    pair = toy.build({"scripts/mkcompile_h": b"echo mine `whoami`\n"})
    assert pair.patched is not None
    assert pair.patched.fixups == ("build-stamp",)
    mended = (toy.place / "src/scripts/mkcompile_h").read_bytes()
    assert mended == b"echo mine $KBUILD_BUILD_USER\n"


def test_across_file_systems_files_are_copied(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    toy.build(PATCHED)
    assert not (toy.place / "src/init/main.c").samefile(toy.tree / "init/main.c")


def test_stock_alone(toy: Toy) -> None:
    assert toy.build(None).patched is None
    assert toy.build(PATCHED, flavours=(Flavour.STOCK,)).patched is None


def test_equal_inputs_give_equal_images_in_different_folders(toy: Toy) -> None:
    one = toy.build(PATCHED)
    two = toy.build(PATCHED, work=toy.folder / "another" / "place" / "work")
    for left, right in zip(one.kernels, two.kernels, strict=True):
        assert left.inputs == right.inputs
        assert left.image.read_bytes() == right.image.read_bytes()


def test_inputs_change_with_the_tree_the_patch_and_the_callers_name_for_it(toy: Toy) -> None:
    seen = {kernel.inputs for kernel in toy.build(PATCHED).kernels}
    toy.write("init/main.c", toy.content()["init/main.c"] + b"int later;\n")
    edited = toy.build({"mm/memory.c": MEMORY + b"int other;\n"})
    seen |= {kernel.inputs for kernel in edited.kernels}
    assert (toy.place / "src/init/main.c").read_bytes().endswith(b"int later;\n")
    assert sorted(_said(edited.stock, "CC")) == ["init/main.o", "mm/memory.o"]
    seen |= {kernel.inputs for kernel in toy.build(PATCHED, source_id="v6.12.107").kernels}
    assert len(seen) == 6


def test_two_versions_share_no_inputs(toy: Toy) -> None:
    """Files of the same sizes and times are no sign of the same release."""
    first = toy.build(None, flavours=(Flavour.STOCK,))
    second = toy.build(None, flavours=(Flavour.STOCK,), version=KernelVersion.parse("6.12.108"))
    assert first.stock.inputs != second.stock.inputs


def test_a_new_compiler_starts_from_no_objects(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    first = toy.build(None)
    monkeypatch.setattr("zpmaint.build.toolchains.version_line", lambda program: f"{program} 99")
    second = toy.build(None)
    assert first.stock.inputs != second.stock.inputs
    assert sorted(_said(second.stock, "CC")) == ["init/main.o", "mm/memory.o"]


def test_the_callers_environment_does_not_leak_in(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEFLAGS", "-n")  # would make make only print
    monkeypatch.setenv("KCONFIG_ALLCONFIG", "/nowhere")
    assert toy.build(None).stock.image.is_file()


def test_progress_counts_towards_what_the_last_build_took(toy: Toy) -> None:
    toy.build(PATCHED)
    toy.kept.advances.clear()
    toy.build({"mm/memory.c": MEMORY + b"int p;\n"})
    assert toy.kept.advances[-1] == (2, 2)


# Failures: whose fault, and which line says so.


def test_a_compile_error_is_the_kernels_and_names_flavour_file_and_line(toy: Toy) -> None:
    with pytest.raises(KernelError) as caught:
        toy.build({"mm/memory.c": MEMORY + b"int broken(\n"})
    assert "patched 6.12.107" in caught.value.what
    assert "mm/memory.c:3:" in caught.value.what
    assert "error:" in caught.value.what
    log = Path(caught.value.hint.removeprefix("log: "))
    assert "int broken(" in log.read_text()
    assert toy.build(PATCHED).stock.seconds == 0.0  # stock was not lost


def test_a_link_failure_names_the_symbol(toy: Toy) -> None:
    broken = b"int lost(void);\nint handle_mm_fault(void) { return lost(); }\n"
    with pytest.raises(KernelError, match=r"undefined reference to .lost"):
        toy.build({"mm/memory.c": broken})


def test_an_image_of_a_failed_build_is_never_kept(toy: Toy) -> None:
    toy.build(None)
    broken: dict[str, bytes | None] = {"mm/memory.c": b"#error no\n"}
    for _ in range(2):
        with pytest.raises(KernelError):
            toy.build(broken)
    assert [p.name[:5] for p in (toy.place / "images").glob("[!.]*")] == ["stock"]


def test_missing_make_is_infrastructure(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(toy.folder))
    with pytest.raises(InfraError, match="make"):
        toy.build(None)


@pytest.mark.parametrize(
    ("says", "what"),
    [
        ("mm/memory.c:1: fatal error: error writing to /tmp/x.s: No space left on device", "space"),
        ("gcc: fatal error: Killed signal terminated program cc1", "Killed"),
        ("mm/memory.c:1:1: internal compiler error: Segmentation fault", "internal compiler"),
    ],
)
def test_what_the_surroundings_did_is_not_the_kernels_fault(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, says: str, what: str
) -> None:
    shim = toy.folder / "bin" / "gcc"
    shim.parent.mkdir()
    shim.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec echo gcc 1\necho "{says}" >&2\nexit 1\n'
    )
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("CCACHE_DISABLE", "1")
    monkeypatch.setattr("zpmaint.build.toolchains.version_line", lambda program: f"{program} 1")
    with pytest.raises(InfraError, match=what):
        toy.build(None)


def test_a_full_disk_is_infrastructure(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/cache/vmlinux")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(InfraError, match="disk full: /cache/vmlinux"):
        toy.build(None)


def test_what_is_not_a_kernel_tree_is_the_users(toy: Toy, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a kernel tree"):
        build(VERSION, tmp_path, BuildOptions(), None, work=toy.work)


def test_a_tree_that_was_built_in_is_refused(toy: Toy) -> None:
    toy.write(".config", "")
    with pytest.raises(UserError, match="built in this tree"):
        toy.build(None)


# kconfig must not refuse unnoticed.


def test_a_refused_required_symbol_is_an_error(toy: Toy) -> None:
    toy.write("Kconfig", toy.content()["Kconfig"].decode() + "\trefuses KSM\n")
    with pytest.raises(KernelError, match="kconfig refuses CONFIG_KSM=y became n"):
        toy.build(None)


def test_another_refused_symbol_is_a_note(toy: Toy) -> None:
    toy.write("Kconfig", toy.content()["Kconfig"].decode() + "\trefuses KERNEL_LZ4\n")
    kernel = toy.build(None).stock
    assert any("CONFIG_KERNEL_LZ4=y became n" in note for note in toy.kept.notes)
    assert "refused: CONFIG_KERNEL_LZ4=y became n" in kernel.log.read_text()


def test_a_patch_to_kconfig_configures_again(toy: Toy) -> None:
    kconfig = toy.content()["Kconfig"]
    pair = toy.build({"Kconfig": kconfig + b"config SWAP\n\tbool\n"})
    assert pair.patched is not None
    assert _said(pair.patched, "CONF") == ["allnoconfig"]
    assert "CONFIG_SWAP=y" in (toy.place / "obj/.config").read_text()


# Killed at any moment.


def _build_in_child(toy: Toy, patched: dict[str, bytes | None]) -> multiprocessing.Process:
    child = multiprocessing.get_context("fork").Process(target=toy.build, args=(patched,))
    child.start()
    return child


def _until(path: Path) -> None:
    deadline = time.monotonic() + 120
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.01)


def _kill(child: multiprocessing.Process, toy: Toy) -> None:
    """Kill a build, once the slow object is being made; its make dies with it."""
    _until(toy.pid)
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    child.join()


def test_killed_in_the_middle_of_patched_the_next_run_is_sane(toy: Toy) -> None:
    toy.build(None)
    child = _build_in_child(toy, SLOW)
    _kill(child, toy)
    half = toy.place / "obj/mm/memory.o"
    assert half.read_bytes() == b"half"  # and newer than its source: make would link it
    toy.fast.touch()
    pair = toy.build(SLOW)
    assert pair.patched is not None
    assert any("killed" in note for note in toy.kept.notes)
    assert pair.patched.image.read_bytes().startswith(b"\x7fELF")
    assert _said(pair.patched, "CC") == ["mm/memory.o"]  # and main.o was kept


def test_killed_in_patched_and_asked_for_stock_again(toy: Toy) -> None:
    child = _build_in_child(toy, SLOW)
    _kill(child, toy)
    toy.fast.touch()
    kept = toy.build(None).stock
    kept.image.unlink()  # so that it has to be made from a tree in which the patch lies
    again = toy.build(None).stock
    clean = toy.build(None, work=toy.folder / "clean" / "work").stock
    assert again.image.read_bytes() == clean.image.read_bytes()


def test_a_make_dies_with_its_parent_and_holds_no_lock(toy: Toy) -> None:
    toy.build(None)
    _kill(_build_in_child(toy, SLOW), toy)
    # The slow object waits for what never comes: a make that lived on would keep the folder.
    second = _build_in_child(toy, PATCHED)
    second.join(30)
    assert second.exitcode == 0
    want = toy.build(PATCHED, work=toy.folder / "clean" / "work")
    assert toy.build(PATCHED).kernels[1].image.read_bytes() == want.kernels[1].image.read_bytes()


def test_killed_while_the_sources_are_linked(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.link, []

    def dies(*args: str, **named: bool) -> None:
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(*args, **named)

    monkeypatch.setattr(os, "link", dies)
    with pytest.raises(KeyboardInterrupt):
        toy.build(None)
    monkeypatch.setattr(os, "link", real)
    assert toy.build(None).stock.image.is_file()


def test_a_clock_that_went_back_does_not_hide_a_change(toy: Toy) -> None:
    toy.build(None)
    ahead = time.time() + 3600
    for path in [toy.place / "made", *(toy.place / "obj").rglob("*")]:
        os.utime(path, (ahead, ahead))  # as if stock had been built in the future
    pair = toy.build(PATCHED)
    assert pair.patched is not None
    assert pair.stock.image.read_bytes() != pair.patched.image.read_bytes()
