# SPDX-License-Identifier: GPL-2.0-only
"""The entry: `zpmaint`, and python -m zpmaint. Nothing is imported here but what Python itself has
loaded already, so that ^C is answered while all else is being imported."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

_INTERRUPTED = 130
_SAID = b"zpmaint: interrupted; what was recorded stays, the same command goes on from there\n"


def main() -> None:
    """Run the command line and exit with its status."""
    heeds = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN  # it may be in the background
    if heeds:
        signal.signal(signal.SIGINT, _leave)
    _open_streams()
    from zpmaint.cli.main import status_of  # noqa: PLC0415

    status = _INTERRUPTED
    try:
        if heeds:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        status = status_of(None)
    finally:
        if heeds:
            signal.signal(signal.SIGINT, _leave)
    sys.exit(status)


def _leave(number: int, frame: FrameType | None) -> None:
    """Before the work and after it there is nothing to put away."""
    os.write(2, _SAID)
    os._exit(_INTERRUPTED)


def _open_streams() -> None:
    """Have all three: a file that was opened in the place of one that the caller has closed would
    get what is printed. What is printed to a closed one fails as it does elsewhere."""
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(number, "w", errors="backslashreplace", closefd=False))
        elif hasattr(stream, "reconfigure"):
            # A name that is no UTF-8, or a terminal that knows no other signs, ends nothing.
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
