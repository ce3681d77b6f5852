# SPDX-License-Identifier: GPL-2.0-only
"""Words to the service manager, as sd_notify(3) has them: ready, still alive, stopping."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def tell(*words: str) -> None:
    """Tell systemd, if it started us and listens. That it does not listen is no trouble of ours."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if not place:
        return
    if place.startswith("@"):
        place = f"\0{place[1:]}"
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect(place)
        out.send("\n".join(words).encode())
