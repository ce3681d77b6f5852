# SPDX-License-Identifier: GPL-2.0-only
"""rich's console, on which nobody's text does more than to be read.

What tables and notes hold comes from guests, compilers, patches and servers: an escape sequence in
it is shown as such and never reaches the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from zpmaint.core.shown import visible


class SafeConsole(Console):
    """Whatever is rendered goes through here; rich's own control codes are segments apart."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))
