# SPDX-License-Identifier: GPL-2.0-only
"""The full benchmark on real kernels. ZPMAINT_TEST_VMLINUX and ZPMAINT_TEST_BZIMAGE name them
(paths, colon-separated): vmlinux-6.12.107-stock, and beside it vmlinux-6.12.107-patched."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_guest_kernel import IMAGES, Images

from zpmaint.app.bench import DEADLINE, Asked
from zpmaint.build.values import Flavour, Kernel
from zpmaint.judge import benchmark
from zpmaint.judge.benchmark import Benchmark, compare
from zpmaint.judge.measured import read_measured
from zpmaint.suites.guest.compile import bench_program
from zpmaint.suites.guest.patterns import full_bench
from zpmaint.vm.boot import boot
from zpmaint.vm.initramfs import file, pack
from zpmaint.vm.values import Outcome

PAIRS = [images for images in IMAGES if images.patched]

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        not PAIRS, reason="NOT RUN: no pair: set ZPMAINT_TEST_VMLINUX or ZPMAINT_TEST_BZIMAGE"
    ),
]


def _said(images: Images, image: Path, folder: Path) -> str:
    program = bench_program("x86_64", cache=folder)
    kernel = Kernel(
        images.version, "x86_64", Flavour.STOCK, image, images.kind, "", "", (), "", 0.0, image
    )
    ended = boot(
        kernel,
        pack([file("init", program.read_bytes())]),
        console=folder / "console",
        deadline=DEADLINE,
        append=Asked("*", (256, 1024), True, 1).words,
    )
    assert ended.outcome is Outcome.FINISHED, ended.why
    assert not ended.complaints
    return ended.results


def _judged(images: Images, stock: str, patched: str) -> Benchmark:
    bench = full_bench()

    def kernel(name: str, text: str, private: bool) -> benchmark.Kernel:
        return benchmark.Kernel(name, read_measured(text, bench.pattern), private, True)

    return compare(
        bench, images.version, kernel("stock", stock, False), kernel("patched", patched, True)
    )


@pytest.mark.parametrize("images", PAIRS, ids=lambda images: str(images.version))
def test_a_pair_is_as_it_must_be_and_repeats_to_the_byte(images: Images, tmp_path: Path) -> None:
    assert images.patched
    stock = _said(images, images.stock, tmp_path)
    patched = _said(images, images.patched, tmp_path)
    found = _judged(images, stock, patched)
    assert found.failures == ()
    base = [one for one in found.trades if not one.huge and one.pages == 1024]
    for one in base:
        # It costs to read, and saves to write: somewhere between it pays.
        assert one.faults.pays_from is not None and 20 < one.faults.pays_from < 95
        assert one.even_memory == 100
    # Writes that follow no read are what they were.
    write = next(r for r in found.passes if (r.pattern, r.pages, r.huge) == ("write", 1024, False))
    assert write.cost["patched"] == pytest.approx(write.cost["stock"], rel=0.02)
    # The same under wrong expectations, and once more.
    assert _judged(images, patched, stock).failures
    assert _judged(images, stock, stock).failures
    assert _said(images, images.stock, tmp_path) == stock
