# SPDX-License-Identifier: GPL-2.0-only
"""The played kernel.org is one that zpmaint's sources take for the real one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from fake_kernel_org import FakeKernelOrg
from sources_fixtures import Notes, V

from zpmaint.sources.kernelorg import KernelOrgSource
from zpmaint.sources.source import NotServedError

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("gpg", "gpgv", "git", "xz"))), reason="needs gpg, gpgv, git and xz"
)


@pytest.fixture
def org(tmp_path: Path) -> Iterator[FakeKernelOrg]:
    with FakeKernelOrg(tmp_path / "org") as made:
        made.release("6.12.106", "longterm", day="2026-11-01")
        made.release("6.12.107", "longterm", day="2026-11-20")
        made.release("7.3-rc7", "mainline")
        yield made


def source(org: FakeKernelOrg, folder: Path) -> KernelOrgSource:
    return KernelOrgSource(org.base, folder, Notes(), keyring=org.keyring, max_age=0)


def test_a_release_is_listed_fetched_and_vouched_for(org: FakeKernelOrg, tmp_path: Path) -> None:
    served = source(org, tmp_path / "cache")
    heads = [(str(head.version), head.moniker) for head in served.heads()]
    assert heads == [("7.3-rc7", "mainline"), ("6.12.107", "longterm")]
    assert served.newest("6.12") == V("6.12.107")
    tree = served.tree(V("6.12.106"))
    assert "SUBLEVEL = 106\n" in (tree / "Makefile").read_text()
    by = served.provenance(V("6.12.106")).proofs
    assert [proof.document for proof in by] == ["sha256sums.asc", "linux-6.12.106.tar.sign"]
    assert served.reporter.notes == []  # type: ignore[attr-defined]


def test_what_did_not_change_is_not_sent_again(org: FakeKernelOrg, tmp_path: Path) -> None:
    for _ in range(2):
        source(org, tmp_path / "cache").newest("6.12")
        source(org, tmp_path / "cache").heads()
    assert [one.status for one in org.log] == [200, 200, 304, 304]
    org.release("6.12.108", "longterm")
    assert source(org, tmp_path / "cache").newest("6.12") == V("6.12.108")
    org.withdraw("6.12.108")
    again = source(org, tmp_path / "cache")
    assert again.newest("6.12") == V("6.12.107")
    assert [str(head.version) for head in again.heads()] == ["7.3-rc7", "6.12.107"]
    with pytest.raises(NotServedError):
        again.tree(V("6.12.108"))


def test_its_pages_and_its_repository(org: FakeKernelOrg, tmp_path: Path) -> None:
    org.release("6.12.108-rc1")
    org.release("6.12.107-rt34")
    org.release("next-20261126", "linux-next")
    org.tag("v2.6.21-git3")

    def page(folder: str) -> str:
        with urlopen(f"{org.base}/{folder}") as answer:
            return str(answer.read().decode())

    assert '<a href="linux-6.12.107.tar.xz">' in page("v6.x/") and "stable-review/" in page("v6.x/")
    assert '"patch-6.12.108-rc1.gz"' in page("v6.x/stable-review/")
    assert '"patch-6.12.107-rt34.patch.xz"' in page("projects/rt/6.12/")
    listed = subprocess.run(
        ["git", "ls-remote", "--tags", org.git], capture_output=True, text=True, check=True
    ).stdout
    names = {line.rpartition("/")[2] for line in listed.splitlines()}
    assert {"v6.12.107-rt34", "v6.12.108-rc1", "next-20261126", "v7.3-rc7"} <= names
    assert "v2.6.21-git3" in names


def test_the_program(tmp_path: Path) -> None:
    program = [sys.executable, str(ROOT / "ci/fake-kernel-org")]
    with subprocess.Popen(
        [*program, "serve", str(tmp_path / "org"), "6.12.107=longterm"],
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            assert (tmp_path / "org/home/.config/zpmaint/kernel.org.gpg").is_file()

            def tell(*words: str) -> subprocess.CompletedProcess[str]:
                command = [*program, "tell", said["url"], *words]
                return subprocess.run(command, capture_output=True, text=True, check=False)

            told = json.loads(tell("trouble", "busy", "*/v6.x/*", "seconds=30", "times=2").stdout)
            assert told["troubles"] == ["busy */v6.x/*"]
            assert tell("release", "6.12.108", "longterm").returncode == 0
            refused = tell("explode")
            assert refused.returncode == 1 and "no order" in refused.stderr
            with urlopen(Request(f"{said['base']}/releases.json", method="HEAD")) as answer:
                assert answer.headers["ETag"] and answer.read() == b""
        finally:
            process.terminate()
    assert process.returncode == 0
