# SPDX-License-Identifier: GPL-2.0-only
"""rich's console, on which nobody's text does more than to be read.

What tables and notes hold comes from guests, compilers, patches and servers: an escape sequence in
it is shown as such and never reaches the terminal.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from zpmaint.cli.output import to_output
from zpmaint.core.shown import visible


class SafeConsole(Console):
    """Whatever is rendered goes through here; rich's own control codes are segments apart."""

    def on_broken_pipe(self) -> None:
        """Leave it to the one handler of errors, which looks at whose pipe it is; rich would put
        /dev/null in the place of standard output and end the process."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    def print(self, *objects: Any, **how: Any) -> None:
        """See Console.print; what the system says against it names the output."""
        with to_output("standard error" if self.stderr else "standard output"):
            super().print(*objects, **how)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))
