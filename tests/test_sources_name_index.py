# SPDX-License-Identifier: GPL-2.0-only
"""The index of a tree's names: what is in it, how it lands, what becomes of a damaged one."""

from __future__ import annotations

import io
import os
import re
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sources_fixtures import Notes, V, git, kernel_files, kernel_repo, makefile, tarball

from zpmaint.core.progress import Step
from zpmaint.sources import git as git_module
from zpmaint.sources.git import GitSource
from zpmaint.sources.name_index import MOST, DamagedError, NameIndex, Words
from zpmaint.sources.tar_stream import regular_files
from zpmaint.sources.tree import TreeSource
from zpmaint.sources.tree_names import TreeNames

VERSION = V("6.12.107")


def written(place: Path, files: dict[str, bytes]) -> Path:
    words = Words()
    for path, data in files.items():
        words.add(path, data)
    with place.open("wb") as out:
        words.write(out)
    return place


def index(place: Path, files: dict[str, bytes]) -> NameIndex:
    return NameIndex(written(place, files))


def test_whole_words_and_the_files_that_have_them(tmp_path: Path) -> None:
    files = {
        "mm/a.c": b"int pte_alloc(void);\n#define X1 0x12\n",
        "mm/b.c": b"pte_alloc();\nCONFIG_ZP=y\n",
        "fw/blob.bin": b"\0only_here pte_alloc\0",
    }
    names = index(tmp_path / "names", files)
    assert names.files("pte_alloc") == ["mm/a.c", "mm/b.c"], "a file that is no text is not listed"
    assert names.has("only_here") and names.files("only_here") == []
    assert names.has("CONFIG_ZP") and not names.has("ZP"), "half a word is none"
    assert not names.has("0x12") and not names.has("pte.alloc") and not names.has("")
    assert names.files("nothing_such") == []


def test_a_name_of_many_files_is_everybodys(tmp_path: Path) -> None:
    files = {f"d/{n}.c": b"common rare\n" if n < MOST else b"common\n" for n in range(MOST + 1)}
    names = index(tmp_path / "names", files)
    assert names.has("common") and names.files("common") is None
    assert len(names.files("rare") or ()) == MOST


def test_names_of_many_blocks(tmp_path: Path) -> None:
    files = {
        f"f{n}.h": b"".join(b"#define N%d_%d\n" % (n, k) for k in range(300)) for n in range(9)
    }
    names = index(tmp_path / "names", files)
    for n in range(9):
        for k in (0, 150, 299):
            assert names.files(f"N{n}_{k}") == [f"f{n}.h"]
    assert not names.has("N9_0") and not names.has("A") and not names.has("zz")
    assert not index(tmp_path / "none", {}).has("a")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text("aZ_09 .\n\0é(", max_size=40), max_size=6))
def test_it_says_what_a_search_for_whole_words_says(texts: list[str]) -> None:
    place = Path(os.environ.get("TMPDIR", "/tmp")) / f"names-{os.getpid()}"
    files = {f"f{n}": text.encode() for n, text in enumerate(texts)}
    names = index(place, files)
    place.unlink()
    for word in ("a", "Z", "aa", "a0", "_", "_9", "Z_", "aZ"):
        at = re.compile(rb"(?<![A-Za-z0-9_])" + word.encode() + rb"(?![A-Za-z0-9_])")
        having = {path for path, data in files.items() if at.search(data)}
        assert names.has(word) == bool(having)
        assert names.files(word) == sorted(p for p in having if b"\0" not in files[p])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"another file\n" * 9,
        lambda data: data[:20] + bytes(8) + data[28:],
        lambda data: data[:-30] + bytes(30),
    ],
    ids=["cut", "empty", "foreign", "a block", "the trailer"],
)
def test_a_damaged_index_is_made_anew_with_a_word(tmp_path: Path, spoil) -> None:
    made = []

    def files(step: Step) -> Iterator[tuple[str, bytes]]:
        made.append(1)
        yield "mm/a.c", b"one two three\n"

    place = tmp_path / "names"
    notes = Notes()
    assert TreeNames(place, "6.12", files, notes).speaks_of("two")
    place.write_bytes(spoil(place.read_bytes()))
    names = TreeNames(place, "6.12", files, notes)
    assert names.speaks_of("two") and names.speaking_of("three") == ["mm/a.c"]
    assert not names.speaks_of("four")
    assert len(made) == 2
    assert any(str(place) in note and "made anew" in note for note in notes.notes)
    assert TreeNames(place, "6.12", files, notes).speaks_of("one") and len(made) == 2


def test_an_index_that_is_not_finished_is_none(tmp_path: Path) -> None:
    def cut(step: Step) -> Iterator[tuple[str, bytes]]:
        yield "a.c", b"one\n"
        raise KeyboardInterrupt

    place = tmp_path / "names"
    with pytest.raises(KeyboardInterrupt):
        TreeNames(place, "6.12", cut, Notes()).speaks_of("one")
    assert not place.exists() and not [p for p in tmp_path.iterdir() if p.suffix != ".lock"]


def test_of_two_at_once_one_makes_it(tmp_path: Path) -> None:
    made = []
    began = threading.Event()

    def files(step: Step) -> Iterator[tuple[str, bytes]]:
        made.append(1)
        began.set()
        yield "a.c", b"one\n"

    found: list[bool] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(
                TreeNames(tmp_path / "names", "6.12", files, Notes()).speaks_of("one")
            )
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4 and made == [1]


def test_a_foreign_file_is_no_index(tmp_path: Path) -> None:
    (tmp_path / "names").write_bytes(b"x" * 100)
    with pytest.raises(DamagedError):
        NameIndex(tmp_path / "names")


def packed(format: int, *names: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as tar:
        folder = tarfile.TarInfo("linux")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name in names:
            member = tarfile.TarInfo(f"linux/{name}")
            member.size = len(name)
            tar.addfile(member, io.BytesIO(name.encode()))
        link = tarfile.TarInfo("linux/link")
        link.type, link.linkname = tarfile.SYMTYPE, "a.c"
        tar.addfile(link)
    return out.getvalue()


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_the_files_of_an_archive_as_it_streams_by(format: int) -> None:
    names = ["a.c", "deep/" * 20 + "b.c", "c.c"]
    if format != tarfile.USTAR_FORMAT:
        names += ["x" * 150 + ".c", "d.c"]
    data = packed(format, *names)
    assert list(regular_files(io.BytesIO(data))) == [(name, name.encode()) for name in names]


@pytest.mark.parametrize("size", [700, 1100, 513])
def test_an_archive_that_is_cut_says_so(size: int) -> None:
    data = packed(tarfile.PAX_FORMAT, "a.c", "b" * 400 + ".c")
    with pytest.raises(ValueError, match=r"ends inside|archive"):
        list(regular_files(io.BytesIO(data[:size])))


def test_a_folder_that_changed_is_read_anew(tmp_path: Path) -> None:
    tree = tmp_path / "linux"
    for name, text in {**kernel_files("6.12.107"), "Makefile": makefile("6.12.107")}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    cache = tmp_path / "cache"
    assert not TreeSource(tree, cache).speaks_of(VERSION, "brought_by_hand")
    (tree / "mm" / "new.c").write_text("int brought_by_hand;\n")
    source = TreeSource(tree, cache)
    assert source.speaking_of(VERSION, "brought_by_hand") == ["mm/new.c"]
    kept = [path for path in (cache / "names").iterdir() if path.suffix != ".lock"]
    assert len([path for path in kept if not path.name.startswith(".")]) == 1, "the old one is gone"


def test_git_is_asked_by_grep_first_and_by_the_index_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep asks hundreds of trees once or twice; to index each would take hours."""
    repo = kernel_repo(tmp_path / "repo", "6.12.107")
    (repo / "mm").mkdir(exist_ok=True)
    (repo / "mm" / "a.c").write_text("int one, two, three;\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "more")
    git(repo, "tag", "-f", "v6.12.107")
    monkeypatch.setattr(git_module, "_BY_GREP", 2)
    notes = Notes()
    source = GitSource(str(repo), tmp_path / "cache", notes)
    assert [source.speaks_of(VERSION, name) for name in ("one", "no_one", "one")] == [
        True, False, True,
    ]  # fmt: skip
    assert not (tmp_path / "cache" / "names").exists()
    assert source.speaks_of(VERSION, "three") and not source.speaks_of(VERSION, "thre")
    assert sum("index the names" in title for title in notes.steps) == 1
    assert source.speaking_of(VERSION, "two") == ["mm/a.c"]
    source.close()
    again = GitSource(str(repo), tmp_path / "cache", notes)
    assert again.speaks_of(VERSION, "two"), "from the index that is there"
    assert sum("index the names" in title for title in notes.steps) == 1
    again.close()


def test_an_archive_is_indexed_whole_and_its_tree_listed(tmp_path: Path) -> None:
    """What no x86 needs is not unpacked: its names count, its files are not offered."""
    from test_sources_names import _Boxed  # noqa: PLC0415

    data = tarball(
        "6.12.107",
        **{"arch/arm64/mm/only.c": "call(arm_only);\n", "mm/both.c": "call(arm_only);\n"},
    )
    source = _Boxed(tmp_path / "cache", data)
    assert source.speaks_of(VERSION, "arm_only")
    listed = source.speaking_of(VERSION, "arm_only")
    tree = source.tree(VERSION)
    assert listed == [
        path for path in ("arch/arm64/mm/only.c", "mm/both.c") if (tree / path).is_file()
    ]
    assert "mm/both.c" in listed


def test_the_files_of_a_name(tmp_path: Path) -> None:
    """The last part of the path, and all of it."""
    files = {"a.c": b"one\n", "mm/a.c": b"one\n", "mm/ba.c": b"one\n", "mm/a.c/x": b"one\n"}
    found = index(tmp_path / "names", files)
    assert found.files_called("a.c") == ["a.c", "mm/a.c"]
    assert found.files_called("b.c") == []
