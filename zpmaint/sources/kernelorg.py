# SPDX-License-Identifier: GPL-2.0-only
"""kernel.org: releases as tarballs, checked against its signed lists of checksums."""

from __future__ import annotations

import json
import re
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from zpmaint.core.errors import UserError
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.provenance import Proof, Provenance
from zpmaint.core.series import numbers_of
from zpmaint.core.versions import KernelVersion
from zpmaint.sources import checksum_list
from zpmaint.sources.bounds import bounds_of
from zpmaint.sources.checksum_list import ChecksumList
from zpmaint.sources.document import document
from zpmaint.sources.download import download
from zpmaint.sources.http import session
from zpmaint.sources.keyring import Keyring, own, pinned
from zpmaint.sources.series import newest_of, not_served
from zpmaint.sources.signatures import BadSignatureError
from zpmaint.sources.source import Head, NotServedError, SourceFailedError
from zpmaint.sources.tar_sign import proofs_of
from zpmaint.sources.tarball import Archive, TarballSource

_TARBALL = re.compile(r"linux-(\S+)\.tar\.xz")
_FAILURE_HOLDS = 60.0
"""Seconds in which a server that failed is not asked for the same list again: a plan of many
series would wait for each."""
_FIRST_MAJOR = 2
_SIGNATURE_HOLDS = 30 * 86_400.0  # seconds: a release is signed once


@dataclass(frozen=True)
class Release:
    """One row of releases.json: a head that is maintained now."""

    version: KernelVersion
    moniker: str
    """mainline, stable, longterm or linux-next."""
    eol: bool
    released: date | None
    source: str | None
    """Where its tarball is."""
    changelog: str | None


class KernelOrgSource(TarballSource):
    """kernel.org or a mirror of its pub/linux/kernel, `where` its URL.

    Release candidates are not served: kernel.org makes neither checksums nor signatures of them.
    """

    def __init__(
        self,
        where: str,
        cache: Path,
        reporter: Reporter = SILENT,
        *,
        keyring: Path | None = None,
        max_age: float = 3600.0,
    ) -> None:
        """`keyring` holds the keys that sign checksums and releases; without it one of the places
        that kernelorg.toml names is used, else zpmaint's own keys. Lists are asked for again after
        `max_age` seconds. Raises UserError."""
        super().__init__(cache, reporter)
        if where and not where.startswith(("http://", "https://")):
            raise UserError(
                f"kernel.org:{where}: not a URL", "name a mirror's .../pub/linux/kernel, or nothing"
            )
        places = tomllib.loads((Path(__file__).parent / "kernelorg.toml").read_text())
        self.name = f"kernel.org:{where}" if where else "kernel.org"
        self._base = (where or places["tarballs"]).rstrip("/")
        self._releases = f"{self._base}/releases.json" if where else places["releases"]
        self._last_major: int = places["last_major"]
        candidates = [Path(text).expanduser() for text in places["keyrings"]]
        self._own_keyring = keyring or next((path for path in candidates if path.is_file()), None)
        self._max_age = max_age
        self._http = session()
        self._folder = cache / "kernel.org" / re.sub(r"[^A-Za-z0-9.-]+", "_", self._base)
        self._sums: dict[int, Mapping[KernelVersion, str]] = {}
        self._lists: dict[int, ChecksumList] = {}
        self._failed: dict[int, tuple[float, SourceFailedError]] = {}
        self._proven: dict[KernelVersion, tuple[Archive, Provenance]] = {}

    def versions(self) -> list[KernelVersion]:
        return sorted(version for sums in self._all_sums() for version in sums)

    def newest(self, series: str) -> KernelVersion:
        return newest_of(series, self._sums_of(numbers_of(series)[0]), self.name)

    def archive(self, version: KernelVersion) -> Archive:
        """See TarballSource."""
        if not version.is_release:
            raise NotServedError(
                f"{self.name}: no signed tarball of {version}: release candidates and linux-next "
                "are in git only",
                "use a git source",
            )
        known = self._proven.get(version)
        if known is None or not known[0].path.is_file():
            known = self._proven[version] = self._fetched(version)
        return known[0]

    def provenance(self, version: KernelVersion) -> Provenance:
        """See TarballSource."""
        self.archive(version)
        return self._proven[version][1]

    def _fetched(self, version: KernelVersion) -> tuple[Archive, Provenance]:
        major = version.numbers[0]
        sums = self._sums_of(major)
        if version not in sums:
            raise not_served(self.name, version, sums)
        file = f"linux-{version}.tar.xz"
        path = download(
            self._http,
            f"{self._base}/{_folder(major)}/{file}",
            self._folder / f"{sums[version][:12]}-{file}",
            sha256=sums[version],
            reporter=self.reporter,
        )
        by = self._lists[major].signature
        listed = Proof("sha256sums.asc", by.fingerprint, by.whose, by.signed)
        proofs, why = self._release_proofs(version, path, sums[version])
        digest = f"sha256:{sums[version]}"
        proven = Provenance(self.name, digest, (listed, *proofs), why, checked=time.time())
        return Archive(path, sums[version]), proven

    def _release_proofs(
        self, version: KernelVersion, path: Path, sha256: str
    ) -> tuple[tuple[Proof, ...], str]:
        """What the signature beside the tarball proves; nothing where there is none: the list of
        checksums vouches for the tarball by itself."""
        file = f"linux-{version}.tar.sign"
        kept = self._folder / _folder(version.numbers[0]) / file
        try:
            signature = document(
                self._http,
                f"{self._base}/{_folder(version.numbers[0])}/{file}",
                kept,
                bounds=bounds_of("signature"),
                max_age=_SIGNATURE_HOLDS,
                reporter=self.reporter,
            )
        except NotServedError:
            return (), f"no {file} there"
        except SourceFailedError as error:
            return (), f"{file} could not be fetched: {error.what}"
        try:
            return proofs_of(path, sha256, signature, self._keyring, self.reporter)
        except BadSignatureError:
            kept.unlink(missing_ok=True)  # so that the next run asks for it anew
            raise

    def releases(self) -> list[Release]:
        """The heads that are maintained now, as kernel.org lists them (mainline first)."""
        path = self._folder / "releases.json"
        body = document(
            self._http,
            self._releases,
            path,
            bounds=bounds_of("releases"),
            max_age=self._max_age,
            reporter=self.reporter,
        )
        try:
            rows = json.loads(body)["releases"]
            return [release for row in rows if (release := self._release(row)) is not None]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise SourceFailedError(
                f"{self._releases}: not kernel.org's list of releases: {error!r:.200}"
            ) from None

    def heads(self) -> list[Head]:
        """See HasHeads."""
        return [
            Head(
                row.version,
                row.moniker,
                row.eol,
                _midnight(row.released) if row.released else None,
            )
            for row in self.releases()
        ]

    def _release(self, row: Mapping[str, Any]) -> Release | None:
        try:
            version = KernelVersion.parse(row["version"])
        except UserError as error:
            with self.reporter.step("read releases.json") as step:
                step.note(f"{self._releases}: left out: {error.what}")
            return None
        stamp = (row.get("released") or {}).get("isodate")
        return Release(
            version=version,
            moniker=str(row.get("moniker") or ""),
            eol=bool(row.get("iseol")),
            released=date.fromisoformat(stamp) if stamp else None,
            source=row.get("source"),
            changelog=row.get("changelog"),
        )

    def _all_sums(self) -> Iterator[Mapping[KernelVersion, str]]:
        major = _FIRST_MAJOR
        while (sums := self._sums_of(major)) or major <= self._last_major:
            yield sums
            major += 1

    def _sums_of(self, major: int) -> Mapping[KernelVersion, str]:
        """The sha256 of each release of 2.6 or N.x; empty where kernel.org has no such folder."""
        if major not in self._sums:
            when, failed = self._failed.get(major, (0.0, None))
            if failed and time.monotonic() - when < _FAILURE_HOLDS:
                raise failed
            try:
                self._lists[major] = self._list(major)
            except NotServedError:
                self._sums[major] = {}
                return {}
            except SourceFailedError as error:
                self._failed[major] = (time.monotonic(), error)
                raise
            sums: dict[KernelVersion, str] = {}
            for name, sha256 in self._lists[major].sums.items():
                found = _TARBALL.fullmatch(name)
                try:
                    version = KernelVersion.parse(found[1]) if found else None
                except UserError:
                    continue  # a tarball that is no release, such as linux-2.6.11-tree
                if version is not None and version.debian is None:
                    sums[version] = sha256
            self._sums[major] = sums
        return self._sums[major]

    @cached_property
    def _keyring(self) -> Keyring:
        return own(self._own_keyring) if self._own_keyring else pinned()

    def _list(self, major: int) -> ChecksumList:
        """The list of a folder; what comes of it is kept only when its signature is good."""
        url = f"{self._base}/{_folder(major)}/sha256sums.asc"
        path = self._folder / _folder(major) / "sha256sums.asc"
        memory = path.with_name("sha256sums.seen.json")

        def check(body: bytes) -> None:
            checksum_list.admit(checksum_list.read(url, body, self._keyring), memory, self.reporter)

        def brought(max_age: float) -> bytes:
            return document(
                self._http, url, path, bounds=bounds_of("checksums"), max_age=max_age,
                check=check, reporter=self.reporter,
            )  # fmt: skip

        body = brought(self._max_age)
        try:
            return checksum_list.read(url, body, self._keyring)
        except BadSignatureError as error:
            # What came just now was checked before it was kept: this is of an earlier run.
            path.unlink(missing_ok=True)
            with self.reporter.step(f"check {url}") as step:
                step.note(f"what was kept is not used: {error.what}")
            return checksum_list.read(url, brought(0.0), self._keyring)


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _folder(major: int) -> str:
    return "v2.6" if major == _FIRST_MAJOR else f"v{major}.x"
