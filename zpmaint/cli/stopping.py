# SPDX-License-Identifier: GPL-2.0-only
"""SIGTERM as a wish to stop: whoever ends a machine, a job or a service sends it, and what is
nearly done is then worth its end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from zpmaint.matrix.stop import Haste, Stop

_TOLD = (
    b"zpmaint: SIGTERM: steps that run go to their ends, no other is begun; a second one, or ^C, "
    b"ends them at once\n"
)


@contextmanager
def stopped_by_sigterm() -> Iterator[Stop]:
    """A wish to stop that the first SIGTERM asks for. The second one is as ^C, wherever it comes:
    raises KeyboardInterrupt. Outside of the main thread, where no signal comes, nobody asks."""
    stop = Stop()

    def asked(_number: int, _frame: FrameType | None) -> None:
        if stop.haste is not Haste.NONE:
            raise KeyboardInterrupt
        stop.ask()
        # Of all that writes, this alone may be called while something else is being written.
        with suppress(OSError, ValueError):
            os.write(sys.stderr.fileno(), _TOLD)

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGTERM, asked)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
