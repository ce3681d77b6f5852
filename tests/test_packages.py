# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint doctor --install`: apt is asked for what is missing, and its refusal is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from zpmaint.core import packages
from zpmaint.core.errors import InfraError


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing but an apt-get that notes what it was asked."""
    program(tmp_path / "apt-get", f'echo "$DEBIAN_FRONTEND $*" >>{tmp_path}/asked')
    (tmp_path / "env").symlink_to("/usr/bin/env")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return tmp_path


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_what_is_missing_is_installed(machine: Path) -> None:
    missing = packages.missing_packages()
    assert "qemu-system-x86" in missing and len(set(missing)) == len(missing)
    packages.install(("flex", "bison"))
    update, install = (machine / "asked").read_text().splitlines()
    assert update.startswith("noninteractive ") and update.endswith(" update")
    assert install.endswith(" install --yes --no-install-recommends flex bison")


@pytest.mark.parametrize(("step", "says"), [("update", "no network"), ("install", "no network")])
def test_a_refusal_is_told_with_the_next_step(machine: Path, step: str, says: str) -> None:
    program(machine / "apt-get", f'case "$*" in *{step}*) echo "E: {says}" >&2; exit 100 ;; esac')
    with pytest.raises(InfraError, match=f"apt-get {step}: exit status 100: E: {says}") as caught:
        packages.install(("flex",))
    assert caught.value.hint == "as root: apt-get install flex"


def test_who_may_not_is_told(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(InfraError, match="only root"):
        packages.install(("flex",))
    program(machine / "sudo", f'echo sudo >>{machine}/asked; shift; exec "$@"')
    packages.install(("flex",))
    assert (machine / "asked").read_text().count("sudo") == 2
    (machine / "apt-get").unlink()
    with pytest.raises(InfraError, match="no Debian"):
        packages.install(("flex",))
