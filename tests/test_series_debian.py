# SPDX-License-Identifier: GPL-2.0-only
"""Debian's own queues, PREEMPT_RT included: read and printed, ported, and pushed by quilt.

ZPMAINT_DEBIAN_QUEUES names a folder with source packages of the kernel: *.debian.tar.xz, and for
the ports the *.orig.tar.xz of two kernels of one series. zpmaint's own cache has the latter below
debian/.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from pathlib import Path

import pytest
from series_fixtures import Tree, quilt_push

from zpmaint.app.series import SeriesPort, write_series
from zpmaint.core.text import to_bytes, to_text
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.reader import read_patch
from zpmaint.diffs.series import Series, joined, load_series
from zpmaint.port.series import port_series
from zpmaint.port.values import Fate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

_PLACE = os.environ.get("ZPMAINT_DEBIAN_QUEUES", "")
_QUEUE = re.compile(r"linux(?:-[\d.]+)?_(\d[\d.]*\d)-[^_]*\.debian\.tar\.xz")
_ORIG = re.compile(r"linux_(\d[\d.]*\d)(?:\.[0-9a-f]{12})?\.orig\.tar\.xz")


def _found(form: re.Pattern[str], ending: str) -> dict[KernelVersion, Path]:
    files = sorted(Path(_PLACE).rglob(f"*{ending}")) if _PLACE else []
    return {KernelVersion.parse(m[1]): f for f in files if (m := form.fullmatch(f.name))}


QUEUES = _found(_QUEUE, ".debian.tar.xz")
ORIGS = _found(_ORIG, ".orig.tar.xz")
PAIRS = [
    (one, other)
    for one, other in itertools.pairwise(sorted(ORIGS))
    if one in QUEUES and one.numbers[:2] == other.numbers[:2]
]


def _need(there: object) -> None:
    if not there:
        pytest.skip("NOT RUN: ZPMAINT_DEBIAN_QUEUES names no folder of Debian's kernel packages")


def _unpacked(package: Path, folder: Path) -> Path:
    folder.mkdir()
    subprocess.run(
        ["tar", "-xJf", package, "-C", folder, "--wildcards", "debian/patches*"], check=True
    )
    return folder / "debian"


def _files(archive: Path, paths: tuple[str, ...], folder: Path) -> Tree:
    """The files of a kernel's archive; one that is not in it is left out."""
    folder.mkdir()
    names = folder.with_suffix(".list")
    names.write_text("".join(f"*/{path}\n" for path in paths))
    subprocess.run(
        ["tar", "-xJf", archive, "-C", folder, "--strip-components=1", "--wildcards",
         "--no-wildcards-match-slash", "--anchored", "-T", names],
        check=False, capture_output=True,
    )  # fmt: skip
    return {p: (folder / p).read_bytes() for p in paths if (folder / p).is_file()}


def _queue(debian: Path) -> Series:
    there = [debian / name for name in ("patches", "patches-rt") if (debian / name).is_dir()]
    return joined([load_series(place) for place in there])


def test_every_patch_is_printed_as_it_was_read(tmp_path: Path) -> None:
    _need(QUEUES)
    count = 0
    for version, package in QUEUES.items():
        for file in sorted(_unpacked(package, tmp_path / str(version)).rglob("*.patch")):
            data = file.read_bytes()
            read = read_patch(to_text(data), str(file))
            assert to_bytes(read.text()) == data, file
            assert read.diffs, file
            for part in read.diffs:
                hunks = list(part.parsed) if part.hunks else []
                assert len(hunks) == len(part.hunks)
                lines = sum(line[:1] != "\\" for h in part.hunks for line in h.lines)
                assert sum(h.source_length + h.added for h in hunks) == lines, file
            count += 1
    assert count >= 100


@pytest.mark.parametrize(
    ("since", "until"), PAIRS or [(None, None)], ids=lambda v: str(v) if v else "none"
)
def test_a_queue_goes_onto_the_next_kernel_and_quilt_takes_it(
    since: KernelVersion, until: KernelVersion, tmp_path: Path
) -> None:
    _need(PAIRS)
    series = _queue(_unpacked(QUEUES[since], tmp_path / "queue"))
    base = _files(ORIGS[since], series.paths, tmp_path / "base")
    target = _files(ORIGS[until], series.paths, tmp_path / "target")
    known = {path: base.get(path) for path in series.paths}
    now = {path: target.get(path) for path in series.paths}

    same = list(port_series(series, known, known))
    assert {port.fate for port in same} == {Fate.APPLIES}, [p.name for p in same if not p.goes_in]
    assert not [port.name for port in same if port.off_base]

    ports = list(port_series(series, known, now, keep_going=True))
    out = write_series(SeriesPort(series, until, since, tuple(ports)), tmp_path / "out")
    _, said = quilt_push(out, target, tmp_path / "tree")
    gone_in = sum(port.goes_in for port in ports)
    assert said.count("Applying patch ") == gone_in
    assert not re.findall(r"^Hunk #.*(?:offset|fuzz)", said, re.M)
    # Point releases move little: were most of it a conflict, something would be broken here.
    assert gone_in + sum(port.fate is Fate.UPSTREAM for port in ports) >= 0.9 * len(ports)
