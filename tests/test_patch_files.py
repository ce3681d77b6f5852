# SPDX-License-Identifier: GPL-2.0-only
"""Patch files that zstd packed: unpacked by its program, in a cell, no more of them than a patch
has."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from series_fixtures import program

from zpmaint.app import patch_files
from zpmaint.core.errors import UserError

PATCH = b"--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1 +1 @@\n-a\n+b\n"


def packed(place: Path, data: bytes) -> Path:
    done = subprocess.run([program("zstd"), "-qc"], input=data, capture_output=True, check=True)
    place.write_bytes(done.stdout)
    return place


def test_a_packed_patch_is_read(tmp_path: Path) -> None:
    assert patch_files.read_file(packed(tmp_path / "a.patch.zst", PATCH)) == PATCH
    (tmp_path / "a.patch").write_bytes(PATCH)
    assert patch_files.read_file(tmp_path / "a.patch") == PATCH


def test_a_damaged_one_is_told(tmp_path: Path) -> None:
    place = packed(tmp_path / "a.patch.zst", PATCH * 1000)
    place.write_bytes(place.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"a\.patch\.zst.*damaged"):
        patch_files.read_file(place)


def test_a_bomb_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patch_files, "LIMIT", 1 << 20)
    place = packed(tmp_path / "a.patch.zst", bytes(64 << 20))
    assert place.stat().st_size < 100_000
    with pytest.raises(UserError, match="more than 1 MB"):
        patch_files.read_file(place)
