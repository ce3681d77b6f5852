# SPDX-License-Identifier: GPL-2.0-only
"""What figures are taken on is asked of QEMU and of the host."""

from __future__ import annotations

from pathlib import Path

import pytest

from zpmaint.app.taken_on import emulator, host_cpu


def test_a_qemu_tells_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "qemu-of-this-test"
    program.write_text('#!/bin/sh\necho "QEMU emulator version 7.2.22"\necho more\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert emulator(program.name) == "QEMU emulator version 7.2.22"
    assert emulator("qemu-that-is-not-there") == ""
    assert emulator("") == ""


def test_the_hosts_cpu_is_its_model_or_not_known(tmp_path: Path) -> None:
    told = tmp_path / "cpuinfo"
    told.write_text("processor\t: 0\nmodel name\t: A  CPU @ 2.0GHz\nprocessor\t: 1\n")
    assert host_cpu(told) == "A CPU @ 2.0GHz"
    assert host_cpu(tmp_path / "none") == ""
