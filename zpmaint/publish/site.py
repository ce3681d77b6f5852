# SPDX-License-Identifier: GPL-2.0-only
"""The status page: a folder of plain files, written from the ledger and the declarations alone.

The same input gives the same bytes. Nothing on a page comes from elsewhere or runs a script.
"""

from __future__ import annotations

import functools
import json
import shlex
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from zpmaint.core.config import Config
from zpmaint.core.errors import UserError
from zpmaint.core.files import landing, locked
from zpmaint.core.result import Tone
from zpmaint.core.shown import json_visible, visible
from zpmaint.core.versions import KernelVersion
from zpmaint.judge.reading import sentences
from zpmaint.ledger.values import Record
from zpmaint.patchset.values import PatchSet, Telling
from zpmaint.publish import words
from zpmaint.publish.bench import Pair, trade_svg
from zpmaint.publish.charts import Chart, charts_of
from zpmaint.publish.kernels import Line, lines_of, picture
from zpmaint.publish.looks import LOOKS, PENDING
from zpmaint.publish.rows import Row, Standing, file_name, newest_good, patchsets_of, rows_of
from zpmaint.publish.status import holding_of, passing_of, status_json

if TYPE_CHECKING:
    from jinja2 import Environment

MARKER = ".zpmaint-site"
"""The file that says a folder is a site of ours, which the next one may replace."""

_FEED_ENTRIES = 60
_NAMESPACE = uuid.UUID("6f0c1f0e-7a70-5d74-9c3e-2b1d9a6f4e10")
"""Makes the feed's entries' names, which must stay the same for ever."""


@dataclass(frozen=True)
class _Set:
    """One patch set with all that its part of the page shows."""

    name: str
    title: str
    info: PatchSet | None
    rows: tuple[Row, ...]
    charts: tuple[Chart, ...]
    benchmarks: tuple[Pair, ...]
    """The full benchmarks of its kernels, oldest first."""

    @property
    def lines(self) -> list[Line]:
        """Its kernels side by side, where they were measured."""
        return lines_of(self.benchmarks, [row.record for row in self.rows if row.record])

    @property
    def bench_picture(self) -> str:
        """All of them in one picture; '' where there is no full benchmark."""
        return f"{self.folder}/bench.svg" if self.benchmarks else ""

    def benchmark(self, row: Row) -> Pair | None:
        """The full benchmark of a kernel."""
        names = (row.version, row.arch)
        return next((p for p in self.benchmarks if (p[0].version, p[0].arch) == names), None)

    @property
    def passing(self) -> tuple[int, int]:
        return passing_of(self.rows)

    @property
    def holding(self) -> int:
        return holding_of(self.rows)

    @property
    def has_memory(self) -> bool:
        """Whether a counter of memory tells on any of its kernels: a column for it then."""
        return any(row.memory for row in self.rows)

    @property
    def has_cost(self) -> bool:
        """Whether instructions were counted on any of its kernels."""
        return any(row.cost for row in self.rows)

    @property
    def tracked(self) -> list[Row]:
        return [row for row in self.rows if row.standing is Standing.TRACKED]

    @property
    def others(self) -> list[Row]:
        return [row for row in self.rows if row.standing is not Standing.TRACKED]

    @property
    def counts(self) -> list[tuple[str, int]]:
        looks = [row.look for row in self.tracked]
        return [(look, looks.count(look)) for look in LOOKS if look in looks]

    @property
    def good(self) -> list[tuple[str, str, Row | None]]:
        return newest_good(self.rows)

    @property
    def folder(self) -> str:
        return file_name(self.name)

    @property
    def badge(self) -> str:
        return f"{self.folder}/badge.svg"


def write_site(
    records: Iterable[Record],
    config: Config,
    patchsets: Sequence[PatchSet],
    out: Path,
    *,
    generated: float,
    base_url: str = "",
    benchmarks: Sequence[Pair] = (),
) -> list[Path]:
    """Write the whole site to `out`, replacing a former one by rename, and name its files.

    `records` is the ledger's whole history in any order; `patchsets` what patches/ says of the
    sets (a set that only the ledger knows is shown without its story); `generated` seconds since
    the epoch; `base_url` where the site will stand, for the feed, if that is known; `benchmarks`
    one for each kernel that has a full one, oldest kernel first.

    Raises UserError if `out` is something other than an empty folder or a former site."""
    files = site_files(
        records,
        config,
        patchsets,
        generated=generated,
        base_url=base_url,
        benchmarks=benchmarks,
    )
    with locked(out):
        _replaceable(out)
        with landing(out) as fresh:
            for name, data in files.items():
                path = fresh / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
    return [out / name for name in files]


def site_files(
    records: Iterable[Record],
    config: Config,
    patchsets: Sequence[PatchSet],
    *,
    generated: float,
    base_url: str = "",
    benchmarks: Sequence[Pair] = (),
) -> dict[str, bytes]:
    """The site's files by name, as `write_site` writes them."""
    records = list(records)
    infos = {info.name: info for info in patchsets}
    sets = [
        _set(config, records, name, infos.get(name), benchmarks)
        for name in patchsets_of(config, records)
    ]
    env = _environment()
    text: dict[str, str] = {
        MARKER: "A status page written by zpmaint; the next one replaces this folder whole.\n",
        "style.css": (Path(__file__).parent / "templates" / "style.css").read_text("utf-8"),
        "index.html": env.get_template("index.html.j2").render(
            sets=sets, root="", generated=generated
        ),
        "status.json": status_json([(s.name, s.title, s.rows) for s in sets], generated),
        "feed.xml": _feed(env, records, sets, base_url, generated),
    }
    for one in sets:
        text[one.badge] = env.get_template("badge.svg.j2").render(badge=_badge(one))
        if one.bench_picture:
            text[one.bench_picture] = picture(one.lines)
        for row in one.rows:
            measured = one.benchmark(row)
            if row.page and measured:
                text[row.bench_picture] = trade_svg(*measured)
            if row.patch:
                text[row.patch_file] = row.patch
            if row.page:
                text[row.page] = env.get_template("kernel.html.j2").render(
                    set=one,
                    row=row,
                    trap=_telling(one.info, row.version),
                    reading=sentences(measured[1]) if measured else [],
                    default_set=config.patch,
                    root="../",
                    generated=generated,
                )
    return {name: _bytes(name, data) for name, data in sorted(text.items())}


def _set(
    config: Config,
    records: list[Record],
    name: str,
    info: PatchSet | None,
    benchmarks: Sequence[Pair],
) -> _Set:
    rows = tuple(rows_of(config, records, name))
    mine = tuple(pair for pair in benchmarks if pair[0].patchset == name)
    return _Set(name, info.title if info else name, info, rows, tuple(charts_of(rows)), mine)


def _replaceable(out: Path) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UserError(f"{out}: not a folder", "name a folder for the site")
    if out.is_dir() and any(out.iterdir()) and not (out / MARKER).is_file():
        raise UserError(
            f"{out}: holds files that are not a former site; nothing was written",
            "name a new or empty folder: it is replaced whole",
        )


@functools.cache
def _environment() -> Environment:
    from jinja2 import ChainableUndefined, Environment, FileSystemLoader

    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        # A ledger keeps what older versions recorded: what is missing there is shown as a dash.
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters.update(
        number=words.number,
        signed=words.signed,
        mebibytes=words.mebibytes,
        moment=words.moment,
        day=words.day,
        iso=words.iso,
        duration=words.duration,
        percent=words.percent,
        href=quote,
        lines=_diff_lines,
        shell=lambda command: shlex.join(map(str, command)),
    )
    env.globals.update(looks=LOOKS, Standing=Standing)
    return env


def _diff_lines(patch: str) -> list[tuple[str, str]]:
    """A patch's lines, each with the class that colours it."""
    kinds = {"+": "add", "-": "del", "@": "at"}
    made = []
    for line in patch.splitlines():
        heading = line.startswith(("--- ", "+++ ", "diff ", "index "))
        made.append(("head" if heading else kinds.get(line[:1], ""), line))
    return made


def _telling(info: PatchSet | None, version: str) -> Telling | None:
    if info is None:
        return None
    try:
        parsed = KernelVersion.parse(version)
    except UserError:
        return None
    return next((telling for telling in info.telling if parsed in telling.era), None)


def _badge(one: _Set) -> dict[str, Any]:
    passing, tracked = one.passing
    held = one.holding
    tones = {row.tone for row in one.tracked}
    if Tone.BAD in tones:
        look, words = LOOKS["fail"], f"{passing + held} of {tracked} kernels"
    elif tones == {Tone.GOOD}:
        look, words = LOOKS["pass"], f"{passing} of {tracked} kernels"
    elif tracked and passing + held == tracked:
        # Never green: on some the patch's effect was not shown.
        look, words = LOOKS["no regression"], f"no regression on {tracked} kernels"
    else:
        look, words = LOOKS[PENDING], f"{passing + held} of {tracked} kernels"
    left, right = one.name, f"{look.sign} {words}"
    # About as wide as Verdana 11 px sets it; textLength makes it exact.
    widths = [round(len(text) * 6.3) + 12 for text in (left, right)]
    return {"left": left, "right": right, "widths": widths, "colour": look.colour}


def _feed(
    env: Environment, records: list[Record], sets: list[_Set], base_url: str, generated: float
) -> str:
    """The newest records; an attempt without a result is no news."""
    pages = {(r.patchset, r.version, r.arch): r.page for s in sets for r in s.rows}
    news = sorted(
        (r for r in records if r.result.settles),
        key=lambda r: (r.order, r.version, r.arch, r.patchset, r.key),
        reverse=True,
    )[:_FEED_ENTRIES]
    base = f"{base_url.rstrip('/')}/" if base_url else ""
    entries = [
        {
            "record": record,
            "id": uuid.uuid5(
                _NAMESPACE,
                json.dumps(
                    [
                        record.patchset,
                        record.version,
                        record.arch,
                        record.key,
                        record.finished,
                    ]
                ),
            ),
            "page": base + quote(pages[record.patchset, record.version, record.arch]),
        }
        for record in news
    ]
    return env.get_template("feed.xml.j2").render(
        entries=entries,
        generated=generated,
        base=base,
        id=uuid.uuid5(_NAMESPACE, base or "zpmaint"),
        sets=sets,
    )


def _bytes(name: str, text: str) -> bytes:
    if name.endswith(".patch"):
        return text.encode("utf-8", "surrogateescape")  # byte for byte what the port gave
    # Escape sequences and marks of direction are shown, not acted on.
    text = json_visible(text) if name.endswith(".json") else visible(text)
    return text.encode("utf-8", "replace")
