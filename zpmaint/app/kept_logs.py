# SPDX-License-Identifier: GPL-2.0-only
"""Logs and consoles of a verification, kept whole beside the ledger. A verdict stands for minutes
of work and does not fail for the sake of a log: one that cannot be kept is said and left."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.errors import InfraError
from zpmaint.core.progress import Reporter
from zpmaint.ledger.logs import LogStore
from zpmaint.ledger.told import LogRecord

_DEFINED = re.compile(r"^#define (CONFIG_\w+?)(_MODULE)?(?: (.*))?$", re.MULTILINE)


@dataclass(frozen=True)
class KeptLogs:
    """Where they are kept, and who hears of what cannot be."""

    store: LogStore
    reporter: Reporter

    def file(self, path: Path | None) -> LogRecord | None:
        """What is in a file, as it is kept; None where there is no file or it cannot be kept."""
        if path is None:
            return None
        try:
            return self.store.keep_file(path)
        except (InfraError, OSError) as error:
            self._left(path, error)
            return None

    def config(self, autoconf: Path | None) -> LogRecord | None:
        """A kernel's configuration, as a .config that says what is set, of the header that the
        kernel was compiled with."""
        if autoconf is None:
            return None
        try:
            return self.store.keep(config_of(autoconf.read_text(errors="replace")).encode())
        except (InfraError, OSError) as error:
            self._left(autoconf, error)
            return None

    def _left(self, path: Path, error: Exception) -> None:
        with self.reporter.step("keep the logs") as step:
            step.note(f"{path}: not kept whole beside the ledger: {error}")


def config_of(autoconf: str) -> str:
    """The lines of a .config that an autoconf.h stands for, sorted; what is not set is not said."""
    lines = []
    for name, module, value in _DEFINED.findall(autoconf):
        lines.append(f"{name}={'m' if module else 'y' if value == '1' else value}\n")
    return "".join(sorted(lines))
