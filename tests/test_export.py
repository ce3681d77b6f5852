# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint export`: what is written is what other programs read."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from git_fixtures import Desk, keepers_repository

from zpmaint.app.export import export
from zpmaint.app.export_forms import FORMS, Form, Patch, Queue
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.series import load_series

FOLDERS = ("quilt", "openwrt", "nix", "pkgbuild")
OUT = {form.name: form.name if form.is_folder else f"out.{form.name}" for form in FORMS}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    made = Desk.at(folder, keepers_repository(folder / "keeper"))
    made.new()
    words = [word for name, out in OUT.items() for word in (f"--{name}", str(folder / out))]
    row = made.json("export", "6.12.107", *words)
    assert sorted(row["written"]) == sorted(OUT)
    return made


def wanted(desk: Desk) -> str:
    if not desk.git("branch", "--list", "picked"):
        desk.git("checkout", "-q", "-b", "picked", "v6.12.107")
        desk.git("cherry-pick", "v6.12..work")
    return desk.git("rev-parse", "picked^{tree}")


def am(desk: Desk, *files: Path) -> str:
    tree = wanted(desk)
    desk.git("checkout", "-q", "--detach", "v6.12.107")
    desk.git("am", "-q", "--keep-cr", *map(str, files))
    assert desk.git("rev-parse", "HEAD^{tree}") == tree
    return desk.git("log", "--format=%an %ad", "--date=raw", "-1", "HEAD~2")


@pytest.mark.parametrize("name", FOLDERS)
def test_git_takes_the_patches_of_every_folder(desk: Desk, name: str) -> None:
    files = sorted((desk.folder / name).rglob("*.patch"))
    assert len(files) == 3
    assert am(desk, *files) == "Jörg Ä. Möller 1700000000 +0130"


def test_git_takes_the_mailbox_and_it_is_one_thread(desk: Desk) -> None:
    am(desk, desk.folder / OUT["mbox"])
    text = (desk.folder / OUT["mbox"]).read_text(encoding="utf-8", errors="surrogateescape")
    ids = re.findall(r"^Message-ID: (\S+)$", text, re.M)
    assert len(set(ids)) == 3
    assert re.findall(r"^In-Reply-To: (\S+)$", text, re.M) == [ids[0]] * 2


def test_the_archive_is_the_same_each_time_and_holds_a_series(desk: Desk, tmp_path: Path) -> None:
    for ending in ("tar", "tar.gz", "tar.xz"):
        one, other = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
        for out in (one, other):
            desk.json("export", "6.12.107", "--tar", str(out))
        assert one.read_bytes() == other.read_bytes()
        subprocess.run(["tar", "-xf", one, "-C", tmp_path], check=True)
        assert len(load_series(tmp_path / "mine-6.12.107").members) == 3
        shutil.rmtree(tmp_path / "mine-6.12.107")
    status, _, err = desk.run("export", "6.12.107", "--tar", str(tmp_path / "a.zip"))
    assert status == 2 and ".tar.gz" in err


def test_openwrt_reads_its_folder(desk: Desk) -> None:
    series = load_series(desk.folder / "openwrt")
    assert [m.name for m in series.members] == [
        "pending-6.12/900-mm-toy-raise-the-limit.patch",
        "pending-6.12/901-lib-a-title-of-two-lines.patch",
        "pending-6.12/902-scripts-r-sum.patch",
    ]


def test_bash_reads_the_lines_for_a_pkgbuild(desk: Desk) -> None:
    script = "source=(a); sha256sums=(b); . ./PKGBUILD.patches; echo ${source[@]} ${sha256sums[@]}"
    told = subprocess.run(
        ["bash", "-uec", script], cwd=desk.folder / "pkgbuild", capture_output=True, text=True,
        check=True,
    ).stdout.split()  # fmt: skip
    names, sums = told[1:4], told[5:]
    assert told[0] == "a" and told[4] == "b"
    data = [(desk.folder / "pkgbuild" / name).read_bytes() for name in names]
    assert [hashlib.sha256(one).hexdigest() for one in data] == sums


def test_the_list_for_nix_names_files_that_are_there(desk: Desk) -> None:
    text = (desk.folder / "nix/default.nix").read_text()
    names = re.findall(r"patch = \./([A-Za-z0-9._+-]+\.patch); }", text)
    assert len(names) == 3 and all((desk.folder / "nix" / name).is_file() for name in names)
    if nix := shutil.which("nix-instantiate"):
        subprocess.run([nix, "--parse", desk.folder / "nix/default.nix"], check=True)


def test_a_set_goes_out_as_it_is_kept(desk: Desk, tmp_path: Path) -> None:
    row = desk.json("export", "mine", "--quilt", str(tmp_path / "own"))
    assert row["version"] == "6.12"
    for place in sorted((desk.set / "v6.12").glob("*.patch")):
        assert (tmp_path / "own" / place.name).read_bytes() == place.read_bytes()


def test_nothing_is_overwritten_and_nothing_made_of_a_conflict(desk: Desk, tmp_path: Path) -> None:
    status, _, err = desk.run("export", "6.12.107", "--quilt", str(desk.folder / "quilt"))
    assert status == 2 and "is there already" in err
    status, _, err = desk.run("export", "7.2", "--quilt", str(tmp_path / "x"))
    assert status == 1 and "conflict" in err and not (tmp_path / "x").exists()
    status, _, err = desk.run("export", "6.12.107")
    assert status == 2 and "--openwrt OUT" in err


DATA = b"From: A <a@b.c>\nSubject: x\n\n---\n--- a/mm/x.c\n+++ b/mm/x.c\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_odd_names_keep_their_order(form: Form, tmp_path: Path) -> None:
    names = ["z/b'c.patch", "a b/$(x).patch", "10.patch", "9.patch", "z/é.patch"]
    mails = [b"From 0 Mon Sep 17 00:00:00 2001\n" + DATA.replace(b"x\n\n", b"%d\n\n" % n)
             for n in range(5)]  # fmt: skip
    patches = tuple(Patch(name, data) for name, data in zip(names, mails, strict=True))
    queue = Queue("q", KernelVersion.parse("6.12"), patches, 5)
    out = export(queue, form, tmp_path / f"o.{form.name}")
    if form.name in ("quilt", "openwrt", "mbox"):
        assert [m.data.split(b"Subject: ")[1][:1] for m in load_series(out).members] == [
            b"%d" % n for n in range(5)
        ]


def test_what_is_read_otherwise_is_not_written(tmp_path: Path) -> None:
    queue = Queue("q", KernelVersion.parse("6.12"), (Patch("a.patch", b"no mail\n"),), 0)
    mbox = next(form for form in FORMS if form.name == "mbox")
    with pytest.raises(InfraError, match="not read as the same"):
        export(queue, mbox, tmp_path / "x.mbox")
    assert not (tmp_path / "x.mbox").exists()
    twice = Queue("q", KernelVersion.parse("6.12"), (Patch("../a.patch", DATA),), 0)
    with pytest.raises(UserError, match="leads out"):
        export(twice, FORMS[0], tmp_path / "q")
