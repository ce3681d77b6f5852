# SPDX-License-Identifier: GPL-2.0-only
"""kernel.org: releases as tarballs, checked against its signed lists of checksums."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from zpmaint.core.errors import UserError
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.provenance import Proof, Provenance
from zpmaint.core.series import numbers_of
from zpmaint.core.versions import KernelVersion
from zpmaint.sources import checksum_list, releases_json
from zpmaint.sources.ages import lists_age
from zpmaint.sources.bounds import bounds_of
from zpmaint.sources.checksum_list import ChecksumList
from zpmaint.sources.document import document
from zpmaint.sources.download import download
from zpmaint.sources.http import session
from zpmaint.sources.index_page import names_in
from zpmaint.sources.keyring import Keyring, own, pinned
from zpmaint.sources.releases_json import Release
from zpmaint.sources.series import newest_of, not_served, releases_of
from zpmaint.sources.signatures import BadSignatureError
from zpmaint.sources.source import Answer, Head, NotServedError, SourceFailedError
from zpmaint.sources.tar_sign import proofs_of
from zpmaint.sources.tarball import Archive, TarballSource

_TARBALL = re.compile(r"linux-(\S+)\.tar\.xz")
_PATCH = re.compile(r"patch-(\S+?)(?:\.patch)?\.(?:gz|xz)")
_TOLD = 5  # names that are told of many
_FAILURE_HOLDS = 60.0
"""Seconds in which a server that failed is not asked for the same list again: a plan of many
series would wait for each."""
_FIRST_MAJOR = 2
_SIGNATURE_HOLDS = 30 * 86_400.0  # seconds: a release is signed once


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
        max_age: float | None = None,
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
        self._max_age = lists_age(max_age)
        self._http = session()
        self._folder = cache / "kernel.org" / re.sub(r"[^A-Za-z0-9.-]+", "_", self._base)
        self._sums: dict[int, Mapping[KernelVersion, str]] = {}
        self._lists: dict[int, ChecksumList] = {}
        self._failed: dict[int, tuple[float, SourceFailedError]] = {}
        self._proven: dict[KernelVersion, tuple[Archive, Provenance]] = {}
        self._answers: dict[str, Answer] = {}

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
        try:
            path = download(
                self._http,
                f"{self._base}/{_folder(major)}/{file}",
                self._folder / f"{sums[version][:12]}-{file}",
                sha256=sums[version],
                reporter=self.reporter,
            )
        except NotServedError as error:
            raise SourceFailedError(
                f"{error.what}, and the list of checksums names it",
                "it was withdrawn, or this mirror is behind; try again later, or another source",
            ) from None
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
        """The heads that are maintained now, as kernel.org lists them (mainline first). Rows that
        cannot be read are noted; a document that is no such list is not kept, and what was kept
        serves."""
        url = self._releases
        body = self._document(
            url,
            self._folder / "releases.json",
            "releases",
            check=lambda body: releases_json.read(url, body),
        )
        found = releases_json.read(url, body)
        self._left_out(url, found.left_out)
        return list(found.rows)

    def heads(self) -> list[Head]:
        """See HasHeads."""
        return [
            Head(row.version, row.moniker, row.eol, row.midnight, row.version.is_release)
            for row in self.releases()
        ]

    def releases_of(self, series: str) -> list[KernelVersion]:
        """See HasReleases."""
        return releases_of(series, self._sums_of(numbers_of(series)[0]))

    def candidates(self, series: Iterable[str], *, rt: bool) -> list[Head]:
        """See HasCandidates: what the pages of stable-review/ and of projects/rt/ name."""
        wanted = set(series)
        found: list[Head] = []
        folders = {_candidates(one, rt=rt) for one in wanted}
        for folder in sorted(folders):
            place = self._folder / folder / "index.html"
            url = f"{self._base}/{folder}/"
            try:
                body = self._document(url, place, "any")
            except NotServedError:
                continue  # a series without such kernels
            named = {_named(one[1]) for one in map(_PATCH.fullmatch, names_in(body)) if one}
            found += [
                Head(version, is_served=False)
                for version in sorted(one for one in named if one is not None)
                if version.series in wanted and (version.rt if rt else version.rc) is not None
            ]
        return found

    def answers(self) -> list[Answer]:
        """See HasAnswers."""
        return list(self._answers.values())

    def _document(
        self, url: str, place: Path, kind: str, *, max_age: float | None = None,
        check: Callable[[bytes], object] | None = None,
    ) -> bytes:  # fmt: skip
        """A list of kernel.org's; how fresh it is is kept for `answers`."""

        def heard(given: float, why: str) -> None:
            self._answers[url] = Answer(url, given, why)

        return document(
            self._http,
            url,
            place,
            bounds=bounds_of(kind),
            max_age=self._max_age if max_age is None else max_age,
            check=check,
            heard=heard,
            reporter=self.reporter,
        )

    def _left_out(self, url: str, names: tuple[str, ...]) -> None:
        if names:
            said = self._answers.get(url, Answer(url, 0.0))
            self._answers[url] = replace(said, left_out=names)
            with self.reporter.step(f"read {url}") as step:
                step.note(f"{url}: left out, as no kernel is named so: {_some(names)}")

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
            return self._document(url, path, "checksums", max_age=max_age, check=check)

        body = brought(self._max_age)
        try:
            return checksum_list.read(url, body, self._keyring)
        except BadSignatureError as error:
            # What came just now was checked before it was kept: this is of an earlier run.
            path.unlink(missing_ok=True)
            with self.reporter.step(f"check {url}") as step:
                step.note(f"what was kept is not used: {error.what}")
            return checksum_list.read(url, brought(0.0), self._keyring)


def _named(text: str) -> KernelVersion | None:
    try:
        return KernelVersion.parse(text)
    except UserError:
        return None


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more


def _candidates(series: str, *, rt: bool) -> str:
    """The folder whose page names the candidates of a series."""
    major = numbers_of(series)[0]
    return f"projects/rt/{series}" if rt else f"{_folder(major)}/stable-review"


def _folder(major: int) -> str:
    return "v2.6" if major == _FIRST_MAJOR else f"v{major}.x"
