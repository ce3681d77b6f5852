# SPDX-License-Identifier: GPL-2.0-only
"""A sound verification passes under every kind of isolation and says which; QEMU's limits."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_app_verify import Shop, pytestmark, session  # noqa: F401
from vm_fixtures import FakeQemu, kernel

from zpmaint.cell import means as cell_means
from zpmaint.cell.values import Groups, Isolation, Means
from zpmaint.core.errors import InfraError
from zpmaint.vm import qemu
from zpmaint.vm.boot import boot
from zpmaint.vm.values import Outcome


@pytest.mark.parametrize("kind", [str(kind) for kind in Isolation])
def test_a_sound_kernel_passes_and_the_record_says_what_confined(
    session: Shop,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setenv(cell_means.NAME, kind)
    cell_means.means.cache_clear()
    try:
        here = cell_means.means()
    except InfraError as error:
        pytest.skip(f"NOT RUN: {error}")
    finally:
        cell_means.means.cache_clear()
    status, record = session.verify()
    assert (status, record["result"]) == (0, "pass"), record["why"]
    assert record["build"]["confined"] == str(here)
    assert f"confined by: {here}" in session.run("show", "6.12.107")[1]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "vmlinux"
    path.write_bytes(b"\x7fELF")
    return path


def test_a_qemu_that_memory_ended_is_no_fault_of_the_kernels(
    tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if cell_means.means().cgroup is Groups.NONE:
        pytest.skip(f"NOT RUN: needs a writable cgroup: {cell_means.means().cgroup_why}")
    monkeypatch.setattr(qemu, "_OWN_MEMORY", 64 << 20)
    hog = "exec perl -e '$x = q(a) x 500_000_000; sleep 9'"
    FakeQemu(tmp_path / "bin", monkeypatch).does(f'echo "Linux version 6" > "$console"; {hog}')
    run = boot(kernel(image), b"rd", console=tmp_path / "console", memory=16)
    assert run.outcome is Outcome.DIED
    assert run.outcome.is_infrastructure
    assert "SIGKILL (limit of memory of 80 MiB: 1 killed)" in run.why


def test_a_guest_sees_none_of_our_files(
    tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if cell_means.means().isolation is not Isolation.BUBBLEWRAP:
        pytest.skip(f"NOT RUN: needs bubblewrap: {cell_means.means().isolation_why}")
    home = tmp_path / "home"
    home.mkdir()
    (home / "key").write_text("a decoy of a key\n")
    monkeypatch.setenv("HOME", str(home))
    fake = FakeQemu(tmp_path / "bin", monkeypatch)
    fake.does(f'cat {home}/key > "$console"; echo no > {home}/planted; exit 33')
    run = boot(kernel(image), b"rd", console=tmp_path / "console")
    assert "decoy" not in run.console.read_text()
    assert not (home / "planted").exists()


def test_what_would_confine_more_is_said() -> None:
    less = Means(
        Isolation.NONE, Groups.NONE, "bubblewrap: not installed; unshare: no", "not mounted"
    )
    assert "apt-get install bubblewrap" in less.next_steps
    assert str(less).startswith("nothing (bubblewrap: not installed")
    assert Means(Isolation.BUBBLEWRAP, Groups.V2).next_steps == ()


@pytest.mark.parametrize(
    ("mounts", "is_one"),
    [
        ("311 27 0:21 / /proc rw - proc proc rw\n312 27 0:22 / /sys rw - sysfs sysfs rw\n", True),
        ("27 1 254:0 / / rw - ext4 /dev/vda rw\n28 27 0:21 / /proc rw - proc proc rw\n", False),
        ("", False),
    ],
)
def test_in_a_chroot_no_sysctl_helps(mounts: str, is_one: bool) -> None:
    assert cell_means.is_chroot(mounts) is is_one
    here = Means(Isolation.NONE, Groups.V2, "bubblewrap: No permissions", is_chroot=is_one)
    (step,) = here.next_steps
    assert ("chroot" in step, "sysctl" in step) == (is_one, not is_one)
