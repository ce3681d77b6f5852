# SPDX-License-Identifier: GPL-2.0-only
"""A bug of ours: the traceback goes to a file that can be sent, the user sees one line."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback

from zpmaint import __version__


def keep(error: BaseException) -> str:
    """Write what a maintainer needs of `error` to a file of its own; its name."""
    handle, name = tempfile.mkstemp(prefix="zpmaint-crash-", suffix=".txt")
    with os.fdopen(handle, "w") as out:
        out.write(
            f"zpmaint {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
            f"{' '.join(sys.argv)}\n\n{''.join(traceback.format_exception(error))}"
        )
    return name
