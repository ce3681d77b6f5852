# SPDX-License-Identifier: GPL-2.0-only
"""The whole way on a toy: a real project, port, make and ledger; a script in QEMU's place.

Each command is a process of its own, as a user runs it."""

from __future__ import annotations

import hashlib
import html
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import warm_home
from build_fixtures import MEMORY, Toy, toy_patch, toy_set
from judge_fixtures import figures, report
from vm_fixtures import FakeQemu

from zpmaint import __version__
from zpmaint.app.matrix import track
from zpmaint.app.outlook import outlook_of
from zpmaint.app.session import Session
from zpmaint.core.places import Places
from zpmaint.core.progress import SILENT
from zpmaint.core.releases import UNSEEN
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.logs import LogStore
from zpmaint.suites.fault_path.suite import all_cases

ROOT = Path(__file__).parent.parent
VERSION = KernelVersion.parse("6.12.107")

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("make", "gcc", "musl-gcc", "setpriv")),
    reason="NOT RUN: needs make, gcc, musl-gcc and setpriv (zpmaint doctor)",
)

_BOOTS = """
case $words in --version) echo 'QEMU emulator version 0'; exit 0;; esac
printf 'Linux version 6.12.107\\n' > "$console"
case $words in
  *patched*) flavour=patched;;
  *) flavour=stock;;
esac
. "{folder}/$flavour"
cp "{folder}/$flavour.results" "$results"
exit 33
"""


def words(flip: str) -> dict[str, str]:
    """What the toy reports: as a stock kernel does, but for what its patch set flips."""
    found = {}
    for case in all_cases():
        if VERSION in case.era:
            found[case.name] = flip if case.name == "read.faults" else case.stock(VERSION)
        else:
            found[case.name] = "SKIP not on this kernel"
    return found


class Shop:
    """A project with one toy kernel, its patch set, and what the fake machine answers."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.toy = Toy(folder / "toy")
        version = "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 107\nEXTRAVERSION =\n"
        self.toy.write("Makefile", version + (self.toy.tree / "Makefile").read_text())
        self.project = folder / "project"
        (self.project / "patches/toy").mkdir(parents=True)
        (self.project / "kernels.toml").write_text(
            'patch = "toy"\n[sources.toy]\nkind = "tree"\n'
            f'where = "{self.toy.tree}"\n[[kernel]]\nversion = "6.12.107"\nsources = ["toy"]\n'
        )
        (self.project / "patches/toy/patch.toml").write_text(toy_set("6.12.107"))
        self.patched(MEMORY.decode().replace("return zero_page", "return 1 + zero_page"))
        self.qemu = FakeQemu(folder / "bin", monkeypatch)
        self.qemu.does(_BOOTS.format(folder=folder))
        self.guest("stock", "zero-page")
        self.guest("patched", "private")
        self.home = folder / "home"

    def patched(self, memory: str) -> None:
        """The toy's mm/memory.c as the anchor leaves it."""
        (self.project / "patches/toy/v6.12.107.patch").write_text(toy_patch(memory))

    def guest(self, flavour: str, flip: str, shell: str = ":", **figure: int) -> None:
        """What the fake machine answers for that kernel; `shell` runs before it does."""
        bench = figures(private=flip == "private", **figure)
        (self.folder / f"{flavour}.results").write_text(report(words(flip), bench))
        (self.folder / flavour).write_text(shell + "\n")

    def start(self, *command: str) -> subprocess.Popen[str]:
        warm_home.give(self.home)
        return subprocess.Popen(
            [sys.executable, "-m", "zpmaint", "--project", str(self.project), *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "ZPMAINT_HOME": str(self.home)},
        )

    def run(self, *command: str) -> tuple[int, str, str]:
        process = self.start(*command)
        out, err = process.communicate(timeout=120)
        assert "Traceback" not in err
        warm_home.keep(self.home)
        return process.returncode, out, err

    def verify(self) -> tuple[int, dict[str, Any]]:
        status, out, err = self.run("verify", "6.12.107", "--json")
        assert out, err
        [record] = json.loads(out)
        return status, record

    def results(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run("results", "--json")[1])
        return found


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(tmp_path, monkeypatch)


def test_all_well(session: Shop) -> None:
    status, record = session.verify()
    assert (status, record["result"]) == (0, "pass"), record["why"]
    assert record["port"]["state"] == "applies"
    assert record["runs"]["stock"]["outcome"] == "finished"
    assert Path(record["runs"]["patched"]["console"]).read_text() == "Linux version 6.12.107\n"
    store = LogStore(session.home / "state" / "logs")
    kept = record["runs"]["patched"]["kept"]
    assert store.text(kept["digest"]) == b"Linux version 6.12.107\n"
    assert (kept["size"], kept["lines"]) == (23, 1)
    for flavour in ("stock", "patched"):
        log = store.text(record["build"][flavour]["kept"]["digest"])
        assert log and log.startswith(b"$ make ")
    made = record["circumstances"]
    assert (record["profile"], made["accelerator"]) == ("", "tcg,icount")
    assert made["sources"] == [f"tree:{session.toy.tree}"] and "gcc" in made["tools"]
    assert made["tools"]["qemu-system-x86_64"] == "QEMU emulator version 0"
    (known,) = session.results()
    assert {name: known[name] for name in record} == record  # beside it what the timeline says
    port = record["port"]
    assert port["provenance"]["proofs"] == []
    anchor = session.project / "patches/toy/v6.12.107.patch"
    assert port["anchor_sha256"] == hashlib.sha256(anchor.read_bytes()).hexdigest()
    memory = session.toy.tree / "mm/memory.c"
    named = subprocess.run(
        ["git", "hash-object", memory], capture_output=True, text=True, check=True
    )
    digest = hashlib.sha256(memory.read_bytes()).hexdigest()
    blob = {"path": "mm/memory.c", "git": named.stdout.strip(), "sha256": digest}
    assert port["blobs"] == [blob]
    assert port["engine"] == f"zpmaint {__version__}, code {record['inputs']['code']}"
    # The table for people: flips and what tells.
    status, out, _ = session.run("show", "6.12.107")
    assert status == 0
    assert "unverified: a folder, as it stood there; nobody has signed it" in out
    line = next(line for line in out.splitlines() if "read.faults" in line)
    assert line.split() == ["read.faults", "pass", "zero-page", "pass", "private", "flips"]
    assert any("VmRSS" in line and "0*" in line and "4,096*" in line for line in out.splitlines())
    status, out, _ = session.run("explain", "6.12.107")
    assert f"source: tree:{session.toy.tree}: unverified: a folder" in out


@pytest.mark.parametrize(
    ("flavour", "flip"), [("patched", "zero-page"), ("stock", "private"), ("patched", "mixed")]
)
def test_a_kernel_that_does_not_do_as_it_must_fails(session: Shop, flavour: str, flip: str) -> None:
    session.guest(flavour, flip)
    status, record = session.verify()
    assert (status, record["result"]) == (1, "fail")
    assert any(f"{flavour}: read.faults: {flip}" in line for line in record["verdict"]["failures"])


def test_a_telling_counter_that_does_not_tell_fails(session: Shop) -> None:
    session.guest("patched", "private", read_VmRSS=100)
    status, record = session.verify()
    assert (status, record["result"]) == (1, "fail")
    assert any("VmRSS" in line for line in record["verdict"]["failures"])


def test_a_complaint_on_the_console_fails(session: Shop) -> None:
    session.guest(
        "patched", "private", shell="""echo 'BUG: Bad page map in process init' >> "$console" """
    )
    status, record = session.verify()
    assert (status, record["result"]) == (1, "fail")
    assert record["runs"]["patched"]["complaints"] == ["BUG: Bad page map in process init"]


def test_a_panic_fails_and_its_console_is_kept(session: Shop) -> None:
    session.guest(
        "patched", "private", """echo 'Kernel panic - not syncing: oh' >> "$console"; exit 0"""
    )
    status, record = session.verify()
    assert (status, record["result"]) == (1, "fail")
    assert record["runs"]["patched"]["outcome"] == "panic"
    assert "Kernel panic" in Path(record["runs"]["patched"]["console"]).read_text()
    assert "Kernel panic" in record["runs"]["patched"]["tail"]


def test_a_failure_is_booted_and_built_twice_before_it_settles(session: Shop) -> None:
    session.guest(
        "patched", "private", """echo 'Kernel panic - not syncing: oh' >> "$console"; exit 0"""
    )
    status, record = session.verify()
    assert status == 1
    assert record["why"].endswith(": oh (confirmed by a second boot and a second build)")
    # The second build gave the same images, and they had been booted twice.
    assert {"boot", "second boot", "second build"} <= set(record["seconds"])
    assert "third boot" not in record["seconds"]


def test_a_failure_that_does_not_come_again_settles_nothing(session: Shop) -> None:
    session.guest(
        "patched",
        "private",
        """case $(readlink "$console") in *-second*) ;; *)
        echo 'Kernel panic - not syncing: oh' >> "$console"; exit 0;; esac""",
    )
    status, record = session.verify()
    assert (status, record["result"]) == (3, "indeterminate")
    assert "not the same in two boots: first: " in record["why"]
    assert "oh; then: pass: " in record["why"]
    assert record["verdict"]["result"] == "indeterminate"
    status, out, _ = session.run("show", "6.12.107")
    assert "indeterminate" in out and "not the same in two boots" in " ".join(out.split())
    status, out, _ = session.run("results")
    assert "indeterminate" in out
    session.guest("patched", "private")
    status, out, _ = session.run("matrix", "run", "--json")
    assert [row["result"] for row in json.loads(out)] == ["pass"]


_SPOILED = """
for word in $words; do case $word in */images/patched-*) image=$word;; esac; done
if grep -q SPOILED "$image"; then echo 'Kernel panic - not syncing: oh' >> "$console"; exit 0; fi
"""


_ONCE_SPOILED = '[ $n -gt 1 ] || more="-include $(dirname "$0")/spoiled.h"'


def compiles_memory(session: Shop, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    """A compiler that `does` something before it compiles the patched mm/memory.c; it may set
    `more`, words of its command line. `$n` is how often it was asked to."""
    count = session.home / "cache/ccache/.count"
    (session.folder / "bin" / "gcc").write_text(
        f"""#!/bin/sh
more=
case "$*" in *memory.c*) if grep -q MARK mm/memory.c; then
  echo >> {count}; n=$(wc -l < {count}); {does}
fi;; esac
exec {shutil.which("gcc")} $more "$@"
"""
    )
    (session.folder / "bin" / "gcc").chmod(0o755)
    monkeypatch.setenv("CCACHE_DISABLE", "1")
    session.patched(
        "int zero_page; /* MARK */\nint handle_mm_fault(void) { return 1 + zero_page; }\n"
    )
    (session.folder / "bin/spoiled.h").write_text('char spoiled[] = "SPOILED";\n')


def test_a_failure_of_an_object_that_was_made_wrong_settles_nothing(
    session: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails in each boot of its images; those that are built again are well, and stay."""
    compiles_memory(session, monkeypatch, _ONCE_SPOILED)
    session.guest("patched", "private", _SPOILED)
    status, record = session.verify()
    assert (status, record["result"]) == (3, "indeterminate"), record["why"]
    assert record["why"].startswith("not the same when built again: first: ")
    assert "oh; then: pass: " in record["why"]
    assert {"second boot", "second build", "third boot"} <= set(record["seconds"])
    status, record = session.verify()
    assert (status, record["result"]) == (0, "pass")
    assert "flaky" in session.run("matrix", "plan")[1], "the same inputs came out both ways"


def test_a_failure_whose_kernel_cannot_be_built_again_is_none_of_the_guest(
    session: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was there from some earlier build settles nothing, and is not taken again."""
    compiles_memory(session, monkeypatch, f"{_ONCE_SPOILED}; [ $n -le 1 ] || more=-Dzero_page=5x")
    session.guest("patched", "private", _SPOILED)
    status, record = session.verify()
    assert (status, record["result"]) == (3, "indeterminate"), record["why"]
    assert "not the same when built again: first: " in record["why"]
    assert "mm/memory.c" in record["why"].partition("then: ")[2]
    assert record["build"]["failed"] is None and record["build"]["patched"]
    status, record = session.verify()
    assert (status, record["result"]) == (1, "build-failed")


def test_a_compiler_that_is_killed_once_and_then_not(
    session: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The matrix's first try ends with nothing known of the kernel, its second with a pass."""
    gcc = shutil.which("gcc")
    once = session.home / "cache" / "ccache" / ".killed"
    (session.folder / "bin" / "gcc").write_text(
        f'#!/bin/sh\ncase "$*" in *memory.c*) [ -e {once} ] || {{ touch {once}; kill -9 $$; }};;'
        f' esac\nexec {gcc} "$@"\n'
    )
    (session.folder / "bin" / "gcc").chmod(0o755)
    monkeypatch.setenv("CCACHE_DISABLE", "1")
    status, record = session.verify()
    assert (status, record["result"]) == (3, "infrastructure")
    assert "killed by SIGKILL" in record["why"]
    status, out, _ = session.run("matrix", "run", "--json")
    assert (status, [row["result"] for row in json.loads(out)]) == (0, ["pass"])


def test_a_machine_that_dies_says_nothing_about_the_kernel(session: Shop) -> None:
    session.guest("patched", "private", "kill -KILL $$")
    status, record = session.verify()
    assert (status, record["result"]) == (3, "infrastructure")
    # It settles nothing: the matrix tries again, and finds the kernel well.
    session.guest("patched", "private")
    status, out, _ = session.run("matrix", "run", "--json")
    assert status == 0
    assert [row["result"] for row in json.loads(out)] == ["pass"]


def test_a_kernel_that_does_not_link(session: Shop) -> None:
    session.patched("int gone(void);\nint handle_mm_fault(void) { return gone(); }\n")
    status, record = session.verify()
    assert (status, record["result"]) == (1, "build-failed")
    assert "gone" in record["why"]
    assert "(confirmed by a second run)" in record["why"]
    assert record["runs"] is None
    # What it was built with, the lines that tell, and the whole logs of both runs are kept.
    stock, failed = record["build"]["stock"], record["build"]["failed"]
    assert failed["toolchain"] == stock["toolchain"] and "gcc" in failed["toolchain"]
    assert (failed["flavour"], failed["profile"]) == ("patched", stock["profile"])
    [line] = [one for one in failed["lines"] if one["telling"]][:1]
    store = LogStore(session.home / "state" / "logs")
    log = store.text(failed["kept"]["digest"])
    assert log and log == Path(failed["log"]).read_bytes()
    assert "undefined reference to `gone'" in log.decode().splitlines()[line["number"] - 1]
    assert str(session.home) not in line["text"]
    assert store.has(failed["first"]["digest"]) and store.has(stock["kept"]["digest"])


def test_a_kernel_that_does_not_compile_says_where(session: Shop) -> None:
    session.patched("int handle_mm_fault(void)\n{\n\treturn gone;\n}\n")
    status, record = session.verify()
    assert (status, record["result"]) == (1, "build-failed")
    failed = record["build"]["failed"]
    places = [(one["path"], one["line"]) for one in failed["lines"] if one["telling"]]
    assert ("mm/memory.c", 3) in places
    assert any("return gone;" in one["text"] for one in failed["lines"] if not one["telling"])
    # The page says it all, with the compiler's own place; the log is there, linked by line.
    assert session.run("publish", "--out", str(session.folder / "site"))[0] == 0
    page = (session.folder / "site/toy/6.12.107-x86_64.html").read_text()
    for part in ("mm/memory.c:3:", "return gone;", failed["toolchain"], failed["profile"]):
        assert html.escape(part, quote=False) in page, part
    line = next(one for one in failed["lines"] if one["telling"])
    assert f'href="6.12.107-x86_64/build.html#L{line["number"]}"' in page
    log = (session.folder / "site/toy/6.12.107-x86_64/build.html").read_text()
    assert f'<span id="L{line["number"]}" class="tells">' in log
    assert str(session.home) not in page
    # Merged elsewhere, the logs come along; what is damaged on the way does not.
    state, other = session.home / "state", session.folder / "other"
    damaged = next(
        p for p in (state / "logs").rglob("*.xz") if failed["kept"]["digest"] not in p.name
    )
    damaged.write_bytes(b"damaged")
    session.home = other
    status, out, err = session.run("matrix", "merge", str(state / "ledger.sqlite"))
    assert status == 0 and out.startswith("1 new records and ")
    assert f"{damaged}: damaged, and not taken" in "".join(err.split("\n"))
    taken = LogStore(other / "state" / "logs")
    assert taken.text(failed["kept"]["digest"]) and not taken.has(damaged.stem)


def test_a_conflict(session: Shop) -> None:
    session.toy.write("mm/memory.c", "int other;\n")
    status, record = session.verify()
    assert (status, record["result"]) == (1, "conflict")
    assert record["build"] is None
    assert session.run("verify", "6.12.107")[1].endswith("\nnext: zpmaint resolve 6.12.107\n")
    status, out, _ = session.run("port", "6.12.107", "--json", "--out", str(session.folder / "out"))
    assert status == 1
    assert json.loads(out)["state"] == "conflict"
    assert not (session.folder / "out").exists()


def test_port_writes_what_it_says(session: Shop) -> None:
    status, out, _ = session.run("port", "6.12.107", "--json", "--out", str(session.folder / "out"))
    told = json.loads(out)
    assert status == 0
    assert {"version", "state", "anchor", "patch", "files"} <= set(told)
    assert {"scope", "placed", "confidence", "why"} <= set(told["files"][0]["hunks"][0])
    assert (session.folder / "out/v6.12.107.patch").read_text() == told["patch"]
    tree = session.folder / "copy"
    shutil.copytree(session.toy.tree, tree)
    done = subprocess.run(
        ["patch", "-p1", "-F0"], input=told["patch"], text=True, cwd=tree, capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert "offset" not in done.stdout
    assert "1 + zero_page" in (tree / "mm/memory.c").read_text()
    # Without --out the patch is what standard output carries.
    assert session.run("port", "6.12.107")[1] == told["patch"]


def test_build_and_boot_alone(session: Shop) -> None:
    status, out, _ = session.run("build", "6.12.107", "--stock", "--json")
    assert status == 0
    assert [kernel["flavour"] for kernel in json.loads(out)] == ["stock"]
    status, out, _ = session.run("boot", "6.12.107", "--patched", "--json")
    assert status == 0
    assert json.loads(out)["patched"]["outcome"] == "finished"
    session.guest("stock", "zero-page", "kill -KILL $$")
    assert session.run("boot", "6.12.107")[0] == 3


def test_missing_qemu_is_told_before_anything_is_built(
    session: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = session.folder / "tools"
    tools.mkdir()
    for name in ("make", "gcc", "ld", "flex", "bison", "bc", "perl", "tar", "xz", "git", "sh",
                 "musl-gcc", "setpriv"):  # fmt: skip
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(tools))
    status, _, err = session.run("verify", "6.12.107")
    assert status == 3
    assert "qemu-system-x86_64" in err
    assert "apt-get install" in err
    assert not (session.home / "cache/work").exists()
    assert session.results() == []


def test_known_results_are_not_verified_again(session: Shop) -> None:
    assert session.verify()[0] == 0
    status, out, _ = session.run("matrix", "run")
    assert status == 0
    assert "0 verified now, 1 known for the same inputs" in out
    # Prose is no input.
    toml = session.project / "patches/toy/patch.toml"
    toml.write_text(toml.read_text().replace("they tell", "they do tell"))
    assert "0 verified now" in session.run("matrix", "run")[1]
    # What the patch set expects is, and the plan says that it changed.
    toml.write_text(toml.read_text().replace('["VmRSS", "MinorFaults"]', '["VmRSS"]'))
    [path] = (session.home / "state/outlook").glob("*.json")
    confirmed = json.loads(path.read_text())["value"]["confirmed"]
    assert list(confirmed) == [row["key"] for row in session.results()], "planning says so"
    (due,) = json.loads(session.run("matrix", "plan", "--json")[1])["dues"]
    assert due["why"] == "inputs changed since the last result (pass): expectations"
    assert "1 verified now" in session.run("matrix", "run")[1]
    assert len(json.loads(session.run("results", "--json")[1])) == 1


@pytest.mark.parametrize("stage", ["stock", "patched"])
def test_killed_at_any_boot_the_next_run_goes_on(session: Shop, stage: str) -> None:
    flip = {"stock": "zero-page", "patched": "private"}[stage]
    session.guest(stage, flip, f"touch {session.qemu.notes}/reached; sleep 60")
    process = session.start("verify", "6.12.107", "--json")
    until = time.monotonic() + 60
    while not (session.qemu.notes / "reached").exists():
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert session.results() == []
    session.guest(stage, flip)
    status, record = session.verify()
    assert (status, record["result"]) == (0, "pass")
    # The kernels were there already.
    assert record["build"]["stock"]["seconds"] == 0
    assert record["build"]["patched"]["seconds"] == 0


def test_interrupted_is_130(session: Shop) -> None:
    session.guest("stock", "zero-page", f"touch {session.qemu.notes}/reached; sleep 60")
    process = session.start("verify", "6.12.107")
    until = time.monotonic() + 60
    while not (session.qemu.notes / "reached").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "interrupted" in err


def test_publish(session: Shop) -> None:
    assert session.verify()[0] == 0
    out = session.folder / "site"
    assert session.run("publish", "--out", str(out))[0] == 0
    page = (out / "index.html").read_text()
    assert "6.12.107" in page
    assert json.loads((out / "status.json").read_text())
    assert session.run("publish", "--out", str(session.project))[0] == 2
    assert session.run("publish", "--out", str(out), "--sign", "nothing")[0] == 2
    # What is published is the port as it was made, and applies; nobody has signed it.
    file = out / "toy/6.12.107-x86_64.patch"
    assert file.read_text() == session.run("port", "6.12.107", "--no-compile")[1]
    for kernel in (("--tree", str(session.toy.tree)), ("--version", "6.12.107")):
        status, told, _ = session.run("check", "--json", str(file), *kernel)
        checks = {one["what"]: one["state"] for one in json.loads(told)[0]["checks"]}
        assert status == 3 and checks == {
            "statement": "good", "digest": "good", "signature": "unknown", "applies": "good",
        }  # fmt: skip


def test_track_names_what_is_new(session: Shop) -> None:
    status, out, _ = session.run("track", "--json")
    assert status == 0
    assert [(row["version"], row["novelty"]) for row in json.loads(out)] == [("6.12.107", "new")]
    session.verify()
    assert json.loads(session.run("track", "--json")[1])[0]["novelty"] == "verified"


def test_an_unknown_build_profile_is_told_before_anything_runs(session: Shop) -> None:
    toml = session.project / "kernels.toml"
    toml.write_text(toml.read_text() + 'profile = "fancy"\n')
    status, _, err = session.run("matrix", "run")
    assert status == 2
    assert "kernel 6.12.107: profile: no build profile 'fancy'" in err
    assert "modern" in err
    toml.write_text(toml.read_text().replace("fancy", "modern"))
    assert session.run("matrix", "run")[0] == 0
    status, _, err = session.run("verify", "6.12.107", "--profile", "nosuch")
    assert status == 2
    assert "nosuch" in err


def test_a_result_under_another_accelerator_is_another_result(session: Shop) -> None:
    """What plain emulation measured must not stand for the figures that repeat."""
    assert session.run("verify", "6.12.107", "--accel", "tcg")[0] == 0
    assert "1 verified now" in session.run("matrix", "run")[1]
    assert "0 verified now" in session.run("matrix", "run")[1]


def test_what_track_saw_is_remembered_for_pages(session: Shop) -> None:
    toml = session.project / "kernels.toml"
    toml.write_text(toml.read_text().replace('"6.12.107"', '"6.12.*"'))
    places = Places(session.project, session.home / "cache", session.home / "state")
    opened = Session.open(places, SILENT)
    assert outlook_of(opened) == UNSEEN
    track(opened)
    seen = outlook_of(opened)
    assert [release.version for release in seen.releases] == ["6.12.107"]
    assert seen.looked is not None
    track(opened, [f"tree:{session.toy.tree}"])
    assert outlook_of(opened) == seen, "what one names by hand is not what is out there"
    track(opened)
    again = outlook_of(opened)
    assert again.looked is not None
    assert again.looked > seen.looked
    assert again.releases[0].first_seen == seen.releases[0].first_seen
    assert again.next_look is None
    assert session.run("track", "--next-within", "1d")[0] == 0
    promised = outlook_of(opened)
    assert promised.looked and promised.next_look == promised.looked + 86_400
    status, _, err = session.run("track", "--next-within", "soon")
    assert status == 2 and "--next-within: 'soon' is no time" in err
    [path] = (places.state / "outlook").glob("*.json")
    path.write_text("{")
    assert outlook_of(opened) == UNSEEN, "what is damaged is as if nobody had looked"
