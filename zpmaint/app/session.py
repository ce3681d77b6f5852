# SPDX-License-Identifier: GPL-2.0-only
"""the opened session: project, config, ledger and sources, each opened once and when needed."""
# ruff: noqa: PLC0415  what many commands do without is imported where it is used

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from zpmaint.app.outlook import outlook_of
from zpmaint.core.config import Config, KernelTable, load_config
from zpmaint.core.errors import UserError
from zpmaint.core.places import Places, project_id
from zpmaint.core.progress import Reporter
from zpmaint.core.series import named
from zpmaint.core.track_table import TrackTable
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.leases import Leases
from zpmaint.ledger.logs import FOLDER, LogStore
from zpmaint.ledger.scope import Scope
from zpmaint.ledger.store import Ledger
from zpmaint.ledger.unrecorded import take_in
from zpmaint.matrix.policy import expanded
from zpmaint.patchset.load import all_patchsets, find_patchset
from zpmaint.patchset.values import PatchSet

if TYPE_CHECKING:
    from zpmaint.build.data import BuildData
    from zpmaint.sources.chain import Chain
    from zpmaint.sources.source import Source
    from zpmaint.vm.profiles import Machines


@dataclass(frozen=True)
class Session:
    """All that the steps of a verification share."""

    places: Places
    config: Config
    reporter: Reporter
    _patchsets: dict[str, PatchSet] = field(default_factory=dict, repr=False, compare=False)
    _sources: dict[str, Source] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def open(cls, places: Places, reporter: Reporter, *, is_new: bool = False) -> Session:
        """Read and check kernels.toml; nothing else is touched yet. In a project that `is_new` the
        patch sets that it names need not be there. Its rules ([[track]]) come to what is remembered
        of the kernels that are out."""
        path = places.config
        config = load_config(path, is_new=is_new, project=places.project)
        session = cls(places, config, reporter)
        rows: list[tuple[str, KernelTable | TrackTable]] = [
            *((f"kernel {line.version}", line) for line in config.kernel),
            *((f"track[{number}]", rule) for number, rule in enumerate(config.track, 1)),
        ]
        for name, row in rows:
            if not row.profile:
                continue
            known = {p.name for p in session.build_data.profiles if p.arch in row.arch}
            if row.profile not in known:
                raise UserError(
                    f"{path}: {name}: profile: no build profile {row.profile!r}",
                    f"choose one of: {', '.join(sorted(known))}",
                )
        if not config.track:
            return session
        ruled = expanded(config, outlook_of(session).releases).config
        return cls(places, ruled, reporter)

    @cached_property
    def build_data(self) -> BuildData:
        """The package's fix-ups, toolchains and profiles with the project's own on top."""
        from zpmaint.build import data

        return data.over(self.places.data / "build")

    @cached_property
    def machines(self) -> Machines:
        """The package's machines with the project's own on top."""
        from zpmaint.vm import profiles

        return profiles.over(self.places.data / "vm" / "profiles.toml")

    @property
    def project(self) -> str:
        """What the ledger knows the project by."""
        return project_id(self.places.project, self.config.project or "")

    @cached_property
    def ledger(self) -> Ledger:
        """The project's records; those that a newer zpmaint wrote are named and left alone."""
        ledger = Ledger(
            self.places.state / "ledger.sqlite",
            scope=Scope(self.project, self._anchors),
            reporter=self.reporter,
        )
        if ledger.is_writable:
            take_in(ledger, self.unrecorded, self.reporter)
        if newer := ledger.newer():
            with self.reporter.step("open the ledger") as step:
                step.note(
                    f"left alone, as a newer zpmaint wrote them: {', '.join(newer[:5])}"
                    + (f" and {len(newer) - 5} more" if len(newer) > 5 else "")
                )
        return ledger

    @property
    def unrecorded(self) -> Path:
        """Where a verdict is kept that the ledger could not take."""
        return self.places.state / "unrecorded"

    @property
    def logs(self) -> LogStore:
        """The whole logs and consoles of the records."""
        return LogStore(self.places.state / FOLDER, self.reporter)

    @cached_property
    def leases(self) -> Leases:
        """Who verifies what just now."""
        return Leases(self.places.state / "leases", self.reporter)

    def _anchors(self) -> dict[str, list[str]]:
        sets = all_patchsets(self.places.project)
        return {found.name: [anchor.name for anchor in found.anchors] for found in sets}

    def patchset(self, name: str | None = None) -> PatchSet:
        """The named patch set, or the project's default one."""
        name = name or self.config.patch
        if name not in self._patchsets:
            self._patchsets[name] = find_patchset(name, self.places.project)
        return self._patchsets[name]

    def chain(self, specs: Sequence[str] = (), names: Sequence[str] = ()) -> Chain:
        """The sources to ask, in order: those given with --source, else those that kernels.toml
        declares (all, or the `names` of a tracked kernel)."""
        from zpmaint.sources.chain import Chain, open_configured, open_source

        cache = self.places.cache
        if specs:
            return Chain(
                [open_source(s, cache=cache, reporter=self.reporter) for s in specs],
                reporter=self.reporter,
            )
        return open_configured(
            self.config, names, cache=cache, reporter=self.reporter, opened=self._sources
        )

    def resolve(self, text: str, chain: Chain) -> KernelVersion:
        """A version as a user names it: one kernel, or 6.12.y (also 6.12.*) for the newest of a
        series that the sources serve."""
        if series := named(text):
            return chain.newest(series)
        return KernelVersion.parse(text)

    def names_for(self, text: str) -> tuple[str, ...]:
        """The sources that kernels.toml gives for a kernel named so; none where it is not tracked.

        A kernel that several rows match takes the closest: its own row before its series'."""
        series = named(text)
        version = None if series else KernelVersion.parse(text)
        asked = series or str(version)
        best: tuple[int, tuple[str, ...]] | None = None
        for row in self.config.kernel:
            if row.series is None:
                rank = 1 << 10 if version == KernelVersion.parse(row.version) else 0
            else:
                rank = len(row.series) if f"{asked}.".startswith(f"{row.series}.") else 0
            if rank and (best is None or rank > best[0]):
                best = (rank, row.sources)
        return best[1] if best else ()
