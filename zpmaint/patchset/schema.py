# SPDX-License-Identifier: GPL-2.0-only
"""patch.toml: the keys of a patch set, what they may hold, and what must agree between them."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import (
    Field,
    PlainValidator,
    StringConstraints,
    model_validator,
)

from zpmaint.core.eras import Era
from zpmaint.core.errors import UserError
from zpmaint.core.strict import Arch
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.panels import ColumnTable, PanelTable
from zpmaint.patchset.table_base import Said, Table


def _version(text: object) -> KernelVersion:
    if not isinstance(text, str):
        raise ValueError(f'{text!r} is not a kernel version; write it in quotes: "6.12"')
    try:
        return KernelVersion.parse(text)
    except UserError as error:
        raise ValueError(str(error)) from None


def _day(value: object) -> str:
    """A day of TOML, quoted or not."""
    text = str(value)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is no day; write it as 2007-04-16") from None


Version = Annotated[KernelVersion, PlainValidator(_version)]


class EraTable(Table):
    """What holds in [since, until); each may be left out."""

    since: Version | None = None
    """The first kernel that it holds for; left out: all before `until`."""
    until: Version | None = None
    """The first kernel that it no longer holds for; left out: all from `since` on."""
    why: Said
    """The reason, for whoever reads it next."""

    @model_validator(mode="after")
    def _forward(self) -> EraTable:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError(
                f"the era ends ({self.until}) before it begins ({self.since}); "
                "`until` is the first kernel after it"
            )
        return self

    @property
    def era(self) -> Era:
        return Era(self.since, self.until)


Day = Annotated[str, PlainValidator(_day)]
"""YYYY-MM-DD."""


def anchor_name(file: str) -> str:
    """What an anchor is called: its file without the ending; a folder's name as it is."""
    return re.sub(r"\.(patch|mbox|mbx)$", "", file)


class AnchorTable(EraTable):
    """[[anchor]]: the patch, or the series, as a person cut it against one kernel."""

    file: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    """A .patch, an mbox (.mbox, .mbx), or a folder of patches, in the set's own folder."""
    version: Version
    """The kernel that it was made for, as shown."""
    base: Version
    """The kernel whose files it fits."""

    @property
    def name(self) -> str:
        return anchor_name(self.file)

    @model_validator(mode="after")
    def _at_home(self) -> AnchorTable:
        if self.base not in self.era:
            raise ValueError(f"its own base {self.base} is outside of its era")
        return self


class AdoptedTable(EraTable):
    """[[adopted]]: upstream itself behaves as the patch wants."""

    commits: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12,40}$")], ...],
        Field(min_length=1),
    ]
    """The upstream commits that did it."""


class FlipTable(EraTable):
    """[[flip]]: a suite case that sees the difference."""

    mended: tuple[Version, ...] = ()
    """Stable releases that took over what ends it, one of each series."""
    case: Said
    """The case's name, of any suite that the set wants."""
    stock: Said | None = None
    """What stock reports is said by the suite; a word that is given has to agree with it."""
    patched: Said
    """What the patched kernel reports."""

    @model_validator(mode="after")
    def _differs(self) -> FlipTable:
        if self.stock == self.patched:
            raise ValueError("stock and patched are the same word: this case does not flip")
        within = Era(self.since, self.until)
        if outside := [mend for mend in self.mended if mend not in within]:
            raise ValueError(f"mended: {outside[0]} is outside of the era anyway")
        return self

    @property
    def era(self) -> Era:
        return Era(self.since, self.until, self.mended)


class TellingTable(EraTable):
    """[[telling]]: which counters carry the patch's meaning."""

    counters: Annotated[tuple[Said, ...], Field(min_length=1)]
    """Counters that have to show the patch's effect."""
    silent: tuple[Said, ...] = ()
    """Counters that mislead there, and are not asked."""


class ConfigTable(EraTable):
    """[[config]]: a fragment that the kernels are configured with."""

    file: Annotated[str, StringConstraints(pattern=r"^config/[A-Za-z0-9][A-Za-z0-9._-]*\.config$")]
    """config/NAME.config in this folder."""
    arch: Arch | None = None
    """The one architecture that it is for; left out: all."""


class SuiteTable(Table):
    """[[suite]]: what is wanted of a suite that has more than one would run."""

    name: Said
    """The suite: kselftest, ltp."""
    targets: Annotated[tuple[Said, ...], Field(min_length=1)]
    """What of it is run."""
    why: Said
    """What it is run for."""


CommitName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]
"""The whole name of a commit."""


class GitTable(Table):
    """[git]: the branch that the set was made from."""

    repository: Said
    """Its folder; where it is not absolute, below that of the project."""
    branch: Said
    """Without refs/heads/."""
    commit: CommitName
    """The newest commit of it that the set holds."""
    since: CommitName
    """The commit that its own commits stand on."""


class PatchTable(Table):
    """The whole of patch.toml."""

    like: Said | None = None
    """Another set, whose adoptions, flips and telling counters hold for this one too."""
    title: Said
    """What the patch does, in a line."""
    author: Said
    """As "NAME <ADDRESS>" where there is an address; words where there is none."""
    date: Day = ""
    """The day on which the author published the change: a patch's date where its own gives none."""
    origin: Said
    """Where it was posted, or came from."""
    intent: Said
    """What has to hold where it is in."""
    leaves: tuple[Said, ...]
    """What it leaves alone on purpose, each in a sentence."""
    min_confidence: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    """A port with a hunk that is less sure is held back."""
    min_executed: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    """Where less of the changed lines runs in the guest, nothing is shown."""
    config_follows: bool = True
    """Whether what the change needs is switched on by itself, beyond the profile and `config`."""
    anchor: Annotated[tuple[AnchorTable, ...], Field(min_length=1)]
    """The patch as a person cut it, one row for each kernel it was cut against."""
    adopted: tuple[AdoptedTable, ...] = ()
    """Kernels that do what the patch wants by themselves."""
    flip: tuple[FlipTable, ...] = ()
    """Cases that report another word on the patched kernel than on stock."""
    telling: tuple[TellingTable, ...] = ()
    """Counters that show the patch's effect."""
    config: tuple[ConfigTable, ...] = ()
    """Fragments of configuration that the change needs."""
    suites: tuple[Said, ...] = ()
    """The suites that are run; left out: boot, fault-path, and what else the set brings."""
    suite: tuple[SuiteTable, ...] = ()
    """What is wanted of a suite that has more than one would run."""
    panel: tuple[PanelTable, ...] = ()
    """Charts on the status page."""
    column: tuple[ColumnTable, ...] = ()
    """Columns of figures in its table of kernels."""
    git: GitTable | None = None
    """The branch that the set was made from; `zpmaint new` writes it."""

    @model_validator(mode="after")
    def _agrees(self) -> PatchTable:
        for key, eras in (
            # Anchors may: of those whose era holds a kernel the nearest that can be carried is it.
            ("adopted", self.adopted),
            ("telling", self.telling),
        ):
            _apart(key, eras)
        for case in dict.fromkeys(row.case for row in self.flip):
            _apart(f"flip of {case}", tuple(row for row in self.flip if row.case == case))
        names = [a.name for a in self.anchor]
        twice = sorted({a.file for a in self.anchor if names.count(a.name) > 1})
        if twice:
            raise ValueError(f"anchor.file: there twice: {', '.join(twice)}")
        panels = [panel.name for panel in self.panel]
        if len({*panels}) < len(panels):
            raise ValueError("panel.name: there twice")
        return self


def _apart(key: str, rows: tuple[EraTable, ...]) -> None:
    """Eras of one kind may not overlap: for each kernel one answer."""
    for index, one in enumerate(rows):
        for other in rows[index + 1 :]:
            first_ends = one.until is None or other.since is None or one.until > other.since
            other_ends = other.until is None or one.since is None or other.until > one.since
            if first_ends and other_ends:
                raise ValueError(
                    f"{key}: the eras {_era(one)} and {_era(other)} overlap; "
                    "`until` is the first kernel that no longer belongs"
                )


def _era(row: EraTable) -> str:
    return f"[{row.since or 'the first'}, {row.until or 'open'})"
