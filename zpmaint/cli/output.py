# SPDX-License-Identifier: GPL-2.0-only
"""What the system says against the output (closed, its disk full) is told with its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def to_output(name: str = "standard output") -> Iterator[None]:
    """Give an OSError of the block that names no file the name of what was written to."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = name
        raise
