# SPDX-License-Identifier: GPL-2.0-only
"""What a cell used of the processors is counted as ours.

bubblewrap ends before the first process of its namespaces and never waits for it. Orphans come to
init, and with them their CPU time is lost to us, unless we ask for them (prctl(2),
PR_SET_CHILD_SUBREAPER): then whoever measures a run sees its compilers, too.
"""

from __future__ import annotations

import ctypes
import functools
import os
from contextlib import suppress

_PR_SET_CHILD_SUBREAPER = 36


@functools.cache
def ask_for_them() -> None:
    """From now on orphans below this process are its children. Where the kernel has no such call
    all works as well, and less is counted."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap(pid: int) -> None:
    """Wait for an orphan that has ended; nothing where it is not ours."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
