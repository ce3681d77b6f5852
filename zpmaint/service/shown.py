# SPDX-License-Identifier: GPL-2.0-only
"""Documents as bytes. Pure."""

from __future__ import annotations

import json
from typing import Any

from zpmaint.core.shown import json_visible


def shown_json(document: Any) -> bytes:
    """JSON that nothing on its way acts on."""
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    return (json_visible(text) + "\n").encode()
