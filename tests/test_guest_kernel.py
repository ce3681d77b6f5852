# SPDX-License-Identifier: GPL-2.0-only
"""The suite on real kernels, and what the judge makes of it. ZPMAINT_TEST_VMLINUX and
ZPMAINT_TEST_BZIMAGE name them (paths, colon-separated): vmlinux-6.12.107-stock, and beside it
vmlinux-6.12.107-patched where there is one."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from zpmaint.build.values import Flavour, Kernel
from zpmaint.core.eras import Era
from zpmaint.core.versions import KernelVersion
from zpmaint.judge.conclude import conclude
from zpmaint.judge.values import Verdict
from zpmaint.judge.verdict import judge
from zpmaint.patchset.values import Flip, Telling
from zpmaint.suites.fault_path.suite import all_cases, all_counters, init_program
from zpmaint.vm.values import Run

SET = Path(__file__).parent.parent / "patches/no-anon-zero-page/patch.toml"


@dataclass(frozen=True)
class Images:
    version: KernelVersion
    kind: str
    stock: Path
    patched: Path | None


def _images() -> list[Images]:
    found = []
    for kind, variable in (
        ("vmlinux", "ZPMAINT_TEST_VMLINUX"),
        ("bzImage", "ZPMAINT_TEST_BZIMAGE"),
    ):
        for name in filter(None, os.environ.get(variable, "").split(":")):
            path = Path(name)
            named = re.fullmatch(r"\w+-(.+)-stock", path.name)
            if named:
                patched = path.with_name(path.name.replace("-stock", "-patched"))
                found.append(
                    Images(
                        KernelVersion.parse(named[1]),
                        kind,
                        path,
                        patched if patched.is_file() else None,
                    )
                )
    return found


IMAGES = _images()

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(
        not IMAGES,
        reason="no -stock kernel to boot: set ZPMAINT_TEST_VMLINUX or ZPMAINT_TEST_BZIMAGE",
    ),
    pytest.mark.parametrize("images", IMAGES, ids=lambda images: str(images.version)),
]


def _era(row: dict[str, Any]) -> Era:
    return Era(
        *(KernelVersion.parse(row[key]) if key in row else None for key in ("since", "until"))
    )


def _booted(images: Images, image: Path, flavour: Flavour, folder: Path, *append: str) -> Run:
    boot: Callable[..., Run] = pytest.importorskip("zpmaint.vm.boot").boot
    initramfs = pytest.importorskip("zpmaint.vm.initramfs")
    program = init_program("x86_64", cache=folder)
    kernel = Kernel(
        images.version, "x86_64", flavour, image, images.kind, "", "", (), "", 0.0, image
    )
    return boot(
        kernel,
        initramfs.pack([initramfs.file("init", program.read_bytes())]),
        console=folder / f"console-{flavour}",
        append=append,
    )


def _judged(images: Images, stock: Run, patched: Run | None, *, adopted: bool) -> Verdict:
    table = tomllib.loads(SET.read_text())
    suite = judge(
        all_cases(),
        [Flip(row["case"], "", row["patched"], row["why"], _era(row)) for row in table["flip"]],
        [
            Telling(_era(row), tuple(row["counters"]), tuple(row.get("silent", ())), row["why"])
            for row in table["telling"]
        ],
        counters=all_counters(),
        adopted=adopted,
        version=images.version,
        stock=stock,
        patched=patched,
    )
    return conclude([suite])


def test_the_pair_passes_and_any_other_pair_does_not(images: Images, tmp_path: Path) -> None:
    # 557ed1fa2620 (2.6.24) to a13ea5b75964 (2.6.32): upstream allocates by itself.
    adopted = images.version in Era(
        KernelVersion.parse("2.6.24-rc1"), KernelVersion.parse("2.6.32-rc1")
    )
    stock = _booted(images, images.stock, Flavour.STOCK, tmp_path)
    patched = _booted(images, images.patched, Flavour.PATCHED, tmp_path) if images.patched else None
    verdict = _judged(images, stock, patched, adopted=adopted)
    print(verdict.why)
    for delta in verdict.deltas:
        print(
            f"{delta.counter:18} {delta.phase:12} {delta.stock:12.1f} "
            f"{'-' if delta.patched is None else format(delta.patched, '.1f'):>12} "
            f"{'TELLS' if delta.telling else ''}"
        )
    assert verdict.passed, verdict.failures
    # The same runs under wrong expectations.
    assert not _judged(images, stock, patched, adopted=not adopted).passed
    assert not adopted or patched is None
    if patched is not None:
        assert not _judged(images, stock, stock, adopted=False).passed
        assert not _judged(images, patched, patched, adopted=False).passed
        assert not _judged(images, patched, stock, adopted=False).passed


def test_the_kernel_command_line_chooses(images: Images, tmp_path: Path) -> None:
    ended = _booted(images, images.stock, Flavour.STOCK, tmp_path, "zp.case=read.z*", "zp.bench=0")
    assert [line for line in ended.results.splitlines() if line.startswith("ok")] == [
        "ok 1 read.zero # observed: ok"
    ]
    assert "bench" not in ended.results
