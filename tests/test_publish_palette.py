# SPDX-License-Identifier: GPL-2.0-only
"""The colours of charts, as eyes with and without colour blindness see them, on light and dark.

Simulated by the matrices of G. Machado, M. Oliveira, L. Fernandes: A Physiologically-based Model
for Simulation of Color Vision Deficiency, IEEE TVCG 15:1291, 2009 (severity 1.0), on linear light.
Distances are CIE 1976 L*a*b*: 2 is what a careful eye tells apart side by side. Contrast is that of
WCAG 2: 3 to 1 for what is drawn, 4.5 to 1 for text.
"""

from __future__ import annotations

import re
from itertools import combinations
from math import dist
from pathlib import Path

import pytest

STYLE = Path(__file__).parent.parent / "zpmaint" / "publish" / "templates" / "style"
Colour = tuple[float, float, float]

EYES: dict[str, tuple[Colour, Colour, Colour]] = {
    "as most": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
DRAWN = ("--trace-stock", "--trace-patched", "--trace-pair", "--trace-change")
TOGETHER = (
    ("--trace-stock", "--trace-patched", "--trace-change"),
    ("--trace-pair", "--trace-change"),
)
"""What lies in one drawing."""
APART = 20.0


def scheme(dark: bool) -> dict[str, str]:
    """The colours by name, as the style sheet gives them."""
    found: dict[str, str] = {}
    for path in sorted(STYLE.glob("*.css")):
        text = path.read_text("utf-8")
        for block in re.finditer(r"(@media [^{]*\{\s*)?:root \{([^}]*)\}", text):
            asked = block[1] or ""
            if not asked or (dark and "dark" in asked):
                found |= dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6})", block[2]))
    return found


def linear(colour: str) -> Colour:
    red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))

    def one(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return one(red), one(green), one(blue)


def seen(colour: str, eyes: str) -> Colour:
    light = linear(colour)
    red, green, blue = (
        min(max(sum(m * part for m, part in zip(row, light, strict=True)), 0.0), 1.0)
        for row in EYES[eyes]
    )
    return red, green, blue


def lab(light: Colour) -> Colour:
    red, green, blue = light
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883

    def f(part: float) -> float:
        return part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116

    return 116 * f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))


def contrast(one: Colour, other: Colour) -> float:
    low, high = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_the_measures_are_right() -> None:
    black, white = linear("#000000"), linear("#ffffff")
    assert contrast(black, white) == pytest.approx(21.0)
    assert lab(white) == pytest.approx((100, 0, 0), abs=0.02)
    assert dist(lab(linear("#ff0000")), lab(linear("#00ff00"))) == pytest.approx(170.6, abs=0.2)
    # Red and green of one lightness, which most eyes tell apart and these do not.
    red, green = "#c05050", "#7f7f3f"
    far = dist(lab(seen(red, "as most")), lab(seen(green, "as most")))
    near = dist(lab(seen(red, "deuteranopia")), lab(seen(green, "deuteranopia")))
    assert far > 45 and near < far / 2


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("eyes", EYES)
def test_lines_of_one_drawing_are_told_apart(eyes: str, dark: bool) -> None:
    colours = scheme(dark)
    for together in TOGETHER:
        for one, other in combinations(together, 2):
            apart = dist(lab(seen(colours[one], eyes)), lab(seen(colours[other], eyes)))
            assert apart >= APART, f"{one} and {other}: {apart:.1f}"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("eyes", EYES)
def test_lines_and_numbers_stand_out_of_their_ground(eyes: str, dark: bool) -> None:
    colours = scheme(dark)
    ground = seen(colours["--sheet"], eyes)
    for name in DRAWN:
        least = 4.5 if name == "--trace-change" else 3.0  # its numbers are text
        found = contrast(seen(colours[name], eyes), ground)
        assert found >= least, f"{name}: {found:.2f}"


def test_colour_is_never_alone() -> None:
    style = (STYLE / "50-charts.css").read_text("utf-8")
    stock = re.search(r"\.trace\.stock \{([^}]*)\}", style)
    patched = re.search(r"\.trace\.patched \{([^}]*)\}", style)
    assert stock and "stroke-dasharray" in stock[1]
    assert patched and "stroke-dasharray" not in patched[1]
    assert "fill: var(--sheet)" in style.partition(".dot.stock")[2].partition("}")[0]
