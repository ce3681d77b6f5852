# SPDX-License-Identifier: GPL-2.0-only
"""The logs of a kernel as its page links to them. Pure but for asking whether each is there."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from zpmaint.publish.log_places import LogPlace
from zpmaint.publish.rows import Row
from zpmaint.publish.texts import Texts


@dataclass(frozen=True)
class ShownLog:
    """One log."""

    place: LogPlace
    folder: str
    """Of its pages, from the kernel's page, quoted; '' where its text is not there."""

    @property
    def href(self) -> str:
        """From the kernel's page; '' where its text is not there."""
        return f"{self.folder}/{quote(self.place.file())}" if self.folder else ""

    def line(self, number: int) -> str:
        """The link to one of its lines."""
        file, _, mark = self.place.at(number).partition("#")
        return f"{self.folder}/{quote(file)}#{mark}"


def shown_logs(row: Row, texts: Texts) -> dict[str, ShownLog]:
    """By name those of a kernel."""
    return {
        place.name: ShownLog(place, quote(row.stem) if texts.state(place) else "")
        for place in row.logs
    }
