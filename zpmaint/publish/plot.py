# SPDX-License-Identifier: GPL-2.0-only
"""Pictures as SVG: axes, lines, marks. No scripts, no fonts of their own; light and dark; what
colour says, shape says too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, log10

_STYLE = """
.paper { fill: #fcfcfa } text { font: 12px system-ui, "Liberation Sans", sans-serif; fill: #1c2128 }
.title { font-size: 15px; font-weight: 640 } .head { font-weight: 600 } .dim { fill: #5f6873 }
.small { font-size: 10.5px }
.mono { font-family: ui-monospace, "DejaVu Sans Mono", monospace }
.axis { stroke: #8d99a6; fill: none } .grid { stroke: #e3e5e1; fill: none }
.line { stroke-width: 2; fill: none } .thin { stroke-width: 1.5; stroke-dasharray: 5 3; fill: none }
.stock { stroke: #6b7785 } .patched { stroke: #0f6cab } .mark { stroke-width: 1.5 }
.mark.stock { fill: #fcfcfa } .mark.patched { fill: #0f6cab }
.span { stroke: #c3cad2; stroke-width: 3 } .cross { stroke: #a83e00; stroke-dasharray: 2 3 }
.even { fill: #a83e00; stroke: #a83e00 }
.hollow { fill: #fcfcfa; stroke: #a83e00; stroke-width: 1.5 }
.hot { fill: #a83e00; font-weight: 600 } .t-stock { fill: #58626e } .t-patched { fill: #0f6cab }
@media (prefers-color-scheme: dark) {
.paper { fill: #14171b } text { fill: #dfe3e8 } .dim { fill: #929ca8 } .grid { stroke: #2c323a }
.stock { stroke: #9aa5b1 } .patched { stroke: #4fa3df } .mark.stock { fill: #14171b }
.mark.patched { fill: #4fa3df } .span { stroke: #3c444e } .cross { stroke: #ff9a5c }
.even { fill: #ff9a5c; stroke: #ff9a5c } .hollow { fill: #14171b; stroke: #ff9a5c }
.hot { fill: #ff9a5c } .t-stock { fill: #a9b3be } .t-patched { fill: #74b8ea } }
"""


def document(
    width: int, height: int, title: str, body: Sequence[str], description: str = ""
) -> str:
    """A whole SVG file; `description` is for who cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">\n<title>{escape(title, quote=False)}</title>\n'
        + (f"<desc>{escape(description, quote=False)}</desc>\n" if description else "")
        + f"<style>{_STYLE}</style>\n"
        f'<rect class="paper" width="{width}" height="{height}" rx="6"/>\n'
        + "\n".join(part for part in body if part)
        + "\n</svg>\n"
    )


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """`anchor` is start, middle or end."""
    named = f' class="{kind}"' if kind else ""
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{_n(x)}" y="{_n(y)}"{named}{place}>{escape(words, quote=False)}</text>'


def ticks(most: float, about: int = 5) -> list[float]:
    """Round steps from 0 to at least `most`."""
    if most <= 0:
        return [0.0, 1.0]
    raw = most / about
    base: float = 10.0 ** floor(log10(raw))
    step = next(base * times for times in (1, 2, 2.5, 5, 10) if base * times >= raw)
    return [n * step for n in range(ceil(most / step - 1e-9) + 1)]


@dataclass
class Plot:
    """A pair of axes from 0: `x`, `y` its upper left corner, all in pixels."""

    x: float
    y: float
    width: float
    height: float
    across: list[float]
    up: list[float]
    parts: list[str] = field(default_factory=list)

    def at(self, across: float, up: float) -> tuple[float, float]:
        return (
            self.x + self.width * across / self.across[-1],
            self.y + self.height * (1 - up / self.up[-1]),
        )

    def frame(self, title: str, unit: str, *, across: str = "", suffix: str = "") -> None:
        """The grid, with what each axis counts."""
        low = self.y + self.height
        self.parts.append(text(self.x, self.y - 22, title, "head"))
        self.parts.append(text(self.x, self.y - 7, unit, "dim"))
        for value in self.up:
            _, y = self.at(0, value)
            self.parts.append(_path("grid", [(self.x, y), (self.x + self.width, y)]))
            self.parts.append(text(self.x - 6, y + 4, f"{value:,g}", "dim", "end"))
        for value in self.across:
            x = self.x + self.width * value / self.across[-1]
            self.parts.append(_path("grid", [(x, self.y), (x, low)]))
            self.parts.append(text(x, low + 16, f"{value:,g}{suffix}", "dim", "middle"))
        self.parts.append(
            _path("axis", [(self.x, self.y), (self.x, low), (self.x + self.width, low)])
        )
        if across:
            middle = self.x + self.width / 2
            self.parts.append(text(middle, low + 34, across, "dim", "middle"))

    def line(self, kind: str, points: Sequence[tuple[float, float]]) -> None:
        self.parts.append(_path(kind, [self.at(*point) for point in points]))

    def dots(self, kind: str, points: Sequence[tuple[float, float]]) -> None:
        for point in points:
            self.parts.append(dot(*self.at(*point), f"mark {kind}", 3))

    def crossing(self, across: float, up: float, words: str, kind: str, *, left: bool) -> None:
        """A marked point with its line down to the axis; its words stand beside the line's foot."""
        x, y = self.at(across, up)
        low = self.y + self.height
        self.parts.append(_path("cross", [(x, y), (x, low)]))
        self.parts.append(dot(x, y, kind, 4.5))
        side = (-6, "end") if left else (6, "start")
        self.parts.append(text(x + side[0], low - 8, words, "hot", side[1]))

    def label(self, across: float, up: float, words: str, kind: str, *, dy: float = 0) -> None:
        """Words beside the right end of a line."""
        x, y = self.at(across, up)
        self.parts.append(text(x + 8, y + 4 + dy, words, kind))


def dot(x: float, y: float, kind: str, radius: float) -> str:
    return f'<circle class="{kind}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>'


def bar(x1: float, x2: float, y: float, kind: str) -> str:
    return _path(kind, [(x1, y), (x2, y)])


def _path(kind: str, points: Sequence[tuple[float, float]]) -> str:
    drawn = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
    return f'<path class="{kind}" d="M{drawn}"/>' if points else ""


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
