# SPDX-License-Identifier: GPL-2.0-only
"""Booting, with a script in QEMU's place: what starts, what dies, what is left behind."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from vm_fixtures import FakeQemu, kernel, running

from zpmaint.build.values import Kernel
from zpmaint.core.errors import InfraError, UserError
from zpmaint.vm import kvm, qemu
from zpmaint.vm.boot import boot
from zpmaint.vm.profiles import Accelerator
from zpmaint.vm.values import Outcome

FINISH = r"""
printf 'Linux version 6.12.107\r\n' > "$console"
printf 'ok 1\n# done\n' > "$results"
exit 33
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeQemu:
    return FakeQemu(tmp_path / "bin", monkeypatch)


@pytest.fixture
def image(tmp_path: Path) -> Kernel:
    (tmp_path / "vmlinux").write_bytes(b"\x7fELF")
    return kernel(tmp_path / "vmlinux")


class Listener:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []

    @contextmanager
    def step(self, title: str, unit: str = "") -> Iterator[Listener]:
        self.said.append(title)
        yield self

    def advance(self, done: float, total: float | None = None) -> None: ...

    def note(self, text: str) -> None:
        self.said.append(text)


def waited_for(condition: object, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def test_finished(fake: FakeQemu, image: Kernel, tmp_path: Path) -> None:
    fake.does(FINISH)
    listener = Listener()
    run = boot(image, b"rd", console=tmp_path / "new" / "console", reporter=listener)
    assert run.outcome is Outcome.FINISHED
    assert run.results == "ok 1\n# done\n"
    assert run.console.read_bytes() == b"Linux version 6.12.107\r\n"
    assert run.deterministic and run.accelerator == "tcg,icount"
    assert listener.said == ["boot 6.12.107 x86_64 stock"]


def test_a_guest_that_dies_is_told(fake: FakeQemu, image: Kernel, tmp_path: Path) -> None:
    fake.does("""echo "Kernel panic - not syncing: no init" > "$console"; exit 0""")
    listener = Listener()
    run = boot(image, b"rd", console=tmp_path / "console", reporter=listener)
    assert run.outcome is Outcome.PANIC
    assert listener.said[1] == "panic: Kernel panic - not syncing: no init"


def test_complaints_of_a_finished_guest(fake: FakeQemu, image: Kernel, tmp_path: Path) -> None:
    fake.does(FINISH.replace("exit", """echo "BUG: Bad rss-counter state" >> "$console"\nexit"""))
    run = boot(image, b"rd", console=tmp_path / "console")
    assert run.outcome is Outcome.FINISHED
    assert run.complaints == ("BUG: Bad rss-counter state",)


def test_initramfs_as_bytes_and_as_a_file(fake: FakeQemu, image: Kernel, tmp_path: Path) -> None:
    fake.does("""cat "$initrd" > "$results"; exit 33""")
    large = b"x" * 300_000 + b"\n# done\n"
    (tmp_path / "rd").write_bytes(large)
    as_bytes = boot(image, large, console=tmp_path / "a")
    as_file = boot(image, tmp_path / "rd", console=tmp_path / "b")
    assert as_bytes.results == as_file.results == large.decode()
    assert as_file.command[as_file.command.index("-initrd") + 1] == str(tmp_path / "rd")


def test_command_can_be_pasted_and_overwrites_nothing(
    fake: FakeQemu, image: Kernel, tmp_path: Path
) -> None:
    fake.does(FINISH)
    run = boot(image, b"rd", console=tmp_path / "console")
    assert run.command[0] == "qemu-system-x86_64"
    assert str(run.console) not in " ".join(run.command)
    assert "/dev/fd/" not in " ".join(run.command)


def test_an_old_console_is_not_taken_for_this_one(
    fake: FakeQemu, image: Kernel, tmp_path: Path
) -> None:
    (tmp_path / "console").write_text("Kernel panic - not syncing: yesterday\n")
    fake.does("exit 0")
    run = boot(image, b"rd", console=tmp_path / "console")
    assert run.outcome is Outcome.TRIPLE_FAULT


# --- QEMU's own failures ------------------------------------------------------------------


def test_not_started_says_what_qemu_said(fake: FakeQemu, image: Kernel, tmp_path: Path) -> None:
    fake.does("echo 'qemu: could not open kernel file' >&2; exit 1")
    run = boot(image, b"rd", console=tmp_path / "console")
    assert run.outcome is Outcome.NOT_STARTED
    assert run.outcome.is_infrastructure
    assert "could not open kernel file" in run.why
    assert run.console.read_text() == ""


def test_not_started_without_qemu(
    image: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    run = boot(image, b"rd", console=tmp_path / "console")
    assert run.outcome is Outcome.NOT_STARTED
    assert "not installed: qemu-system-x86_64" in run.why
    assert "apt-get install qemu-system-x86" in run.why


@pytest.mark.parametrize("signal_", ["KILL", "SEGV"])
def test_died(fake: FakeQemu, image: Kernel, tmp_path: Path, signal_: str) -> None:
    fake.does(f"""echo "Linux version 6" > "$console"; kill -{signal_} $$""")
    run = boot(image, b"rd", console=tmp_path / "console")
    assert run.outcome is Outcome.DIED
    assert f"SIG{signal_}" in run.why and "Linux version 6" in run.why


# --- the deadline -------------------------------------------------------------------------


def test_hang_is_stopped_and_its_console_kept(
    fake: FakeQemu, image: Kernel, tmp_path: Path
) -> None:
    fake.does("""echo "Run /init" > "$console"; sleep 60.1234 & wait""")
    start = time.monotonic()
    run = boot(image, b"rd", console=tmp_path / "console", deadline=0.5)
    assert time.monotonic() - start < 50, "sooner than the guest, which sleeps for 60 s"
    assert run.outcome is Outcome.HANG
    assert "no end within " in run.why and "Run /init" in run.why
    assert run.console.read_text() == "Run /init\n"
    assert not running("sleep 60.1234")
    assert not running(f"{fake.folder}/qemu")


def test_a_guest_that_the_host_lets_wait_is_not_hung(
    fake: FakeQemu, image: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.does(FINISH.replace("exit 33", "sleep 1.5; exit 33"))
    monkeypatch.setattr(qemu, "_queued_seconds", lambda pid: 0.0)
    late = boot(image, b"rd", console=tmp_path / "console", deadline=0.1)
    assert late.outcome is Outcome.HANG
    monkeypatch.setattr(qemu, "_queued_seconds", lambda pid: 60.0)
    assert boot(image, b"rd", console=tmp_path / "console", deadline=0.1).outcome is (
        Outcome.FINISHED
    )


def test_waiting_for_a_cpu_is_measured() -> None:
    """Two that never sleep, on one CPU: each waits for half of the time."""
    cpu = min(os.sched_getaffinity(0))
    spin = f"import os; os.sched_setaffinity(0, {{{cpu}}})\nwhile True: pass"
    both = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(2)]
    try:
        assert waited_for(lambda: min(qemu._queued_seconds(one.pid) for one in both) > 0.2)
    finally:
        for one in both:
            one.kill()
            one.wait()


def test_hang_takes_the_whole_process_group(fake: FakeQemu, image: Kernel, tmp_path: Path) -> None:
    fake.does("sleep 60.2345 & wait")
    run = boot(image, b"rd", console=tmp_path / "console", deadline=0.5)
    assert run.outcome is Outcome.HANG
    assert waited_for(lambda: not running("sleep 60.2345"))


def test_panic_that_hangs_is_a_panic(fake: FakeQemu, image: Kernel, tmp_path: Path) -> None:
    fake.does("""echo "Kernel panic - not syncing: dead" > "$console"; sleep 60""")
    run = boot(image, b"rd", console=tmp_path / "console", deadline=0.5)
    assert run.outcome is Outcome.PANIC


def test_flood_is_stopped(
    fake: FakeQemu, image: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qemu, "FLOOD", 1 << 20)
    fake.does("""yes | head -c 5000000 > "$results"; echo "the end" >> "$results"; sleep 60""")
    run = boot(image, b"rd", console=tmp_path / "console", deadline=30)
    assert run.outcome is Outcome.HANG
    assert "stopped after 1 MiB of output" in run.why and "the end" in run.why
    assert len(run.results) < 3 << 20
    assert run.seconds < 10


# --- nothing outlives us ------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_qemu_dies_with_us(fake: FakeQemu, image: Kernel, tmp_path: Path, how: int) -> None:
    fake.does("""echo "Run /init" > "$console"; sleep 60.3456; exit""")
    program = (
        "import sys; from pathlib import Path; from vm_fixtures import kernel;"
        "from zpmaint.vm.boot import boot;"
        f"boot(kernel(Path({str(image.image)!r})), b'rd', console=Path({str(tmp_path)!r})/'con')"
    )
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    ours = subprocess.Popen(
        [sys.executable, "-c", program],
        env={
            **os.environ,
            "PYTHONPATH": f"{Path(__file__).parent.parent}:{Path(__file__).parent}",
            "TMPDIR": str(temporary),
        },
        stderr=subprocess.DEVNULL,
    )
    try:
        assert waited_for(lambda: running("sleep 60.3456"))
        ours.send_signal(how)
        ours.wait(10)
        assert waited_for(lambda: not running("sleep 60.3456")), "QEMU outlived us"
        assert waited_for(lambda: not running(f"{fake.folder}/qemu"))
    finally:
        ours.kill()
        ours.wait()
    assert (tmp_path / "con").read_text() == "Run /init\n"
    assert not list(temporary.iterdir())


def test_several_at_once_from_threads(fake: FakeQemu, image: Kernel, tmp_path: Path) -> None:
    fake.does("""cat "$initrd" > "$results"; sleep 0.2; exit 33""")
    runs = {}

    def one(number: int) -> None:
        runs[number] = boot(image, b"%d\n# done\n" % number, console=tmp_path / f"c{number}")

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: run.results for n, run in runs.items()} == {n: f"{n}\n# done\n" for n in range(6)}


def test_no_descriptor_is_left_open(fake: FakeQemu, image: Kernel, tmp_path: Path) -> None:
    fake.does(FINISH)
    boot(image, b"rd", console=tmp_path / "console")
    gc.collect()  # what the tests before this one left is closed now, and not on the way
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        boot(image, b"rd", console=tmp_path / "console")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# --- what is the user's or the surroundings' fault ----------------------------------------


def test_unknown_accelerator(image: Kernel, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no accelerator 'xen'.*auto, tcg, kvm"):
        Accelerator.asked_for("xen")


def test_console_that_cannot_be_kept(fake: FakeQemu, image: Kernel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InfraError, match="cannot keep the console there"):
        boot(image, b"rd", console=tmp_path / "file" / "console")


def test_plain_tcg_is_not_called_deterministic(
    fake: FakeQemu, image: Kernel, tmp_path: Path
) -> None:
    fake.does(FINISH)
    run = boot(image, b"rd", console=tmp_path / "console", accelerator=Accelerator.TCG)
    assert (run.accelerator, run.deterministic) == ("tcg", False)
    assert "-icount" not in run.command


# --- KVM ----------------------------------------------------------------------------------


@pytest.fixture
def kvm_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kvm").write_text("")
    monkeypatch.setattr(kvm, "_DEVICE", tmp_path / "kvm")
    monkeypatch.setattr(kvm, "_answers", {})
    monkeypatch.setattr(kvm, "DEADLINE", 0.5)


def counted(fake: FakeQemu, body: str) -> Path:
    count = fake.notes / "count"
    fake.does(f"echo x >> {count}\n{body}")
    return count


@pytest.mark.usefixtures("kvm_device")
@pytest.mark.parametrize("keep", [True, False])
def test_kvm_that_hangs_is_refused_once(
    fake: FakeQemu, image: Kernel, tmp_path: Path, keep: bool
) -> None:
    count = counted(fake, "sleep 60")
    for _ in range(2):
        with pytest.raises(InfraError, match="KVM does not boot a kernel here: hang: no end"):
            boot(
                image,
                b"rd",
                console=tmp_path / "console",
                accelerator=Accelerator.KVM,
                cache=tmp_path / "cache" if keep else None,
            )
    assert count.read_text() == "x\n"
    assert not (tmp_path / "console").exists()


@pytest.mark.usefixtures("kvm_device")
def test_kvm_that_works_is_used(fake: FakeQemu, image: Kernel, tmp_path: Path) -> None:
    count = counted(fake, FINISH)
    for boots in (2, 3):  # the first time a probe comes before
        run = boot(
            image,
            b"rd",
            console=tmp_path / "c",
            accelerator=Accelerator.KVM,
            cache=tmp_path / "cache",
        )
        assert run.outcome is Outcome.FINISHED
        assert (run.accelerator, run.deterministic) == ("kvm", False)
        assert count.read_text() == "x\n" * boots


@pytest.mark.usefixtures("kvm_device")
def test_another_host_boot_asks_again(
    fake: FakeQemu, image: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = counted(fake, "sleep 60")
    for boot_id in ("monday", "tuesday"):
        (tmp_path / "boot_id").write_text(boot_id)
        monkeypatch.setattr(kvm, "_BOOT_ID", tmp_path / "boot_id")
        with pytest.raises(InfraError):
            boot(
                image,
                b"rd",
                console=tmp_path / "c",
                accelerator=Accelerator.KVM,
                cache=tmp_path / "cache",
            )
    assert count.read_text() == "x\nx\n"


def test_without_a_device_there_is_no_probe(
    fake: FakeQemu, image: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kvm, "_DEVICE", tmp_path / "none")
    count = counted(fake, FINISH)
    with pytest.raises(InfraError, match="missing or not ours to open"):
        boot(image, b"rd", console=tmp_path / "console", accelerator=Accelerator.KVM)
    assert not count.exists()


@pytest.mark.usefixtures("kvm_device")
def test_auto_never_asks_for_kvm(fake: FakeQemu, image: Kernel, tmp_path: Path) -> None:
    count = counted(fake, FINISH)
    run = boot(image, b"rd", console=tmp_path / "console")
    assert run.accelerator == "tcg,icount"
    assert count.read_text() == "x\n"
    assert run.command[run.command.index("-accel") + 1] == "tcg"


def test_a_spinning_guest_is_stopped_by_its_cpu_time(
    fake: FakeQemu, image: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before the wall's clock runs out, which waits for guests on a busy host."""
    monkeypatch.setattr(qemu, "PATIENCE", 1000)
    fake.does("while :; do :; done")
    run = boot(image, b"rd", console=tmp_path / "console", deadline=0.5)
    assert run.outcome is Outcome.HANG
    assert run.seconds < 60
