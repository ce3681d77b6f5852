# SPDX-License-Identifier: GPL-2.0-only
"""What a run of the command line imports: counted, not timed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_TELL = """
import atexit, os, sys
out = os.fdopen(os.dup(2), "w")
atexit.register(lambda: print(*sorted(sys.modules), sep="\\n", file=out))
from zpmaint.cli.main import main
main()
"""


def imported(*words: str, env: dict[str, str] | None = None) -> set[str]:
    """The modules that were loaded when `zpmaint WORDS...`, a process of its own, ended well."""
    done = subprocess.run(
        [sys.executable, "-c", _TELL, *words],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), **(env or {})},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def top_level(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}
