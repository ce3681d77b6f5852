# SPDX-License-Identifier: GPL-2.0-only
"""Waiting for a descriptor of any number."""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess
from collections.abc import Iterator

import pytest

from zpmaint.core.readable import is_readable

HIGH = 3000


@pytest.fixture
def _room_for_many() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard <= HIGH:
        pytest.skip(f"NOT RUN: no more than {hard} descriptors are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, HIGH + 100), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("_room_for_many")
def test_a_descriptor_above_a_thousand_is_waited_for() -> None:
    """select(2) refuses it."""
    read, write = os.pipe()
    high = fcntl.fcntl(read, fcntl.F_DUPFD_CLOEXEC, HIGH)
    try:
        assert high >= HIGH
        assert not is_readable(high, 0.01)
        os.write(write, b"x")
        assert is_readable(high, 60)
    finally:
        for one in (read, write, high):
            os.close(one)


def test_an_end_and_a_negative_time_are_answers() -> None:
    read, write = os.pipe()
    try:
        assert not is_readable(read, -1.5)
        os.close(write)
        assert is_readable(read, 60)
    finally:
        os.close(read)


def test_a_process_that_ended() -> None:
    process = subprocess.Popen(["true"])
    handle = os.pidfd_open(process.pid)
    try:
        assert is_readable(handle, 60)
    finally:
        os.close(handle)
        process.wait()
