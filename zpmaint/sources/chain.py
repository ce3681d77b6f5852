# SPDX-License-Identifier: GPL-2.0-only
"""Several sources as one: each is tried in order until one serves."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from zpmaint.core.config import Config
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.provenance import Provenance
from zpmaint.core.source_kinds import KINDS
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.series import releases_of
from zpmaint.sources.source import (
    ByArchive,
    HasArchives,
    HasHistory,
    HasProvenance,
    HasReleases,
    HasTrees,
    NotServedError,
    Source,
    SourceFailedError,
)

Got = TypeVar("Got")


def open_source(spec: str, *, cache: Path, reporter: Reporter = SILENT) -> Source:
    """The source that `spec` names, written KIND or KIND:WHERE. Raises UserError."""
    kind, colon, where = spec.partition(":")
    if kind not in KINDS:
        forms = (name + ":WHERE" if one.needs_place else name for name, one in KINDS.items())
        raise UserError(f"{spec!r}: no such kind of source", f"write it as {', '.join(forms)}")
    if KINDS[kind].needs_place and not where:
        raise UserError(f"{spec!r}: does not say where", f"write it as {kind}:PATH")
    if colon and not where:
        raise UserError(f"{spec!r}: nothing behind the colon", f"write it as {kind}")
    make = getattr(importlib.import_module(KINDS[kind].module), KINDS[kind].maker)
    source: Source = make(where, cache, reporter)
    return source


def open_configured(
    config: Config,
    names: Iterable[str] = (),
    *,
    cache: Path,
    reporter: Reporter = SILENT,
    environment: Mapping[str, str] | None = None,
    opened: dict[str, Source] | None = None,
) -> Chain:
    """The sources `names` of kernels.toml as a chain, all of them where no name is given.

    `opened` are those of former calls by their specs, and takes the new ones: what a source has
    read once it need not read again for the next kernel. One whose `where_env` is unset is left
    out, and one that cannot be opened is passed over; the chain says so when no other serves
    either. Raises UserError for a name that is not declared.
    """
    environment = os.environ if environment is None else environment
    opened = {} if opened is None else opened
    sources: list[Source] = []
    absent: dict[str, Exception] = {}
    for name in list(names) or list(config.sources):
        if name not in config.sources:
            raise UserError(
                f"no source {name!r} in kernels.toml", f"declared: {', '.join(config.sources)}"
            )
        row = config.sources[name]
        where = row.where
        if row.where_env and not (where := environment.get(row.where_env, "") or where):
            absent[name] = NotServedError(f"{name}: left out, {row.where_env} is not set")
            continue
        try:
            spec = f"{row.kind}:{where}" if where else row.kind
            if spec not in opened:
                opened[spec] = open_source(spec, cache=cache, reporter=reporter)
            sources.append(opened[spec])
        except (UserError, SourceFailedError) as error:
            absent[name] = error
            with reporter.step(f"open source {name}") as step:
                step.note(f"source {name}: {error}")
    return Chain(sources, reporter, absent=absent)


class Chain:
    """Sources in the order in which they are asked."""

    def __init__(
        self,
        sources: Sequence[Source],
        reporter: Reporter = SILENT,
        *,
        absent: Mapping[str, Exception] | None = None,
    ) -> None:
        """`absent` names sources that are not there, with the reason, for the errors to tell."""
        self.sources = tuple(sources)
        self.reporter = reporter
        self._absent = dict(absent or {})
        self._served: dict[KernelVersion, Source] = {}

    def cheapest_first(self) -> Chain:
        """The same sources, git and folders before those that give a file by a whole tarball."""
        order = sorted(self.sources, key=lambda source: isinstance(source, ByArchive))
        return Chain(order, self.reporter, absent=self._absent)

    @property
    def name(self) -> str:
        """The names of all, in order."""
        return " ".join(source.name for source in self.sources)

    def versions(self) -> list[KernelVersion]:
        """What any source can give now, oldest first. Raises only where every source failed."""
        found: set[KernelVersion] = set()
        failures: list[tuple[str, Exception]] = []
        for source in self.sources:
            try:
                found.update(source.versions())
            except (UserError, SourceFailedError) as error:
                self._note(source, "versions", error)
                failures.append((source.name, error))
        if len(failures) == len(self.sources):
            raise self._error("a list of kernels", failures)
        return sorted(found)

    def newest(self, series: str) -> KernelVersion:
        """The newest release of `series` over all sources.

        A source that fails is noted and passed over as long as another one knows the series."""
        found: dict[KernelVersion, Source] = {}
        failures: list[tuple[str, Exception]] = []
        for source in self.sources:
            try:
                found.setdefault(source.newest(series), source)
            except (NotServedError, SourceFailedError) as error:
                self._note(source, f"newest of {series}", error)
                failures.append((source.name, error))
        if not found:
            raise self._error(f"series {series}", failures)
        return max(found)

    def fetch(self, version: KernelVersion) -> bool:
        """Have on this disk what the kernel is unpacked from. False where the source that serves it
        reads single files without: then nothing was fetched ahead."""

        def ask(source: Source) -> bool:
            if not isinstance(source, HasArchives):
                source.blobs(version, ["Makefile"])
                return False
            source.archive(version)
            return True

        return self._first(version, ask)

    def releases_of(self, series: str) -> list[KernelVersion]:
        """The releases of `series` over all sources, newest first; see `newest` for failures."""
        found: set[KernelVersion] = set()
        failures: list[tuple[str, Exception]] = []
        for source in self.sources:
            try:
                found.update(
                    source.releases_of(series)
                    if isinstance(source, HasReleases)
                    else releases_of(series, source.versions())
                )
            except (NotServedError, SourceFailedError) as error:
                self._note(source, f"releases of {series}", error)
                failures.append((source.name, error))
        if not found:
            raise self._error(f"series {series}", failures)
        return sorted(found, reverse=True)

    def blobs(self, version: KernelVersion, paths: Iterable[str]) -> dict[str, bytes | None]:
        """See Source.blobs; of the first source that serves `version`."""
        wanted = list(paths)
        return self._first(version, lambda source: source.blobs(version, wanted))

    def tree(self, version: KernelVersion, keep: Iterable[str] = ()) -> Path:
        """See Source.tree; of the first source that serves `version`."""
        wanted = list(keep)
        return self._first(version, lambda source: source.tree(version, wanted))

    def speaks_of(self, version: KernelVersion, name: str) -> bool:
        """See Source.speaks_of; of the first source that serves `version`."""
        return self._first(version, lambda source: source.speaks_of(version, name))

    def speaking_of(self, version: KernelVersion, name: str) -> list[str] | None:
        """See Source.speaking_of; of the first source that serves `version`."""
        return self._first(version, lambda source: source.speaking_of(version, name))

    def is_unpacked(self, version: KernelVersion) -> bool:
        """Whether a source has the kernel's tree unpacked already: the one that served it, if any
        did."""
        served = self._served.get(version)
        among = [served] if served else self.sources
        return any(isinstance(s, HasTrees) and s.is_unpacked(version) for s in among)

    def files_called(self, version: KernelVersion, name: str) -> list[str]:
        """See Source.called; of the first source that serves `version`."""
        return self._first(version, lambda source: source.files_called(version, name))

    def histories(self) -> list[HasHistory]:
        """The sources that know commits, in order."""
        return [source for source in self.sources if isinstance(source, HasHistory)]

    def history_of(self, *versions: KernelVersion) -> HasHistory | None:
        """The first source that has the history of all these kernels; one that cannot be reached
        has none to tell of."""
        for source in self.histories():
            with suppress(UserError, InfraError):
                if set(versions).issubset(source.versions()):
                    return source
        return None

    def served_by(self, version: KernelVersion) -> Source | None:
        """The source that gave `version`, None where none was asked for it yet."""
        return self._served.get(version)

    def provenance(self, version: KernelVersion) -> Provenance | None:
        """What vouches for the kernel that was served, None where none was asked for it yet."""
        source = self._served.get(version)
        if source is None:
            return None
        if not isinstance(source, HasProvenance):
            return Provenance(source.name, why=f"{source.name} tells nothing of it")
        try:
            return source.provenance(version)
        except (UserError, InfraError) as error:
            return Provenance(source.name, why=error.what)

    def _first(self, version: KernelVersion, ask: Callable[[Source], Got]) -> Got:
        # Blobs and tree of one kernel must not come from two places: who served it once is
        # asked first.
        before = self._served.get(version)
        order = ([before] if before else []) + [s for s in self.sources if s is not before]
        failures: list[tuple[str, Exception]] = []
        for source in order:
            try:
                got = ask(source)
            except (NotServedError, SourceFailedError) as error:
                self._note(source, str(version), error)
                failures.append((source.name, error))
            else:
                self._served[version] = source
                return got
        raise self._error(f"version {version}", failures)

    def _note(self, source: Source, what: str, error: Exception) -> None:
        with self.reporter.step(f"{source.name}: {what}") as step:
            step.note(str(error))

    def _error(
        self, what: str, failures: list[tuple[str, Exception]]
    ) -> NotServedError | SourceFailedError:
        """One error for all: the user's where no source has it, the infrastructure's where one
        might have it and failed."""
        absent = [(f"source {name}", error) for name, error in self._absent.items()]
        reasons = "; ".join(_reason(name, error) for name, error in [*failures, *absent])
        reasons = reasons or "no source is set up"
        if any(not isinstance(error, UserError) for _, error in [*failures, *absent]):
            text = f"no source could deliver {what}: {reasons}"
            return SourceFailedError(text, "try again when they can be reached, or name --source")
        text = f"no source has {what}: {reasons}"
        return NotServedError(text, "name another version, or a source that has it with --source")


def _reason(name: str, error: Exception) -> str:
    what = getattr(error, "what", str(error))
    return what if what.startswith(name.removeprefix("source ")) else f"{name}: {what}"
