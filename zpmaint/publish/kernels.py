# SPDX-License-Identifier: GPL-2.0-only
"""All kernels side by side: what the patch costs and saves on each, as a picture and as a table.
Pure; the same records give the same bytes.

Of a kernel that has a full benchmark the figures are that one's. Of the others they are those of
the three passes of its verification, and the break-even is what `judge.breakeven`'s formula makes
of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zpmaint.core.versions import KernelVersion
from zpmaint.judge.benchmark import HOLDS, Benchmark
from zpmaint.judge.breakeven import BreakEven, break_even
from zpmaint.judge.reading import largest, trade
from zpmaint.publish import plot
from zpmaint.publish.bench import Pair
from zpmaint.publish.facts import Told
from zpmaint.publish.words import NONE, number
from zpmaint.suites.guest.patterns import PAGE_KB

Two = tuple[float, float | None]
"""A figure of stock, and of patched where there is such a kernel."""

_ARROW = "\N{RIGHTWARDS ARROW}"
_NEVER = "never"


@dataclass(frozen=True)
class Even:
    """From which share of later-written pages on the patch pays, in percent; None: never."""

    share: float | None
    same: bool = False
    """Both kernels cost the same at any share."""
    between: tuple[int, int] | None = None
    """The measured shares on either side, where it is not known better."""

    @classmethod
    def of(cls, found: BreakEven) -> Even:
        return cls(found.pays_from, found.by == "same", found.between)

    def __str__(self) -> str:
        if self.same:
            return "the same"
        if self.share is None:
            return _NEVER
        if self.share == 0:
            return "always"
        if self.between:
            return "{}\N{EN DASH}{}%".format(*self.between)
        return f"{self.share:.1f}%"


@dataclass(frozen=True)
class Line:
    """One kernel. Costs are per page; None where it was not measured."""

    version: str
    arch: str
    unit: str
    full: bool
    """Whether the figures are a full benchmark's."""
    read: Two | None = None
    write: Two | None = None
    """The first write to what was read."""
    fresh: Two | None = None
    """Writing untouched memory."""
    unmap: Two | None = None
    huge_read: Two | None = None
    huge_write: Two | None = None
    held: Two | None = None
    """kB of anonymous memory for each page that was only read."""
    rss: Two | None = None
    """The same as VmRSS says it."""
    faults: Even | None = None
    life: Even | None = None
    """With unmapping."""
    huge: Even | None = None


Verified = tuple[str, str, Sequence[Told]]
"""Version and architecture of a kernel, and `Facts.passes` of its verification."""


def lines_of(pairs: Iterable[Pair], verified: Iterable[Verified] = ()) -> list[Line]:
    """A line for each kernel, oldest first. Of the `verified` those that have a full benchmark are
    left out."""
    found = {(record.version, record.arch): _full(record.version, record.arch, benchmark)
             for record, benchmark in pairs}  # fmt: skip
    for version, arch, passes in verified:
        if (version, arch) not in found and (line := _verified(version, arch, passes)):
            found[version, arch] = line
    return sorted(found.values(), key=lambda one: (KernelVersion.parse(one.version), one.arch))


def _full(version: str, arch: str, found: Benchmark) -> Line:
    def cost(pattern: str, name: str, *, huge: bool = False) -> Two | None:
        row = largest(found, pattern, name, huge=huge)
        if row is None or row.cost["stock"] is None:
            return None
        return row.cost["stock"], row.cost.get("patched")

    def level(name: str, times: int) -> Two | None:
        row = largest(found, "read", "read", huge=False)
        figures = row.levels.get(name) if row else None
        if row is None or figures is None or figures["stock"] is None:
            return None
        patched = figures.get("patched")
        each = times / row.pages
        return figures["stock"] * each, None if patched is None else patched * each

    base, huge = (trade(found, "mixed", huge=kind) for kind in (False, True))
    return Line(
        version=version,
        arch=arch,
        unit=found.unit,
        full=True,
        read=cost("read", "read"),
        write=cost("read-write", "write"),
        fresh=cost("write", "write"),
        unmap=cost("read", "unmap"),
        huge_read=cost("read", "read", huge=True),
        huge_write=cost("read-write", "write", huge=True),
        held=level(HOLDS, PAGE_KB),
        rss=level("VmRSS", 1),
        faults=Even.of(base.faults) if base else None,
        life=Even.of(base.life) if base else None,
        huge=Even.of(huge.faults) if huge else None,
    )


def _verified(version: str, arch: str, passes: Sequence[Told]) -> Line | None:
    """None where the verification measured nothing that counts."""
    found: dict[tuple[str, str], Two] = {
        (counter, phase): (stock, patched) for counter, phase, stock, patched in passes
    }
    unit = "instructions/page"
    read, write = found.get((unit, "read")), found.get((unit, "write"))
    if read is None or write is None:
        return None
    faults = None
    if read[1] is not None and write[1] is not None:
        crossing = break_even(
            {0: read[0], 100: read[0] + write[0]}, {0: read[1], 100: read[1] + write[1]}
        )
        faults = Even.of(crossing)
    # What is written afresh is all of the mapping: a figure of it is one of all pages.
    pages = _pages(found)
    return Line(
        version=version,
        arch=arch,
        unit="instructions",
        full=False,
        read=read,
        write=write,
        fresh=found.get((unit, "fresh-write")),
        held=_each(found.get(("StatmAnon", "read")), PAGE_KB, pages),
        rss=_each(found.get(("VmRSS", "read")), 1, pages),
        faults=faults,
    )


def _pages(found: dict[tuple[str, str], tuple[float, float | None]]) -> float | None:
    faults = found.get(("MinorFaults", "fresh-write"))
    return faults[0] if faults else None


def _each(
    figures: tuple[float, float | None] | None, times: int, pages: float | None
) -> Two | None:
    if figures is None or not pages:
        return None
    patched = figures[1]
    return figures[0] * times / pages, None if patched is None else patched * times / pages


# --- the picture ------------------------------------------------------------------------------

_ROW = 26
_TOP = 92
_PANELS = ((170, 230), (470, 230), (770, 140), (980, 250))


def picture(lines: Sequence[Line]) -> str:
    """A row for each kernel: what reading a page costs and what writing it afterwards does, stock
    to patched; the memory; the break-even."""
    low = _TOP + _ROW * len(lines) + 6
    top = plot.ticks(
        max((v for one in lines for two in (one.read, one.write) if two for v in two if v),
            default=1.0)
    )  # fmt: skip
    unit = lines[0].unit if lines else "instructions"
    scales = (top, top, [0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 20.0, 40.0, 60.0, 80.0, 100.0])
    read, write, held, share = (
        plot.Plot(x, _TOP, width, low - _TOP, scale, [])
        for (x, width), scale in zip(_PANELS, scales, strict=True)
    )
    read.frame("reading an untouched page", f"{unit} per page")
    write.frame("the first write to it afterwards", f"{unit} per page")
    held.frame("memory after the read", "kB per page")
    share.frame("written later, so that the patch pays", "of the read pages", suffix="%")
    body = [plot.text(24, 34, "What the patch costs and saves, kernel by kernel", "title")]
    for panel in (read, write, held, share):
        body += panel.parts
    arches = {one.arch for one in lines}
    for number_, one in enumerate(lines):
        y = _TOP + _ROW * (number_ + 0.5) + 3
        name = one.version if len(arches) == 1 else f"{one.version} {one.arch}"
        body.append(plot.text(24, y + 4, name, "mono"))
        body += _dumbbell(read, one.read, y)
        body += _dumbbell(write, one.write, y)
        body += _dumbbell(held, one.held, y)
        if one.rss and one.rss[1] is not None and abs(one.rss[1] - one.rss[0]) < 0.04:
            middle = held.x + held.width / 2
            body.append(plot.text(middle, y - 3, "not in VmRSS", "dim small", "middle"))
        body += _evens(share, one, y)
    return plot.document(1270, low + 66, "What the patch costs and saves", [*body, *_key(low + 48)])


def _key(y: float) -> list[str]:
    return [
        plot.dot(174, y - 4, "mark stock", 4),
        plot.text(184, y, "stock"),
        plot.dot(244, y - 4, "mark patched", 4),
        plot.text(254, y, "patched"),
        plot.dot(640, y - 4, "even", 4.5),
        plot.text(650, y, "base pages"),
        plot.dot(744, y - 4, "hollow", 4.5),
        plot.text(754, y, "base pages, unmapping counts"),
        _diamond(962, y - 4),
        plot.text(972, y, "huge pages, written spread evenly"),
    ]


def _at(panel: plot.Plot, value: float) -> float:
    return panel.x + panel.width * value / panel.across[-1]


def _dumbbell(panel: plot.Plot, two: Two | None, y: float) -> list[str]:
    if two is None:
        return [plot.text(panel.x + 4, y + 4, "not measured", "dim")]
    stock = plot.dot(_at(panel, two[0]), y, "mark stock", 4)
    if two[1] is None:
        return [stock]
    ends = _at(panel, two[0]), _at(panel, two[1])
    return [plot.bar(*ends, y, "span"), stock, plot.dot(ends[1], y, "mark patched", 4)]


def _diamond(x: float, y: float) -> str:
    return f'<path class="even" d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5-5z"/>'


def _evens(panel: plot.Plot, one: Line, y: float) -> list[str]:
    if one.faults is None:
        return [plot.text(panel.x + 4, y + 4, "no pair to compare", "dim")]
    parts: list[str] = []
    if one.life and one.life.share is not None:
        parts.append(plot.dot(_at(panel, one.life.share), y, "hollow", 4.5))
    if one.faults.share is not None:
        parts.append(plot.dot(_at(panel, one.faults.share), y, "even", 4.5))
    if one.huge and one.huge.share is not None and not one.huge.same:
        parts.append(_diamond(_at(panel, one.huge.share), y))
    return parts or [plot.text(panel.x + 4, y + 4, _NEVER, "dim")]


# --- the table --------------------------------------------------------------------------------

_LEGEND = """\
{unit} per page, stock {arrow} patched; one figure where there is no patched kernel, as upstream
itself behaves so. *pays*: from which share of the read pages that are written later the patch costs
no more, by faults alone / with unmapping. *held*: kB of memory for each page that was only read, as
the process's anonymous pages / as VmRSS. Huge pages: the written ones spread evenly. Kernels marked
\\* have no full benchmark: their figures are those of the 64 MB passes of their verification.
"""


def table(lines: Sequence[Line]) -> str:
    """All kernels as one Markdown table, newest first."""
    heads = (
        "kernel", "arch", "read", "then write", "write first", "unmap", "pays", "held, kB",
        "huge: read", "huge: then write", "huge: pays",
    )  # fmt: skip
    units = " or ".join(sorted({one.unit for one in lines})) or "instructions"
    return "\n".join(
        [
            "# What the patch costs and saves, kernel by kernel",
            "",
            _LEGEND.format(unit=units.capitalize(), arrow=_ARROW),
            _row(heads),
            _row(["---", "---", *("---:" for _ in heads[2:])]),
            *(_row(_cells(one)) for one in reversed(lines)),
            "",
        ]
    )


def _cells(one: Line) -> list[str]:
    return [
        one.version if one.full else rf"{one.version} \*",
        one.arch,
        *(_arrow(two) for two in (one.read, one.write, one.fresh, one.unmap)),
        " / ".join(str(even) for even in (one.faults, one.life) if even) or NONE,
        f"{_arrow(one.held)} / {_arrow(one.rss)}",
        _arrow(one.huge_read),
        _arrow(one.huge_write),
        str(one.huge) if one.huge else NONE,
    ]


def _arrow(two: Two | None) -> str:
    if two is None:
        return NONE
    return number(two[0]) if two[1] is None else f"{number(two[0])} {_ARROW} {number(two[1])}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
