# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint bench` on a toy: a real project, make and ledger; a script in QEMU's place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from bench_fixtures import Guest
from test_app_verify import Shop

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("make", "gcc", "musl-gcc", "setpriv")),
    reason="NOT RUN: needs make, gcc, musl-gcc and setpriv (zpmaint doctor)",
)

SIZES = (256, 1024, 4096, 16384, 32768, 131072)

_BOOTS = """
case $words in --version) echo 'QEMU emulator version 0'; exit 0;; esac
case $words in *zp.patterns=*) ;; *) printf '# done\\n' > "$results"; exit 33;; esac
printf 'Linux version 6.12.107\\n' > "$console"
echo "$words" >> "{folder}/notes/boots"
case $words in *patched*) flavour=patched;; *) flavour=stock;; esac
[ -f "{folder}/$flavour.sh" ] && . "{folder}/$flavour.sh"
cp "{folder}/$flavour.bench" "$results"
exit 33
"""


class Bench(Shop):
    """A project whose fake machine answers with full benchmarks."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, monkeypatch)
        self.qemu.does(_BOOTS.format(folder=folder))
        self.answers(Guest(False), Guest(True))

    def answers(self, stock: Guest, patched: Guest, *, huge: bool = False) -> None:
        for name, guest in (("stock", stock), ("patched", patched)):
            report = guest.report(pages=SIZES, huge=huge)
            (self.folder / f"{name}.bench").write_text(report)

    @property
    def boots(self) -> list[str]:
        log = self.folder / "notes" / "boots"
        return log.read_text().splitlines() if log.is_file() else []

    def bench(self, *words: str) -> tuple[int, dict[str, Any]]:
        status, out, err = self.run("bench", "6.12.107", "--json", *words)
        assert out, err
        found: dict[str, Any] = json.loads(out)
        return status, found


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_two_boots_and_then_none(session: Bench) -> None:
    status, found = session.bench()
    assert (status, found["failures"]) == (0, [])
    assert found["trades"][0]["faults"]["pays_from"] == pytest.approx(58.5417, abs=1e-3)
    assert len(session.boots) == 2
    assert "zp.pages=256,1024,4096,16384,32768,131072 zp.huge=0 zp.runs=1" in session.boots[0]
    assert "-icount shift=0,sleep=off" in session.boots[0]
    assert session.bench() == (0, found)
    assert len(session.boots) == 2
    # Other sizes are another benchmark.
    session.bench("--size", "4M,16M")
    assert len(session.boots) == 4 and "zp.pages=1024,4096 " in session.boots[3]


def test_json_has_the_same_bytes_measured_known_and_measured_again(session: Bench) -> None:
    outs = [session.run("bench", "6.12.107", "--json", *more)[1] for more in ((), (), ("--again",))]
    assert outs[0] == outs[1] == outs[2]
    assert len(session.boots) == 4
    for word in (str(session.folder), "seconds", "20:", "finished"):
        assert word not in outs[0]


def test_a_repetition_that_differs_is_an_error_and_not_kept(session: Bench) -> None:
    session.bench()
    session.answers(Guest(False, maps=901), Guest(True))
    status, out, err = session.run("bench", "6.12.107", "--again", "--json")
    assert status == 3 and not out
    assert "6.12.107 does not repeat: stock: '# measured pattern=read " in err
    assert session.bench()[1]["passes"][0]["cost"]["stock"] == 900.0


def test_a_kernel_that_does_not_do_as_it_must_fails_and_is_kept(session: Bench) -> None:
    session.answers(Guest(False), Guest(False))
    status, found = session.bench()
    assert status == 1
    assert any(line.startswith("patched: read") for line in found["failures"])
    assert session.bench() == (1, found) and len(session.boots) == 2
    assert "against it: patched: read" in session.run("bench", "6.12.107")[1]


def test_a_guest_that_measured_less_than_it_was_asked_for_fails(session: Bench) -> None:
    lines = (session.folder / "patched.bench").read_text().split("\n")
    (session.folder / "patched.bench").write_text("\n".join([*lines[:3], "# done"]) + "\n")
    status, out, _ = session.run("bench", "6.12.107", "--size", "16M")
    assert status == 1 and "900.0" in out
    assert "patched: read (100%, 4096 pages) was not measured, and no reason given" in out


@pytest.mark.parametrize(
    ("shell", "status", "says"),
    [
        ("""echo 'Kernel panic - not syncing: oh' >> "$console"; exit 0""", 1, "panic"),
        ("""echo 'BUG: Bad page map' >> "$console" """, 1, "BUG: Bad page map"),
        ("kill -KILL $$", 3, "the machine failed"),
    ],
)
def test_a_guest_that_ends_badly_is_told_and_not_kept(
    session: Bench, shell: str, status: int, says: str
) -> None:
    (session.folder / "patched.sh").write_text(shell)
    ended, out, err = session.run("bench", "6.12.107", "--json")
    assert (ended, out) == (status, "") and says in err
    (session.folder / "patched.sh").unlink()
    assert session.bench()[0] == 0


def test_another_kernel_than_the_one_asked_for_is_seen(session: Bench) -> None:
    session.answers(Guest(False, release="6.12.106"), Guest(True))
    status, found = session.bench()
    assert status == 1
    assert "stock: the kernel that ran is 6.12.106, not 6.12.107" in found["failures"]


def test_people_get_tables_a_reading_and_pictures(session: Bench) -> None:
    picture = session.folder / "one.svg"
    session.answers(Guest(False), Guest(True), huge=True)
    status, out, _ = session.run("bench", "6.12.107", "--thp", "--svg", str(picture))
    assert status == 0
    assert "the patch pays from 58.5% on" in out and "from 64.5% on" in out
    assert "huge pages" in out and picture.read_text().startswith("<svg")
    status, out, _ = session.run("bench", "--table", "--svg", str(session.folder / "all.svg"))
    assert status == 0 and "| 6.12.107 | x86_64 |" in out
    assert "6.12.107" in (session.folder / "all.svg").read_text()
    status, out, _ = session.run("publish", "--out", str(session.folder / "site"))
    assert status == 0 and (session.folder / "site/toy/bench.svg").is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "which kernel?"),
        (("--table",), "no benchmark of toy yet"),
        (("6.12.107", "--table"), "leave VERSION out"),
        (("6.12.107", "--size", "1X"), "--size: '1X' is no size"),
        (("6.12.107", "--size", "10K"), "is no size"),
        (("6.12.107", "--pattern", "wipe*"), "no pattern matches 'wipe*'"),
        (("6.12.107", "--runs", "3"), "the same each time"),
    ],
)
def test_slips_are_named(session: Bench, words: tuple[str, ...], says: str) -> None:
    status, _, err = session.run("bench", *words)
    assert status == 2 and says in err
    assert not session.boots


def test_under_kvm_times_are_measured_several_times(session: Bench) -> None:
    """With a probe's answer that says it works: there is no KVM to try it on."""
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    kept = session.home / "cache" / "kvm-modern.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"works": True, "why": "finished", "boot_id": boot_id}))
    session.answers(Guest(False, runs=11, jitter=10), Guest(True, runs=11))
    status, out, err = session.run("bench", "6.12.107", "--accel", "kvm", "--json")
    if "/dev/kvm is missing" in err:
        pytest.skip("NOT RUN: no /dev/kvm that could be opened")
    assert status == 0, err
    found = json.loads(out)
    assert "-accel kvm" in session.boots[0] and "zp.runs=11" in session.boots[0]
    assert (found["unit"], found["repeatable"]) == ("ns", False)
    read = found["passes"][0]
    assert read["cost"] == {"stock": 950.0, "patched": 2300.0}
    assert read["spread"]["stock"] == [925.0, 975.0]
    # Times never repeat: another measurement is kept beside the first.
    session.answers(Guest(False, runs=11, jitter=20), Guest(True, runs=11))
    status, out, err = session.run("bench", "6.12.107", "--accel", "kvm", "--again", "--json")
    assert status == 0, err
    assert json.loads(out)["passes"][0]["cost"]["stock"] == 1000.0
