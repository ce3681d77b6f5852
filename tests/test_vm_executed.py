# SPDX-License-Identifier: GPL-2.0-only
"""Which code of a guest runs, by case: what QEMU writes, and QEMU itself with a kernel of ours."""

from __future__ import annotations

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vm_fixtures import GUESTS, FakeQemu, kernel

from zpmaint.vm.boot import boot
from zpmaint.vm.executed import Reader, Watch
from zpmaint.vm.profiles import packaged
from zpmaint.vm.values import Outcome


def block(pc: int, host: int = 0x7F0000001000) -> str:
    return f"Trace 0: {host:#x} [0000000000000000/{pc:016x}/0040c0b0/ff000000] do_anonymous_page\n"


def sent(text: str) -> str:
    return "".join(f"serial_write write addr 0x00 val {ord(sign):#04x}\n" for sign in text)


STREAM = (
    block(0x10)
    + sent("Linux version\n[    0.2] zpmaint: case read.zero\r\n")
    + block(0x10)
    + block(0x20)
    + block(0x20)
    + "serial_write write addr 0x01 val 0x0a\n"  # not the data register
    + "Stopped execution of TB chain before 0x7f0000001000 [0000000000000030] f\n"
    + sent("zpmaint: case cow\n")
    + block(0x20, host=0x7F0000002000)
    + sent("zpmaint: end of the cases\n")
    + block(0x40)
)
SENT = packaged().board_of("x86_64").sent_bytes
REACHED = {"": {0x10, 0x40}, "read.zero": {0x10, 0x20}, "cow": {0x20}}


def test_blocks_belong_to_the_case_that_the_console_named_last() -> None:
    watch = Watch([(0, 0x100)])
    Reader(watch, SENT).feed(STREAM.encode())
    assert watch.reached == REACHED


@given(st.lists(st.integers(1, len(STREAM) - 1), max_size=8))
def test_the_stream_may_come_in_any_pieces(cuts: list[int]) -> None:
    watch = Watch([(0, 0x100)])
    reader = Reader(watch, SENT)
    places = [0, *sorted(cuts), len(STREAM)]
    for start, end in pairwise(places):
        reader.feed(STREAM[start:end].encode())
    assert watch.reached == REACHED


def test_the_console_may_send_anything() -> None:
    """No end of a line, bytes that are no text, a line of QEMU's own look."""
    watch = Watch([(0, 0x100)])
    reader = Reader(watch, SENT)
    reader.feed((sent("Trace 0: 0x1 [0/50/0/0] f\n") + sent("x" * 9000)).encode())
    reader.feed(b"serial_write write addr 0x00 val 0xff\n\xff\xfe\n" + sent("\n").encode())
    reader.feed(sent("zpmaint: case cow\n").encode() + block(0x20).encode())
    assert watch.reached == {"": set(), "cow": {0x20}}


def test_no_range_is_no_watch() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Watch([])


def test_ranges_are_told_to_qemu() -> None:
    words = Watch([(0xFFFFFFFF81000010, 0xFFFFFFFF81000010), (0x20, 0x2F)]).words(
        "/dev/fd/9", "serial_write"
    )
    assert words[words.index("-dfilter") + 1] == "0xffffffff81000010..0xffffffff81000010,0x20..0x2f"
    assert words[words.index("-D") + 1] == "/dev/fd/9"


def test_what_a_guest_wrote_is_whole_when_its_boot_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeQemu(tmp_path / "bin", monkeypatch).does(
        "echo 'Linux version 6' > $console\n"
        "for word in $words; do [ $last = -D ] && told=$word; last=$word; done\n"
        f"printf '%s' '{STREAM}' > $told\nprintf '# done\\n' > $results\nexit 33"
    )
    image = tmp_path / "vmlinux"
    image.write_bytes(b"")
    watch = Watch([(0, 0x100)])
    run = boot(kernel(image), b"", console=tmp_path / "console", watch=watch)
    assert run.outcome is Outcome.FINISHED, run.why
    assert watch.reached == REACHED
    assert run.command[-1] == "executed.log"


@pytest.fixture(scope="module")
def marks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("qemu-system-x86_64"):
        pytest.skip("NOT RUN: needs qemu-system-x86_64")
    folder = tmp_path_factory.mktemp("marks")
    made, image = folder / "marks.o", folder / "vmlinux"
    subprocess.run(["as", "--32", "-o", made, GUESTS / "marks.S"], check=True)
    linking = ["-m", "elf_i386", "-Ttext=0x100000", "-n", "-o"]
    subprocess.run(["ld", *linking, image, made], check=True)
    return image


def addresses(image: Path) -> dict[str, int]:
    said = subprocess.run(["nm", image], capture_output=True, text=True, check=True).stdout
    return {name: int(at, 16) for at, _, name in map(str.split, said.splitlines())}


def test_a_real_qemu_tells_what_runs_in_each_case(marks: Path, tmp_path: Path) -> None:
    at = addresses(marks)
    first, second, third = at["first"], at["second"], at["third"]
    watch = Watch([(first, first), (second, second), (third, third)])
    run = boot(kernel(marks), b"", console=tmp_path / "console", watch=watch)
    assert run.outcome is Outcome.FINISHED, run.why
    assert watch.reached == {"": {first}, "read.zero": {second}, "cow": {first}}
    plain = boot(kernel(marks), b"", console=tmp_path / "plain")
    assert plain.results == run.results
    assert plain.console.read_bytes() == run.console.read_bytes()
