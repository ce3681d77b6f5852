# SPDX-License-Identifier: GPL-2.0-only
"""TOML as its author wrote it: read with an error that names the file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from zpmaint.core.errors import UserError

_DEEPEST = 100
"""Parts of a dotted key. tomllib takes the square of their number, and Python dies of a table that
is some ten thousand deep."""
_DEEP_KEY = re.compile(rf"(?<![\w\"'-])(?:[\w\"'-]++\s*+\.\s*+){{{_DEEPEST}}}")


def read_toml(path: Path, *, absent: str = "", hint: str = "") -> dict[str, Any]:
    """The tables of a file. Raises UserError where it cannot be read or is no TOML; of a file that
    is not there with what that means (`absent`) and what to do (`hint`)."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file{absent and f': {absent}'}", hint) from None
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not TOML: {error}") from None
    return parse_toml(text, path)


def parse_toml(text: str, name: str | Path) -> dict[str, Any]:
    """The tables of `text`. Raises UserError, naming the file, where it is no TOML."""
    if _DEEP_KEY.search(text):
        raise UserError(f"{name}: not TOML of ours: a key of more than {_DEEPEST} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise UserError(f"{name}: not TOML: arrays or tables nested too deep") from None
    except ValueError as error:  # also for a number of more digits than Python reads
        raise UserError(f"{name}: not TOML: {error}") from None
