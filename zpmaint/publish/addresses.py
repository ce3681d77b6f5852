# SPDX-License-Identifier: GPL-2.0-only
"""Where the files of a line stand, from the site's root; not quoted. Permanent."""

from __future__ import annotations

from zpmaint.publish.names import file_name
from zpmaint.timeline.values import Line


def stem_of(line: Line) -> str:
    """The line's name as a file name, safe whatever the ledger holds."""
    return file_name(line.name)


def line_page(line: Line) -> str:
    return f"{file_name(line.patchset)}/lines/{stem_of(line)}.html"


def line_feed(line: Line) -> str:
    return f"feeds/{file_name(line.patchset)}/{stem_of(line)}.xml"


def line_badge(line: Line) -> str:
    return f"{file_name(line.patchset)}/badges/{stem_of(line)}.svg"


def set_feed(patchset: str) -> str:
    return f"feeds/{file_name(patchset)}.xml"


STATUS = "status.json"
SCHEMA = "schema/status-2.json"
FEED = "feed.xml"
"""Of the whole site."""
CALENDAR = "calendar.ics"
LASTING = "patches/sha256/"
"""What stands below is named by its content and stays in the site for ever, whatever the ledger
knows of it."""
