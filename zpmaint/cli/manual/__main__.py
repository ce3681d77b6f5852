# SPDX-License-Identifier: GPL-2.0-only
"""`ci/reference`: write the reference of this checkout, or with --check say what is not current."""

from __future__ import annotations

import sys
from pathlib import Path

from zpmaint.cli.manual.written import stale, write

_TOP = Path(__file__).resolve().parents[3]


def main(words: list[str]) -> int:
    """The exit status: with --check 1 where a file is not current."""
    only_check = words == ["--check"]
    if words and not only_check:
        sys.stderr.write("usage: ci/reference [--check]\n")
        return 2
    found = stale(_TOP) if only_check else write(_TOP)
    for path in found:
        sys.stdout.write(f"{path}: {'not current' if only_check else 'written'}\n")
    return 1 if found and only_check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
