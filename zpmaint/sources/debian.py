# SPDX-License-Identifier: GPL-2.0-only
"""Kernels from Debian's archive: the upstream tarballs of its source packages.

The chain of trust is apt's: the machine's keyring, InRelease, the index of source packages, the
sha256 of each file. Indexes list files that a mirror no longer has; only what a mirror answers
for counts as served.
"""

from __future__ import annotations

import hashlib
import re
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from debian.deb822 import Sources

from zpmaint.core.errors import UserError
from zpmaint.core.files import locked
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.provenance import Proof, Provenance
from zpmaint.core.remembered import recall, remember
from zpmaint.core.sealed import is_intact
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.ages import lists_age
from zpmaint.sources.apt import Apt, Entry, Index, machine_entries, machine_origins
from zpmaint.sources.series import not_served, releases_of
from zpmaint.sources.source import Head, NotServedError, SourceFailedError
from zpmaint.sources.tarball import Archive, TarballSource

_SUITE = re.compile(r"[a-z][a-z0-9-]*")
_STANZA = re.compile(rb"^Package: linux[^\n]*\n(?:[^\n]+\n)*", re.M)
_ORIG = re.compile(r"linux(?:-[\d.]+)?_(?P<version>[^_]+)\.orig\.tar\.xz")
_LONG_NAME = 100  # characters; a file system takes 255, and apt makes longer ones of it
_ANSWER_HOLDS = 6 * 3600.0  # seconds that a mirror's "here" or "gone" is believed


@dataclass(frozen=True)
class Orig:
    """One upstream tarball, as an index lists it."""

    version: str
    """The upstream version, as KernelVersion.parse takes it."""
    suite: str
    package: str
    uri: str
    sha256: str
    size: int
    """Bytes."""


class DebianSource(TarballSource):
    """The machine's own Debian mirrors; `where` names the suites beyond the machine's own,
    space-separated, and empty means those of debian.toml."""

    def __init__(
        self,
        where: str,
        cache: Path,
        reporter: Reporter = SILENT,
        *,
        entries: Sequence[Entry] | None = None,
        max_age: float | None = None,
    ) -> None:
        """`entries` stand for the machine's sources.list; indexes are asked for again after
        `max_age` seconds. Raises UserError for a word in `where` that is no suite."""
        super().__init__(cache, reporter)
        self._suites = where.split()
        for suite in self._suites:
            if not _SUITE.fullmatch(suite):
                raise UserError(
                    f"debian:{where}: {suite!r} is not a suite", "name suites, as in 'trixie sid'"
                )
        self.name = f"debian:{' '.join(self._suites)}" if self._suites else "debian"
        self._folder = cache / "debian"
        self._table = tomllib.loads((Path(__file__).parent / "debian.toml").read_text())
        self._entries = entries
        self._max_age = lists_age(max_age)
        self._indexes: list[Index] = []

    def versions(self) -> list[KernelVersion]:
        """See Source.versions; asks the mirror about each file it was not yet asked about."""
        with self.reporter.step("ask which kernels the mirrors hold") as step:
            listed = sorted(self._by_version)
            served = []
            for number, version in enumerate(listed):
                if self._is_served(version):
                    served.append(version)
                step.advance(number + 1, len(listed))
        return served

    def listed(self) -> list[KernelVersion]:
        """Every version the indexes name, gone or not, oldest first; costs no question."""
        return sorted(self._by_version)

    def heads(self) -> list[Head]:
        """See HasHeads: the newest release of every series, and the newest candidate behind it.
        Whether a file that the indexes list is still there is a question for each."""
        found = []
        for series in sorted({version.series for version in self._by_version}):
            newest = None
            with suppress(NotServedError):
                newest = self.newest(series)
                found.append(Head(newest))
            mine = (v for v in self._by_version if v.series == series and not v.is_release)
            for version in sorted(mine, reverse=True):
                if newest is not None and version < newest:
                    break
                if self._is_served(version):
                    found.append(Head(version))
                    break
        return found

    def releases_of(self, series: str) -> list[KernelVersion]:
        """See HasReleases; asks the mirror about each."""
        return [one for one in releases_of(series, self._by_version) if self._is_served(one)]

    def newest(self, series: str) -> KernelVersion:
        """See Source.newest; asks from the newest on, until a mirror answers for one."""
        tried = releases_of(series, self._by_version)
        for version in tried:
            if self._is_served(version):
                return version
        self._check_read(f"a release of series {series}")
        gone = f"; listed but gone: {', '.join(map(str, tried[:5]))}" if tried else ""
        raise NotServedError(f"{self.name}: no release of series {series}{gone}")

    def archive(self, version: KernelVersion) -> Archive:
        """See TarballSource. Where suites have different tarballs of one version, the first
        that came is kept to."""
        if version.debian is not None:
            raise NotServedError(
                f"{self.name}: serves upstream kernels, not Debian's revisions",
                f"ask for {version.upstream}",
            )
        pinned = self._recall("pins.json").get(str(version), "")
        if pinned and is_intact(self._place(version, pinned), pinned):
            return Archive(self._place(version, pinned), pinned)
        origs = self._by_version.get(version, [])
        if not origs:
            self._check_read(version)
            raise not_served(self.name, version, self._by_version)
        failures: list[NotServedError | SourceFailedError] = []
        for orig in sorted(origs, key=lambda orig: orig.sha256 != pinned):
            try:
                path = self._apt.fetch(
                    orig.uri,
                    self._place(version, orig.sha256),
                    sha256=orig.sha256,
                    size=orig.size,
                    reporter=self.reporter,
                )
            except NotServedError as error:
                self._remember("answers.json", orig.uri, {"here": False, "time": time.time()})
                failures.append(error)
            except SourceFailedError as error:
                failures.append(error)
            else:
                self._remember("pins.json", str(version), orig.sha256)
                self._remember("origins.json", orig.sha256, asdict(self._vouched(orig)))
                if pinned and orig.sha256 != pinned:
                    with self.reporter.step(f"pin {version}") as step:
                        step.note(
                            f"{version}: the tarball {pinned[:12]} used before is gone, "
                            f"{orig.suite}'s {orig.sha256[:12]} takes its place"
                        )
                return Archive(path, orig.sha256)
        said = "; ".join(dict.fromkeys(error.what for error in failures))
        if all(isinstance(error, NotServedError) for error in failures):
            raise NotServedError(f"{self.name}: {version} is listed but cannot be fetched: {said}")
        raise SourceFailedError(f"{self.name}: {version}: {said}", "run again later")

    def _check_read(self, what: object) -> None:
        """Raise SourceFailedError where lists could not be read: what they have is not known."""
        if self._apt.unread:
            raise SourceFailedError(
                f"{self.name}: {what} is in no list that could be read; {self._apt.unread[0]}",
                "does `apt-get update` work on this machine, and is its clock right?",
            )

    def provenance(self, version: KernelVersion) -> Provenance:
        """See TarballSource. What vouched for a tarball when it came is kept beside it."""
        sha256 = self.archive(version).sha256
        kept = self._recall("origins.json").get(sha256) or {}
        try:
            proofs = tuple(Proof(**row) for row in kept["proofs"])
            return replace(Provenance(**{**kept, "proofs": proofs}), source=self.name)
        except (TypeError, KeyError, AttributeError):
            pass  # of an older zpmaint, or damaged: the indexes say it anew
        for orig in self._by_version.get(version, []):
            if orig.sha256 == sha256:
                proven = self._vouched(orig)
                self._remember("origins.json", sha256, asdict(proven))
                return proven
        return Provenance(
            self.name,
            f"sha256:{sha256}",
            why="no index lists this tarball any more, and what vouched for it was not kept",
        )

    def _vouched(self, orig: Orig) -> Provenance:
        """What vouches for a tarball: the Release of the suite whose index lists it."""
        digest = f"sha256:{orig.sha256}"
        for index in self._indexes:
            if index.suite == orig.suite and orig.uri.startswith(f"{index.uri}/"):
                proofs = index.release.proofs(index.note) if index.release else ()
                why = "" if proofs else f"apt checked {orig.suite}; its signature is not at hand"
                return Provenance(self.name, digest, proofs, why, checked=time.time())
        return Provenance(self.name, digest, why=f"no list of {orig.suite} is at hand")

    def _place(self, version: KernelVersion, sha256: str) -> Path:
        return self._folder / f"linux_{version}.{sha256[:12]}.orig.tar.xz"

    def _is_served(self, version: KernelVersion) -> bool:
        origs = self._by_version[version]
        if any(self._place(version, orig.sha256).is_file() for orig in origs):
            return True
        answers = self._recall("answers.json")
        for orig in origs:
            answer = answers.get(orig.uri)
            if answer is None or not 0 <= time.time() - answer["time"] < _ANSWER_HOLDS:
                answer = {"here": self._apt.probe(orig.uri), "time": time.time()}
                self._remember("answers.json", orig.uri, answer)
            if answer["here"]:
                return True
        return False

    @cached_property
    def _apt(self) -> Apt:
        # A set of suites of one's own: apt clears away the lists of suites it was not told of.
        name = "_".join(["apt", *self._suites])
        if len(name) > _LONG_NAME:
            name = f"apt_{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        return Apt(self._folder / name)

    @cached_property
    def _by_version(self) -> dict[KernelVersion, list[Orig]]:
        found: dict[KernelVersion, list[Orig]] = {}
        for orig in self._origs():
            rows = found.setdefault(KernelVersion.parse(orig.version), [])
            if all(row.uri != orig.uri for row in rows):
                rows.append(orig)
        return found

    def _origs(self) -> list[Orig]:
        """What all indexes list, in the order of the suites."""
        entries = self._all_entries()
        indexes = self._update(entries)
        order = {(entry.uri, entry.suite): rank for rank, entry in enumerate(entries)}
        ranked = sorted(
            (index for index in indexes if index.origin in self._table["origins"]),
            key=lambda index: order.get((index.uri, index.suite), len(order)),
        )
        if not ranked:
            raise SourceFailedError(f"{self.name}: no mirror here is Debian's")
        self._indexes = ranked
        return [orig for index in ranked for orig in self._origs_of(index)]

    def _all_entries(self) -> list[Entry]:
        """The machine's Debian entries, then the further suites of the same mirrors."""
        known = machine_origins() if self._entries is None else {}
        own = machine_entries() if self._entries is None else list(self._entries)
        origins = self._table["origins"]
        own = [e for e in own if known.get((e.uri, e.suite), origins[0]) in origins]
        unsure = [entry for entry in own if (entry.uri, entry.suite) not in known]
        if unsure:
            indexes = self._update(unsure, "apt.unsure")
            sure = {(index.uri, index.suite) for index in indexes if index.origin in origins}
            own = [e for e in own if e not in unsure or (e.uri, e.suite) in sure]
        if not own:
            raise SourceFailedError(
                f"{self.name}: this machine's apt has no Debian mirror",
                "use kernel.org or a git source instead",
            )
        found = list(own)
        for entry in own:
            security = entry.suite.endswith(("-security", "/updates"))
            for suite in (
                self._suites or self._table["suites"]["security" if security else "archive"]
            ):
                if security == suite.endswith("-security"):
                    found.append(replace(entry, suite=suite))
        return list(dict.fromkeys(found))

    def _update(self, entries: Sequence[Entry], part: str = "") -> list[Index]:
        apt = Apt(self._folder / part) if part else self._apt
        return apt.update(
            entries, self._table["component"], max_age=self._max_age, reporter=self.reporter
        )

    def _origs_of(self, index: Index) -> list[Orig]:
        """The kernels of one index; read once for each state of it."""
        facts = index.path.stat()
        state = [str(index.path), facts.st_mtime_ns, facts.st_size, self._table["packages"]]
        kept = self._folder / "origs" / f"{index.path.name}.json"
        try:
            known = recall(kept, self.reporter)
            if known["state"] == state:
                return [Orig(**row) for row in known["origs"]]
        except (KeyError, TypeError):
            pass  # not read before, or by another zpmaint
        origs = list(self._parse(index, self._apt.read(index)))
        rows = [asdict(orig) for orig in origs]
        remember(kept, {"state": state, "origs": rows})
        return origs

    def _parse(self, index: Index, text: bytes) -> Iterable[Orig]:
        package = re.compile(self._table["packages"])
        seen: set[str] = set()
        for stanza in _STANZA.finditer(text):
            name = (
                stanza[0].partition(b"\n")[0].removeprefix(b"Package: ").decode("ascii", "replace")
            )
            if not package.fullmatch(name):
                continue
            try:
                listed = list(_listed(index, name, stanza[0]))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise SourceFailedError(
                    f"{index.path}: {name}: not a row of Debian's index: {error!r:.200}"
                ) from None
            for file, orig in listed:
                if file not in seen:
                    seen.add(file)
                    yield orig

    def _recall(self, file: str) -> dict[str, Any]:
        kept = recall(self._folder / file, self.reporter)
        return kept if isinstance(kept, dict) else {}

    def _remember(self, file: str, key: str, value: object) -> None:
        with locked(self._folder / file):
            remember(self._folder / file, {**self._recall(file), key: value})


def _listed(index: Index, name: str, stanza: bytes) -> Iterator[tuple[str, Orig]]:
    """The upstream tarballs of one source package, each by its file's name."""
    source = Sources(stanza.decode("utf-8", "replace").split("\n"))
    for row in source["Checksums-Sha256"]:
        found = _ORIG.fullmatch(row["name"])
        if found is None:
            continue
        try:
            version = KernelVersion.parse(found["version"])
        except UserError:
            continue  # a repacked tarball ("+ds1") is not the upstream version
        uri = f"{index.uri}/{source['Directory']}/{row['name']}"
        yield (
            row["name"],
            Orig(str(version), index.suite, name, uri, row["sha256"], int(row["size"])),
        )
