# SPDX-License-Identifier: GPL-2.0-only
"""The curve as a picture: one SVG file, without scripts or fonts, readable without colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from zpmaint.evaluate.curve import Point
from zpmaint.evaluate.labels import placed
from zpmaint.evaluate.verdicts import Tally

_WIDTH, _HEIGHT = 860, 340
TOP, BOTTOM = 46, 290
LEFT, RIGHT = (60, 400), (500, 840)
_STYLE = """
text { font: 12px sans-serif; fill: #222 } .title { font-weight: bold; font-size: 13px }
.axis { stroke: #888; stroke-width: 1; fill: none } .grid { stroke: #ddd; stroke-width: 1 }
.equal { stroke: #0b61a4; stroke-width: 2; fill: none }
.different { stroke: #b3471d; stroke-width: 2; fill: none; stroke-dasharray: 6 3 }
.tool { fill: #555 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .grid { stroke: #444 }
.equal { stroke: #6db3f2 } .different { stroke: #f2a07b } .tool { fill: #bbb } }
"""


def svg(title: str, points: Sequence[Point], tools: Iterable[tuple[str, Tally]]) -> str:
    """Left: what is equal and what is silently different, over the threshold. Right: one against
    the other, with the other tools as points: up and to the left is better."""
    others = list(tools)
    shares = [t.share(t.different) for _, t in others]
    most = max([0.0, *(point.different for point in points), *shares])
    wide = max(5.0, 5.0 * (int(most / 5) + 1))
    left = Plot(LEFT, (0.0, 1.0), (0.0, 100.0))
    right = Plot(RIGHT, (0.0, wide), (0.0, 100.0))
    body = [
        f'<text class="title" x="{LEFT[0]}" y="18">{escape(title)}</text>',
        left.frame("confidence at least", "% of the cases", 0.2, ".1f"),
        left.steps("equal", [(p.threshold, p.equal) for p in points]),
        left.steps("different", [(p.threshold, p.different) for p in points]),
        label(LEFT[0] + 8, TOP - 8, "— equal to the truth   - - clean but different"),
        right.frame("% clean but different", "% equal to the truth", wide / 5, ".0f"),
        right.line("equal", [(p.different, p.equal) for p in points]),
        label(RIGHT[0] + 8, TOP - 8, "— zpmaint, by threshold   • others"),
    ]
    body += right.dots(
        [(name, t.share(t.different), t.share(t.equal)) for name, t in others],
        [(p.different, p.equal) for p in points],
    )
    return picture(title, body)


def picture(title: str, body: Iterable[str]) -> str:
    """A whole SVG file of these parts."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        + "\n".join(body)
        + "\n</svg>\n"
    )


class Plot:
    """One pair of axes."""

    def __init__(
        self, place: tuple[int, int], across: tuple[float, float], up: tuple[float, float]
    ) -> None:
        self._place, self._across, self._up = place, across, up

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the axes stands in the picture."""
        (low, high), (first, last) = self._across, self._place
        (floor, ceiling) = self._up
        return (
            round(first + (last - first) * (x - low) / (high - low), 1),
            round(BOTTOM - (BOTTOM - TOP) * (y - floor) / (ceiling - floor), 1),
        )

    def frame(self, across: str, up: str, step: float, form: str) -> str:
        (first, last), low = self._place, self._across[0]
        out = []
        for n in range(6):
            x, y = self.at(low + n * step, 20 * n)
            out.append(f'<path class="grid" d="M{first} {y}H{last}M{x} {TOP}V{BOTTOM}"/>')
            out.append(label(x, BOTTOM + 16, format(low + n * step, form), "middle"))
            out.append(label(first - 6, y + 4, str(20 * n), "end"))
        out.append(f'<path class="axis" d="M{first} {TOP}V{BOTTOM}H{last}"/>')
        out.append(label((first + last) / 2, BOTTOM + 36, across, "middle"))
        turn = f'transform="rotate(-90 {first - 40} {(TOP + BOTTOM) / 2})"'
        out.append(label(first - 40, (TOP + BOTTOM) / 2, up, "middle", turn))
        return "\n".join(out)

    def steps(self, kind: str, points: Sequence[tuple[float, float]]) -> str:
        """A line that holds each value up to its threshold."""
        path = ""
        for x, y in points:
            along, height = self.at(x, y)
            path += f"M{self.at(self._across[0], y)[0]} {height}" if not path else f"V{height}"
            path += f"H{along}"
        return f'<path class="{kind}" d="{path}"/>'

    def line(self, kind: str, points: Sequence[tuple[float, float]]) -> str:
        path = "L".join("{} {}".format(*self.at(x, y)) for x, y in points)
        return f'<path class="{kind}" d="M{path}"/>' if path else ""

    def dots(
        self, named: Sequence[tuple[str, float, float]], line: Sequence[tuple[float, float]]
    ) -> list[str]:
        """Points with their names, which keep clear of each other and of the line."""
        spots = [(name, self.at(x, y)) for name, x, y in named]
        room = (self._place[0], TOP, _WIDTH, BOTTOM)
        labels = placed(spots, [self.at(x, y) for x, y in line], room)
        return [
            f'<circle class="tool" cx="{x}" cy="{y}" r="4"/>'
            + label(round(name.x, 1), round(name.y, 1), name.text, name.anchor)
            for (_, (x, y)), name in zip(spots, labels, strict=True)
        ]


def label(x: float, y: float, text: str, anchor: str = "start", more: str = "") -> str:
    """A text with its place."""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {more}>{escape(text)}</text>'
