"""What all tests share: an own cache and state, no leftovers of the caller's environment."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

# What a shell starts in the background ignores ^C, and so would all that the tests start and
# interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

_OURS = ("ZPMAINT_PROJECT", "ZPMAINT_HOME")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache, ledger or git configuration."""
    for name in [*_OURS, *(key for key in os.environ if key.startswith("GIT_"))]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZPMAINT_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def kernel_git() -> Path:
    """A git mirror of the kernel with its old tags; the test is skipped without one."""
    named = os.environ.get("ZPMAINT_KERNEL_GIT")
    if not named:
        pytest.skip("NOT RUN: set ZPMAINT_KERNEL_GIT to a git repository with the kernel's tags")
    path = Path(named)
    if not path.exists():
        pytest.fail(f"ZPMAINT_KERNEL_GIT names {named}, which is not there")
    return path
