# SPDX-License-Identifier: GPL-2.0-only
"""Under what a boot is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from vm_fixtures import kernel

from zpmaint.app.kept_boots import KeptBoots
from zpmaint.core import sealed
from zpmaint.core.progress import SILENT


def test_equal_inputs_and_another_image_is_another_boot(tmp_path: Path) -> None:
    """Two releases whose files have the same sizes and times are built from the same inputs, as
    far as those tell."""
    kept = KeptBoots(tmp_path / "boots", "basis", SILENT)
    places = []
    for name, image in (("one", b"1"), ("two", b"2"), ("copy", b"1")):
        (tmp_path / name).write_bytes(image)
        places.append(kept.place(kernel(tmp_path / name), b"archive", ["quiet"]))
    assert places[0] != places[1]
    assert places[0] == places[2]


def test_a_seal_tells_the_digest_as_long_as_it_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = tmp_path / "image"
    image.write_bytes(b"one")
    known = sealed.seal(image)
    read = []
    monkeypatch.setattr(sealed, "sha256_of", lambda path: read.append(path) or "computed")
    assert sealed.digest_of(image) == known
    assert not read
    image.write_bytes(b"two")
    os.utime(image, ns=(1, 1))
    assert sealed.digest_of(image) == "computed"
