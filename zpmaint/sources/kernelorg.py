# SPDX-License-Identifier: GPL-2.0-only
"""kernel.org: releases as tarballs, checked against its signed lists of checksums."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from zpmaint.core.errors import UserError
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.series import numbers_of
from zpmaint.core.tools import need, run
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.bounds import bounds_of
from zpmaint.sources.document import document
from zpmaint.sources.download import download
from zpmaint.sources.http import session
from zpmaint.sources.series import newest_of, not_served
from zpmaint.sources.source import Head, NotServedError, SourceFailedError
from zpmaint.sources.tarball import Archive, TarballSource

_SUM = re.compile(r"^([0-9a-f]{64}) [ *]linux-(\S+)\.tar\.xz$", re.M)
_FIRST_MAJOR = 2


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
        """`keyring` holds the key that signs the checksums; without it kernelorg.toml names the
        places to look. Lists are asked for again after `max_age` seconds. Raises UserError."""
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
        self._keyring = keyring or next((path for path in candidates if path.is_file()), None)
        self._max_age = max_age
        self._http = session()
        self._folder = cache / "kernel.org" / re.sub(r"[^A-Za-z0-9.-]+", "_", self._base)
        self._sums: dict[int, Mapping[KernelVersion, str]] = {}

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
        sums = self._sums_of(version.numbers[0])
        if version not in sums:
            raise not_served(self.name, version, sums)
        file = f"linux-{version}.tar.xz"
        path = download(
            self._http,
            f"{self._base}/{_folder(version.numbers[0])}/{file}",
            self._folder / f"{sums[version][:12]}-{file}",
            sha256=sums[version],
            reporter=self.reporter,
        )
        return Archive(path, sums[version])

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
        return [Head(row.version, row.moniker, row.eol) for row in self.releases()]

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
            url = f"{self._base}/{_folder(major)}/sha256sums.asc"
            path = self._folder / _folder(major) / "sha256sums.asc"
            try:
                body = document(
                    self._http,
                    url,
                    path,
                    bounds=bounds_of("checksums"),
                    max_age=self._max_age,
                    reporter=self.reporter,
                )
            except NotServedError:
                self._sums[major] = {}
                return {}
            sums: dict[KernelVersion, str] = {}
            for sha256, name in _SUM.findall(self._signed(url, path, body)):
                try:
                    version = KernelVersion.parse(name)
                except UserError:
                    continue  # a tarball that is no release, such as linux-2.6.11-tree
                if version.debian is None:
                    sums[version] = sha256
            self._sums[major] = sums
        return self._sums[major]

    def _signed(self, url: str, path: Path, body: bytes) -> str:
        """The text of a clear-signed list; only what is signed, where the key is at hand."""
        if self._keyring is None:
            with self.reporter.step(f"check {url}") as step:
                step.note(
                    f"{url}: signature not checked, no keyring of kernel.org here; "
                    "its checksums are trusted as they came"
                )
            return body.decode("ascii", "replace").replace("\r\n", "\n")
        need("gpgv")
        checked = run(["gpgv", "--keyring", self._keyring, "--output", "-", "-"], stdin=body)
        if checked.returncode != 0:
            path.unlink(missing_ok=True)  # so that the next run asks for it anew
            said = checked.stderr.decode("utf-8", "replace").strip().splitlines()
            raise SourceFailedError(
                f"{url}: bad signature: {said[-1] if said else 'gpgv failed'}",
                f"is {self._keyring} the right keyring?",
            )
        return checked.stdout.decode("ascii", "replace").replace("\r\n", "\n")


def _folder(major: int) -> str:
    return "v2.6" if major == _FIRST_MAJOR else f"v{major}.x"
