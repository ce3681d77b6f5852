# SPDX-License-Identifier: GPL-2.0-only
"""What a release is made of: the same bytes from the same commit, known packages alone."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from git_fixtures import git
from releasing import deb, lock, packing, sbom, source, wheels

from zpmaint.core import built

TOP = Path(__file__).parent.parent
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())


def tarball(*names: str, mode: int, mtime: int, uid: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime, member.uid = len(name), mode, mtime, uid
            tar.addfile(member, io.BytesIO(name.encode()))
    return out.getvalue()


def test_an_archive_depends_on_its_contents_alone() -> None:
    one = packing.normalised(tarball("x/a", "x/b", mode=0o600, mtime=5, uid=0), 1_700_000_000)
    two = packing.normalised(tarball("x/b", "x/a", mode=0o664, mtime=9, uid=7), 1_700_000_000)
    assert one == two
    with tarfile.open(fileobj=io.BytesIO(one)) as tar:
        member = tar.getmember("x/b")
        assert (member.mode, member.mtime, member.uid, member.uname) == (
            0o644, 1_700_000_000, 0, "",
        )  # fmt: skip
        read = tar.extractfile(member)
        assert read and read.read() == b"x/b"
    assert packing.normalised(tarball("x/a", mode=0o700, mtime=5, uid=0), 1) != one


@pytest.mark.parametrize(
    ("path", "wanted"),
    [(lock.REQUIREMENTS, PROJECT["project"]["dependencies"]),
     (lock.BUILD, PROJECT["build-system"]["requires"])],
)  # fmt: skip
def test_the_lists_hold_what_the_project_needs(path: Path, wanted: list[str]) -> None:
    requirement = pytest.importorskip("packaging.requirements").Requirement
    pinned = {row.name: row for row in lock.read(path)}
    for text in wanted:
        need = requirement(text)
        row = pinned[lock.normal(need.name)]
        assert need.specifier.contains(row.version), f"ci/release lock: {text}"
    assert all(row.hashes for row in pinned.values())
    assert "://" not in path.read_text() and "--index" not in path.read_text()


def test_a_list_is_read_as_it_is_written(tmp_path: Path) -> None:
    rows = (
        lock.Pinned("b", "1.0", ("a" * 64, "b" * 64)),
        lock.Pinned("a-b", "2", ("c" * 64,)),
    )
    place = tmp_path / "r.txt"
    place.write_text(lock.text_of(rows, "What.", place.name))
    assert lock.read(place) == (rows[1], rows[0])
    place.write_text(place.read_text() + "evil==1\n")
    with pytest.raises(ValueError, match="not as ci/release lock writes it"):
        lock.read(place)


def wheel(folder: Path, name: str, *, files: dict[str, str] | None = None, **more: str) -> Path:
    """A wheel of few words."""
    place = folder / f"{name}-1.0-py3-none-any.whl"
    said = {"Metadata-Version": "2.4", "Name": name, "Version": "1.0", **more}
    with zipfile.ZipFile(place, "w") as archive:
        head = "".join(f"{key.rstrip('_').replace('_', '-')}: {v}\n" for key, v in said.items())
        archive.writestr(f"{name}-1.0.dist-info/METADATA", head)
        for path, text in (files or {f"{name}.py": ""}).items():
            archive.writestr(path, text)
    return place


OURS = {
    "zpmaint/__init__.py": "",
    "zpmaint/core/tools.toml": (TOP / "zpmaint/core/tools.toml").read_text(),
    "zpmaint-1.0.dist-info/licenses/LICENSE": "the licence's text\n",
    "zpmaint-1.0.data/data/share/zpmaint/kernels.toml": "patch = 'x'\n",
}
SOURCE = source.Source(TOP, "c0ffee" * 6 + "abcd", 1_700_000_000, "R <r@example.org>", "1.0")


def parts(folder: Path) -> tuple[Path, list[Path]]:
    made = wheel(folder, "zpmaint", files=OURS, Requires_Dist="Some_Lib>=1",
                 License_Expression="GPL-2.0-only")  # fmt: skip
    some = wheel(folder, "some_lib", License="BSD", Requires_Dist='dev; extra == "d"')
    return made, [some, wheel(folder, "dev", Classifier="License :: OSI Approved :: MIT License")]


def test_the_bill_names_each_package_and_what_needs_it(tmp_path: Path) -> None:
    made, others = parts(tmp_path)
    bill = sbom.bill(SOURCE, made, others)
    assert bill["metadata"]["component"]["purl"] == "pkg:pypi/zpmaint@1.0"
    found = {part["name"]: part for part in bill["components"]}
    assert set(found) == {"some-lib", "dev"}
    digest = hashlib.sha256(others[0].read_bytes()).hexdigest()
    assert found["some-lib"]["hashes"] == [{"alg": "SHA-256", "content": digest}]
    assert found["some-lib"]["licenses"] == [{"license": {"name": "BSD"}}]
    assert found["dev"]["licenses"] == [{"license": {"name": "MIT License"}}]
    needs = {row["ref"]: row["dependsOn"] for row in bill["dependencies"]}
    assert needs == {
        "pkg:pypi/zpmaint@1.0": ["pkg:pypi/some-lib@1.0"],
        "pkg:pypi/some-lib@1.0": [],
        "pkg:pypi/dev@1.0": [],
    }
    assert sbom.bill(SOURCE, made, others) == bill


def test_the_bill_is_what_the_schema_says(tmp_path: Path) -> None:
    validation = pytest.importorskip(
        "cyclonedx.validation.json", reason="NOT RUN: needs cyclonedx-python-lib (ci/test)"
    )
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415

    strict = validation.JsonStrictValidator(SchemaVersion.V1_6)
    bill: dict[str, Any] = sbom.bill(SOURCE, *parts(tmp_path))
    assert strict.validate_str(json.dumps(bill)) is None
    bill["components"][0]["hashes"][0]["alg"] = "SHA-257"
    assert strict.validate_str(json.dumps(bill)) is not None


def test_a_name_that_leads_out_is_refused(tmp_path: Path) -> None:
    evil = wheel(tmp_path, "evil", files={"../../out.py": ""})
    with pytest.raises(ValueError, match="leads out"):
        wheels.unpack(evil, tmp_path / "p/site", tmp_path / "p")
    assert not (tmp_path / "out.py").exists()


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="NOT RUN: needs dpkg-deb")
def test_the_debian_package_is_the_same_twice(tmp_path: Path) -> None:
    made, others = parts(tmp_path)
    found = []
    for name, mask in (("one", 0o022), ("two", 0o077)):
        (tmp_path / name).mkdir()
        former = os.umask(mask)
        try:
            found.append(
                deb.build(SOURCE, made, others, tmp_path / f"{name}-root", tmp_path / name)
            )
        finally:
            os.umask(former)
    one, two = found
    assert one.read_bytes() == two.read_bytes()

    def field(name: str) -> str:
        return subprocess.run(
            ["dpkg-deb", "--field", one, name], check=True, capture_output=True, text=True
        ).stdout.strip()

    assert field("Maintainer") == "R <r@example.org>"
    depends = set(field("Depends").split(", "))
    assert {"gcc", "qemu-system-x86", "libelf-dev", "ca-certificates"} <= depends
    assert "ccache" in field("Recommends").split(", ") and "ccache" not in depends
    listed = subprocess.run(
        ["dpkg-deb", "--contents", one], check=True, capture_output=True, text=True
    ).stdout
    assert "./usr/bin/zpmaint -> ../lib/zpmaint/bin/zpmaint" in listed
    assert "./usr/lib/zpmaint/share/zpmaint/kernels.toml" in listed
    assert "/site-packages/some_lib.py" in listed
    (owner,) = {line.split()[1] for line in listed.splitlines()}
    assert owner == "root/root"


def test_only_what_is_committed_is_released(tmp_path: Path, monkeypatch: Any) -> None:
    top = tmp_path / "top"
    (top / "zpmaint").mkdir(parents=True)
    (top / "pyproject.toml").write_text('[project]\nversion = "3.2.1"\n')
    (top / "zpmaint/run").write_text("x")
    (top / "zpmaint/run").chmod(0o775)
    git(tmp_path, "init", "-q", "top")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "one")
    (top / "zpmaint/secret").write_text("mine")
    (top / "zpmaint/run").write_text("changed")
    made = source.source_of(top)
    assert (made.version, made.committer) == ("3.2.1", "U <u@x>")
    out = tmp_path / "out"
    out.mkdir()
    source.export(made, out)
    assert not (out / "zpmaint/secret").exists() and (out / "zpmaint/run").read_text() == "x"
    assert (out / "zpmaint/run").stat().st_mode & 0o777 == 0o755
    monkeypatch.setattr(built, "_PLACE", out / "zpmaint/built.toml")
    built.built.cache_clear()
    try:
        assert built.built() == built.Built(made.commit, made.epoch)
    finally:
        built.built.cache_clear()


def test_a_record_says_of_what_a_release_was_built(monkeypatch: pytest.MonkeyPatch) -> None:
    from zpmaint.app import circumstances  # noqa: PLC0415

    made = built.Built("c0ffee" * 6 + "abcd", 5)
    monkeypatch.setattr(circumstances, "built", lambda: made)
    circumstances._checkout.cache_clear()
    try:
        told = circumstances.circumstances("tcg", ())
    finally:
        circumstances._checkout.cache_clear()
    assert (told.commit, told.modified) == (made.commit, None)
    assert {"python", "click", "tree-sitter"} <= told.packages.keys()
    assert "pytest" not in told.packages, "what tests need has no say in a result"
