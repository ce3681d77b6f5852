# SPDX-License-Identifier: GPL-2.0-only
"""Values of JSON's types that are remembered in a file, with a digest of what they are.

Each can be found out again. So one that is damaged is not used and stops nobody: it is set aside
with a word, and is to the caller as if it had never been.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from zpmaint.core.files import write_whole
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.sealed import set_aside


def remember(path: Path, value: Any) -> None:
    """Keep `value`. Raises DiskError."""
    text = _text(json.loads(json.dumps(value)))  # as it will be read: all keys are strings then
    write_whole(path, f'{{"sha256": "{_digest(text)}",\n"value": {text}}}\n')


def recall(path: Path, reporter: Reporter = SILENT) -> Any:
    """What was remembered; None where nothing was, and where it is damaged, of which `reporter`
    hears."""
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        set_aside(path, f"cannot be read: {error.strerror}", reporter)
        return None
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and found.keys() == {"sha256", "value"}:
        if found["sha256"] == _digest(_text(found["value"])):
            return found["value"]
    elif found is not None:
        return None  # an earlier zpmaint's, which vouched for nothing
    set_aside(path, "damaged", reporter)
    return None


def place_of(folder: Path, parts: Any) -> Path:
    """Where below `folder` that is kept which was made of `parts`, values of JSON's types."""
    key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]
    return folder / key[:2] / f"{key}.json"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
