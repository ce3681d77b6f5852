# SPDX-License-Identifier: GPL-2.0-only
"""Archives that mean harm: each is refused by the name of its member, and no tree appears.

They are made here, by Python's tarfile, each as a toy kernel with something in it."""

from __future__ import annotations

import io
import lzma
import os
import stat
import subprocess
import tarfile
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sources_fixtures import kernel_files

from zpmaint.sources import tar_stream, tree_rules, tree_writer
from zpmaint.sources.source import SourceFailedError
from zpmaint.sources.tar_stream import members, regular_files
from zpmaint.sources.tree_rules import Limits, Outline, RefusedError, limits
from zpmaint.sources.unpack import NOTHING, unpack

TOP = "linux-6.12.107"
Put = Callable[[tarfile.TarFile], None]


def file(name: str, data: bytes = b"evil\n", **facts: object) -> Put:
    def put(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        for key, value in facts.items():
            setattr(info, key, value)
        tar.addfile(info, io.BytesIO(data))

    return put


def entry(name: str, kind: bytes, target: str = "", **facts: object) -> Put:
    def put(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        for key, value in facts.items():
            setattr(info, key, value)
        tar.addfile(info)

    return put


def link(name: str, target: str) -> Put:
    return entry(f"{TOP}/{name}", tarfile.SYMTYPE, target)


def hard(name: str, target: str) -> Put:
    return entry(f"{TOP}/{name}", tarfile.LNKTYPE, target)


def below(name: str, **facts: object) -> Put:
    return file(f"{TOP}/{name}", **facts)


def archive(place: Path, *more: Put, tail: bytes = b"", form: int = tarfile.PAX_FORMAT) -> Path:
    """A toy kernel as .tar.xz, with what `more` puts in."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=form) as tar:
        for path, text in kernel_files("6.12.107").items():
            below(path, data=text.encode())(tar)
        for put in more:
            put(tar)
    place.write_bytes(lzma.compress(raw.getvalue() + tail, preset=0))
    return place


def cut_short(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A header that promises more than there is."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


HOSTILE: dict[str, tuple[tuple[Put, ...], str]] = {
    "a file below a link out of the tree": (
        (link("evil", "/tmp"), below("evil/x.c")), "evil.*(below the symbolic link|out of)"),
    "a file below a link that stays": (
        (link("evil", "mm"), below("evil/x.c")), "evil.*below the symbolic link"),
    "a link where files are already": ((link("mm", "/tmp"),), "mm.*a folder was"),
    "a link over a file": ((link("Makefile", "/etc/passwd"),), "Makefile.*twice"),
    "an absolute link": ((link("mm/evil.c", "/etc/passwd"),), r"mm/evil\.c.*out of the tree"),
    "a link upwards": ((link("mm/evil.c", "../../x"),), r"mm/evil\.c.*out of the tree"),
    "a link through a link, upwards": (
        (link("mm/deep", "../drivers/base"), link("mm/a", "deep/../../.."), ), "mm/a.*out of"),
    "a link that leaves only when its own link is followed": (
        (link("a/b/c/top", "../../.."), link("a/b/c/evil", "top/../x")), "a/b/c/evil.*out of"),
    "a link whose link comes later": (
        (link("a/evil", "b/x"), link("a/b", "/etc")), "a/(evil|b).*out of the tree"),
    "links in a circle": ((link("a", "b"), link("b", "a")), "out of the tree"),
    "a link to nothing": ((link("a", ""),), "symbolic link to ''"),
    "a link in what is left out": ((link("arch/arm64/evil", "/etc"),), "arch/arm64/evil.*out of"),
    "a hard link out of the tree": ((hard("mm/evil.c", "/etc/passwd"),), r"evil\.c.*hard link"),
    "a hard link upwards": ((hard("mm/x.c", f"{TOP}/../../etc/passwd"),), r"x\.c.*hard link"),
    "a hard link to a link": (
        (link("mm/a.c", "memory.c"), hard("mm/x.c", f"{TOP}/mm/a.c")), r"x\.c.*hard link"),
    "a hard link forwards": ((hard("a.c", f"{TOP}/z.c"), below("z.c")), r"a\.c.*hard link"),
    "a hard link to what is left out": (
        (hard("mm/x.c", f"{TOP}/drivers/gpu/drm/drm.c"),), r"x\.c.*left out"),
    "an absolute name": ((file("/etc/evil"),), "/etc/evil.*beside the one folder"),
    "a name upwards at once": ((file("../evil"),), r"\.\./evil.*beside"),
    "a name upwards": ((below("../evil"),), r"\.\./evil.*leads out"),
    "a name up and down": ((below("mm/../../evil"),), r"mm/\.\./\.\./evil.*leads out"),
    "a name that ends above": ((below("mm/.."),), r"mm/\.\..*leads out"),
    "a folder upwards": (
        (entry(f"{TOP}/mm/../..", tarfile.DIRTYPE),), r"mm/\.\./\.\..*leads out"),
    "another folder beside": ((file("other/evil"),), "other/evil.*beside the one folder"),
    "a repository in the tree": ((below(".git/config"),), r"\.git.*repository"),
    "a repository deeper": ((below("mm/.git/hooks/x"),), r"mm/\.git.*repository"),
    "a file for a repository": ((below(".git"),), r"\.git.*repository"),
    "a device": ((entry(f"{TOP}/mm/disk", tarfile.BLKTYPE, devmajor=8),), "mm/disk.*device node"),
    "a terminal": ((entry(f"{TOP}/mm/tty", tarfile.CHRTYPE),), "mm/tty.*device node"),
    "a pipe": ((entry(f"{TOP}/mm/fifo", tarfile.FIFOTYPE),), "mm/fifo.*named pipe"),
    "a sparse file": (
        (entry(f"{TOP}/mm/holes", tarfile.GNUTYPE_SPARSE),), "mm/holes.*sparse"),
    "a volume's name": ((entry(f"{TOP}/mm/v", b"V"),), "mm/v.*type b'V'"),
    "a part of a volume": ((entry(f"{TOP}/mm/m", b"M"),), "mm/m.*type b'M'"),
    "a newline in a name": ((below("mm/a\nb.c"),), r"a\\nb\.c.*control character"),
    "an escape in a name": ((below("mm/a\x1b[2Jb.c"),), r"a\\x1b.*control character"),
    "a C1 control in a name": ((below("mm/a\x9bb.c"),), r"a\\x9b.*control character"),
    "a newline in a link": ((link("mm/a", "b\nc"),), "mm/a.*symbolic link"),
    "a name of 5,000 bytes": ((below("mm/" + "x" * 5000),), "more than 1000 characters"),
    "a part of a name of 300 bytes": ((below("mm/" + "x" * 300),), "too long"),
    "1,500 folders deep": ((below("/".join(["d"] * 400) + "/x"),), "more than 40 folders deep"),
    "1,500 folders deep, by name": ((below("/".join(["d"] * 1500) + "/x"),), "more than"),
    "a folder where a file was": ((below("Makefile/x"),), "Makefile.*a file was"),
    "a folder itself where a file was": (
        (entry(f"{TOP}/Makefile", tarfile.DIRTYPE),), "Makefile.*a file was"),
    "a file where a folder was": ((below("mm"),), "mm.*a folder was"),
    "a file twice": ((below("mm/memory.c"),), r"mm/memory\.c.*twice"),
    "a path for all members": (
        (file("x", pax_headers={"path": f"{TOP}/../evil"}),), r"\.\./evil.*leads out"),
    "a size in an extended header": ((below("mm/x.c", pax_headers={"size": "1"}),), "its size"),
    "a sparse file in an extended header": (
        (below("mm/x.c", pax_headers={"GNU.sparse.name": "y"}),), r"GNU\.sparse\.name"),
}  # fmt: skip


FORMS = {"pax": tarfile.PAX_FORMAT, "gnu": tarfile.GNU_FORMAT}
EXTENDED = {
    "a path for all members", "a size in an extended header",
    "a sparse file in an extended header",
}  # fmt: skip
"""What GNU's form of archives has no headers for."""


@pytest.mark.parametrize(
    ("kind", "form"), [(k, f) for k in HOSTILE for f in FORMS if f == "pax" or k not in EXTENDED]
)
def test_it_is_refused_by_name(tmp_path: Path, kind: str, form: str) -> None:
    puts, words = HOSTILE[kind]
    before = {path: path.lstat() for path in tmp_path.iterdir()}
    place = archive(tmp_path / "linux.tar.xz", *puts, form=FORMS[form])
    tree = tmp_path / "trees/linux"
    with pytest.raises(SourceFailedError, match=words) as caught:
        unpack(place, tree)
    assert caught.value.exit_status == 3
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 600
    left = [path for path in tmp_path.rglob("*") if path.lstat().st_mode and path not in before]
    assert {path.name for path in left} == {"linux.tar.xz", "trees", ".linux.lock"}


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (lzma.decompress(lzma.compress(b"rubbish" * 200)), "behind the archive's end"),
        (cut_short(f"{TOP}/z", 3) + b"abc".ljust(512, b"\0") + bytes(1024), "behind the archive"),
        (bytes(80 << 20), "zeros behind"),
    ],
    ids=["rubbish", "a second archive", "a gigabyte of zeros"],
)
def test_nothing_comes_behind_the_end(tmp_path: Path, tail: bytes, words: str) -> None:
    place = archive(tmp_path / "linux.tar.xz", tail=tail)
    with pytest.raises(SourceFailedError, match=words):
        unpack(place, tmp_path / "trees/linux")
    assert not (tmp_path / "trees/linux").exists()


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (cut_short("linux/big", 1 << 40), "linux/big.*1099511627776 bytes"),
        (cut_short("linux/big", 1 << 33), "linux/big.*8589934592 bytes"),
        (cut_short("linux/big", -5), "linux/big.*-5 bytes"),
        (cut_short("linux/mm", 1 << 30, tarfile.DIRTYPE), "linux/mm.*bytes"),
        (cut_short("x", 1 << 30, tarfile.XHDTYPE), "x.*1073741824 bytes"),
        (cut_short("x", 1 << 30, tarfile.GNUTYPE_LONGNAME), "x.*1073741824 bytes"),
        (cut_short("linux/a", 100), "ends inside a file"),
        (cut_short("linux/mm", 3, tarfile.DIRTYPE) + b"abc".ljust(512, b"\0"), "with contents"),
        (cut_short("x", 9, tarfile.XHDTYPE) + b"9 path=x\n".ljust(512, b"\0"), "ends inside"),
        (cut_short("x", 5, tarfile.XHDTYPE) + b"99999".ljust(512, b"\0"), "extended header"),
        (cut_short("x", 8, tarfile.XHDTYPE) + b"0 path=x".ljust(512, b"\0"), "extended header"),
        (
            cut_short("x", 16, tarfile.XGLTYPE) + b"16 path=linux/x\n".ljust(512, b"\0"),
            "sets its path",
        ),
        (b"rubbish!" * 64, "cannot be read"),
    ],
)  # fmt: skip
def test_a_header_that_lies_is_refused(tmp_path: Path, head: bytes, words: str) -> None:
    place = tmp_path / "linux.tar.xz"
    place.write_bytes(lzma.compress(head, preset=0))
    with pytest.raises(SourceFailedError, match=words):
        unpack(place, tmp_path / "trees/linux")
    assert not (tmp_path / "trees/linux").exists()


def test_a_bomb_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(limits(), bytes=1 << 20, entries=40)
    monkeypatch.setattr(tree_rules, "limits", lambda: small)
    assert tree_writer.TreeWriter(tmp_path)._outline._bounds == small
    large = [below(f"mm/{n}.c", data=bytes(200_000)) for n in range(10)]
    with pytest.raises(SourceFailedError, match=r"mm/\d\.c.*more than 1048576 bytes"):
        unpack(archive(tmp_path / "a.tar.xz", *large), tmp_path / "trees/a")
    many = [below(f"mm/{n}.c") for n in range(60)]
    with pytest.raises(SourceFailedError, match=r"mm/\d+\.c.*one entry more than 40"):
        unpack(archive(tmp_path / "b.tar.xz", *many), tmp_path / "trees/b")


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.DIRTYPE])
def test_headers_without_end_are_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: bytes
) -> None:
    small = replace(limits(), bytes=1 << 20, entries=40)
    monkeypatch.setattr(tar_stream, "limits", lambda: small)
    place = tmp_path / "linux.tar.xz"
    place.write_bytes(lzma.compress(cut_short(f"{TOP}/mm", 0, kind) * 5000, preset=0))
    with pytest.raises(SourceFailedError, match="more than any kernel's, headers all"):
        unpack(place, tmp_path / "trees/linux")


def test_xz_takes_no_more_memory_than_it_may(tmp_path: Path) -> None:
    place = tmp_path / "linux.tar.xz"
    packed = subprocess.run(
        ["xz", "-c", "--lzma2=dict=1500MiB,mode=fast,mf=hc3,nice=4"],
        input=b"x", capture_output=True, check=False,
    )  # fmt: skip
    if packed.returncode:
        pytest.skip(f"xz here cannot make such an archive: {packed.stderr!r}")
    place.write_bytes(packed.stdout)
    with pytest.raises(SourceFailedError, match=r"(?i)memory"):
        unpack(place, tmp_path / "trees/linux")


def test_of_modes_only_executable_is_kept(tmp_path: Path) -> None:
    odd = [
        below("mm/suid", mode=0o6777, uid=12345, gid=12345, uname="nobody"),
        below("mm/sticky.c", mode=0o1666, pax_headers={"SCHILY.xattr.user.x": "y"}),
        below("mm/secret.c", mode=0o000, mtime=1 << 40),
        entry(f"{TOP}/mm/shared", tarfile.DIRTYPE, mode=0o7777, uid=12345),
    ]
    tree = unpack(archive(tmp_path / "linux.tar.xz", *odd), tmp_path / "trees/linux")
    for name, mode in {
        "suid": 0o755,
        "sticky.c": 0o644,
        "secret.c": 0o644,
        "shared": 0o755,
    }.items():
        facts = (tree / "mm" / name).stat()
        assert stat.S_IMODE(facts.st_mode) == mode, name
        assert (facts.st_uid, facts.st_gid) == (os.geteuid(), os.getegid())
        assert facts.st_mtime < 2**33, "make is never done with what is from the future"
    assert os.listxattr(tree / "mm/sticky.c") == []


def test_what_kernels_have_is_kept(tmp_path: Path) -> None:
    """Links of every kind that kernels' archives hold, long names, names that differ in case."""
    usual = [
        link("scripts/dtc/include-prefixes/arm", "../../../arch/arm/boot/dts"),
        link("scripts/dummy-tools/nm", "ld"),
        link("arch/arm64/boot/dts/x.dtsi", "../../../arm/boot/dts/x.dtsi"),
        link("tools/testing/selftests/a.sh", "../../../mm/memory.c"),
        link("dot", "./mm/./memory.c"),
        link("twice", "dot"),
        below("net/xt_TCPMSS.c"), below("net/xt_tcpmss.c"), below("mm/back\\slash.c"),
        below("Documentation/" + "/".join(["d" * 30] * 5) + "/" + "x" * 90),
        hard("mm/same.c", f"{TOP}/mm/memory.c"),
        below("mm/ü.c"), below(".gitignore"), below("mm/.gitattributes"), below("mm/..x"),
    ]  # fmt: skip
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        place = archive(tmp_path / f"{form}.tar.xz", *usual, form=form)
        tree = unpack(place, tmp_path / f"trees/{form}", omit=NOTHING)
        assert (tree / "scripts/dtc/include-prefixes/arm").readlink() == Path(
            "../../../arch/arm/boot/dts"
        )
        assert (tree / "twice").read_text() == (tree / "mm/same.c").read_text() != ""
        found = sum(path.is_symlink() or path.is_file() for path in tree.rglob("*"))
        assert found == len(kernel_files("6.12.107")) + len(usual)
        less = unpack(place, tmp_path / f"less/{form}", keep=["arch/arm64/boot/dts/x.dtsi"])
        assert (less / "arch/arm64/boot/dts/x.dtsi").is_symlink()
        assert not (less / "tools/testing/selftests/a.sh").is_symlink()


def test_what_is_looked_up_is_what_is_unpacked(tmp_path: Path) -> None:
    """One reader for both: a name that the index gives stands in the tree."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        file("short", pax_headers={"path": f"{TOP}/mm/long.c"})(tar)
        file(f"{TOP}/mm/other.c")(tar)
    raw.seek(0)
    assert [path for path, _ in regular_files(raw)] == ["mm/long.c", "mm/other.c"]
    raw.seek(0)
    assert [member.name for member in members(raw)] == [f"{TOP}/mm/long.c", f"{TOP}/mm/other.c"]


@pytest.mark.parametrize("target", ["a/../../x", "/", "..", "../tree/x", "./../.."])
def test_links_are_followed_to_their_end(target: str) -> None:
    outline = Outline()
    outline.link("l", target)
    with pytest.raises(RefusedError, match="out of the tree"):
        outline.finish()


def test_every_limit_has_its_reason() -> None:
    text = (Path(tree_rules.__file__).parent / "unpack.toml").read_text()
    rows = tomllib.loads(text)["limits"]
    assert set(rows) == set(Limits.__dataclass_fields__)
    assert all(row["most"] > 0 and row["why"] for row in rows.values())
