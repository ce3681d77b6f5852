# SPDX-License-Identifier: GPL-2.0-only
"""What the i386 guest program is linked with, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from zpmaint.core import arches
from zpmaint.core.errors import InfraError
from zpmaint.suites.guest import i386, musl

SMALL = "/usr/lib/gcc/x86_64-linux-gnu/12/libgcc.a"


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The packages that were asked for, which a toy archive has."""
    names: list[str] = []

    def unpacked(package: str, arch: str, *, cache: Path, reporter: object) -> Path:
        assert (arch, cache) == ("i386", tmp_path)
        names.append(package)
        folder = tmp_path / package
        for library in ("usr/lib/i386-linux-musl/libc.a", "usr/lib/gcc/i686-linux-gnu/12/libgcc.a"):
            (folder / library).parent.mkdir(parents=True, exist_ok=True)
            (folder / library).touch()
        return folder

    monkeypatch.setattr(i386, "unpacked", unpacked)
    monkeypatch.setattr(musl, "unpacked", unpacked)
    monkeypatch.delenv(musl.variable(arches.named("i386")), raising=False)
    return names


def gcc(multilib: Path | None) -> Callable[..., str]:
    """What gcc answers, with gcc-multilib or without it."""

    def answer(*words: str) -> str:
        if words == ("-dumpversion",):
            return "12"
        return str(multilib) if multilib and "-m32" in words else SMALL

    return answer


def test_without_multilib_both_are_fetched(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gcc then names its 64-bit libgcc for -m32, too, and nothing would link with that."""
    monkeypatch.setattr(i386, "_gcc", gcc(None))
    found = i386.parts(tmp_path)
    assert "libgcc-12-dev" in asked
    assert found.libgcc == tmp_path / "libgcc-12-dev/usr/lib/gcc/i686-linux-gnu/12/libgcc.a"
    if "musl-dev" in asked:  # not where the machine has it installed
        assert found.libraries == tmp_path / "musl-dev/usr/lib/i386-linux-musl"


def test_the_libgcc_of_multilib_is_taken(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "32/libgcc.a"
    own.parent.mkdir()
    own.touch()
    monkeypatch.setattr(i386, "_gcc", gcc(own))
    assert i386.parts(tmp_path).libgcc == own
    assert "libgcc-12-dev" not in asked


def test_a_folder_may_be_named(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "named"
    monkeypatch.setenv(musl.variable(arches.named("i386")), str(named))
    monkeypatch.setattr(i386, "_gcc", gcc(None))
    with pytest.raises(InfraError, match=r"no musl for i386: .*named/usr/lib"):
        i386.parts(tmp_path)
    (named / "usr/lib/i386-linux-musl").mkdir(parents=True)
    (named / "usr/lib/i386-linux-musl/libc.a").touch()
    assert i386.parts(tmp_path).headers == named / "usr/include/i386-linux-musl"
    assert "musl-dev" not in asked
