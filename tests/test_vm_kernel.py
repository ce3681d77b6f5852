# SPDX-License-Identifier: GPL-2.0-only
"""Real kernels, real ends. ZPMAINT_TEST_VMLINUX and ZPMAINT_TEST_BZIMAGE name them (paths,
colon-separated, a version in each name)."""

from __future__ import annotations

from pathlib import Path

import pytest
from vm_fixtures import guest, real_kernels

from zpmaint.build.values import Kernel
from zpmaint.vm import kvm
from zpmaint.vm.boot import boot
from zpmaint.vm.values import Outcome, Run

KERNELS = real_kernels()

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(
        not KERNELS, reason="no kernel to boot: set ZPMAINT_TEST_VMLINUX or ZPMAINT_TEST_BZIMAGE"
    ),
    pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.image.name),
]


def run(kernel: Kernel, name: str, tmp_path: Path, **options: object) -> Run:
    ended = boot(
        kernel,
        guest(name, tmp_path),
        console=tmp_path / "console",
        **options,  # type: ignore[arg-type]
    )
    print(f"{kernel.image.name} {name}: {ended.outcome} in {ended.seconds:.2f} s: {ended.why}")
    return ended


def test_smallest_init(kernel: Kernel, tmp_path: Path) -> None:
    ended = boot(kernel, kvm.probe_initramfs(kernel.arch), console=tmp_path / "console")
    assert (ended.outcome, ended.results) == (Outcome.FINISHED, "# done\n"), ended.why
    assert ended.complaints == ()
    assert f"Linux version {kernel.version}" in ended.console.read_text()


def test_finishes(kernel: Kernel, tmp_path: Path) -> None:
    ended = run(kernel, "finishes", tmp_path)
    assert ended.outcome is Outcome.FINISHED
    assert ended.results == "TAP version 13\nok 1 - alive\n# done\n"
    assert ended.complaints == ()


def test_panics(kernel: Kernel, tmp_path: Path) -> None:
    ended = run(kernel, "panics", tmp_path, deadline=60)
    assert ended.outcome is Outcome.PANIC
    assert "Attempted to kill init" in ended.why
    assert ended.seconds < 59, "the panic did not end the machine"


def test_resets(kernel: Kernel, tmp_path: Path) -> None:
    ended = run(kernel, "resets", tmp_path)
    assert ended.outcome is Outcome.TRIPLE_FAULT
    assert "ok 1 - so far" in ended.why


def test_reboots(kernel: Kernel, tmp_path: Path) -> None:
    assert run(kernel, "reboots", tmp_path).outcome is Outcome.UNFINISHED


def test_quits(kernel: Kernel, tmp_path: Path) -> None:
    assert run(kernel, "quits", tmp_path).outcome is Outcome.UNFINISHED


def test_hangs(kernel: Kernel, tmp_path: Path) -> None:
    ended = run(kernel, "hangs", tmp_path, deadline=8)
    assert ended.outcome is Outcome.HANG
    assert ended.results == "ok 1 - so far\n"
    assert "Linux version" in ended.console.read_text()


def test_no_init(kernel: Kernel, tmp_path: Path) -> None:
    ended = run(kernel, "finishes", tmp_path, append=["rdinit=/none", "root=0"], deadline=60)
    assert ended.outcome is Outcome.PANIC
    assert "not syncing: VFS" in ended.why or "No working init" in ended.why


def test_image_cut_short(kernel: Kernel, tmp_path: Path) -> None:
    """A broken image never looks like a kernel's fault that init could have had, nor finishes."""
    broken = tmp_path / kernel.image.name
    data = bytearray(kernel.image.read_bytes())
    half = len(data) // 2
    data[half : half + 4096] = b"\xff" * 4096
    broken.write_bytes(data[: half + 4096])
    ended = boot(
        Kernel(**{**vars(kernel), "image": broken}),
        kvm.probe_initramfs(kernel.arch),
        console=tmp_path / "console",
        deadline=8,
    )
    print(ended.outcome, ended.why)
    assert ended.outcome is not Outcome.FINISHED


def test_oopses(kernel: Kernel, tmp_path: Path) -> None:
    if not str(kernel.version).startswith("2.6.2"):
        pytest.skip(f"{kernel.version} does not let /dev/mem break it")
    ended = run(kernel, "oopses", tmp_path)
    assert ended.outcome is Outcome.FINISHED
    assert any("ernel BUG at" in line for line in ended.complaints)
    assert any("invalid opcode" in line for line in ended.complaints)


def test_repeats_to_the_instruction(kernel: Kernel, tmp_path: Path) -> None:
    runs = [run(kernel, "counts", tmp_path) for _ in range(10)]
    assert {ended.outcome for ended in runs} == {Outcome.FINISHED}
    assert len({ended.results for ended in runs}) == 1, [ended.results for ended in runs]
    assert all(ended.deterministic for ended in runs)
