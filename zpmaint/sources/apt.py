# SPDX-License-Identifier: GPL-2.0-only
"""The machine's own apt, asked about packages that the machine does not install: sources of more
suites, binaries of another architecture.

apt reaches its mirrors through whatever proxies, credentials and transports the machine is set up
with, checks the signature of every InRelease and the checksum of every index and file; none of
that is done again here. It works in a folder of its own: the machine's lists are not touched, and
no rights are needed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from debian.deb822 import Deb822

from zpmaint.core.errors import InfraError
from zpmaint.core.files import locked, write_whole
from zpmaint.core.locks import hold
from zpmaint.core.progress import SILENT, Reporter, Step
from zpmaint.core.remembered import recall, remember
from zpmaint.core.sealed import sha256_of, usable
from zpmaint.core.tools import run
from zpmaint.sources.apt_release import Release, expired, release_beside, unchecked_by
from zpmaint.sources.bounds import Meter, bounds_of
from zpmaint.sources.download import disk_error, land
from zpmaint.sources.source import NotServedError, SourceFailedError

_HELPER = Path("/usr/lib/apt/apt-helper")
_PROBE_RATE = 64  # kB/s: a probe is stopped at its first bytes; until then it should bring few
_POLL = 0.05  # seconds between two looks at a file that grows
_TRANSPORTS = ("http:", "https:", "file:", "mirror:", "mirror+", "tor+")
_NO_SUCH_SUITE = ("does not have a Release file", "doesn't have the component")
_GONE = ("404  Not Found", "410  Gone", "File not found", "does not exist")


@dataclass(frozen=True)
class Entry:
    """One suite of one mirror, as sources.list names it."""

    uri: str
    suite: str
    signed_by: str = ""
    """A keyring file, or "" for apt's trusted keys."""
    check_valid_until: str = ""
    """What the machine says for this suite, yes or no; "" for nothing."""

    def line(self, component: str, arch: str = "") -> str:
        """As a line of sources.list: for binaries of `arch`, else for sources."""
        options = [f"arch={arch}"] if arch else []
        options += [f"signed-by={self.signed_by}"] if self.signed_by else []
        if self.check_valid_until:
            options.append(f"check-valid-until={self.check_valid_until}")
        bracket = f"[{' '.join(options)}] " if options else ""
        return f"{'deb' if arch else 'deb-src'} {bracket}{self.uri} {self.suite} {component}"


@dataclass(frozen=True)
class Index:
    """A verified index of packages on the disk."""

    uri: str
    suite: str
    origin: str
    path: Path
    release: Release | None = None
    """The signed list that names it."""
    note: str = ""
    """What of its dates is to be told beside."""


def machine_entries(etc: Path = Path("/etc/apt")) -> list[Entry]:
    """What the machine installs from: sources.list and sources.list.d, both formats.

    Entries that are switched off, CDs, and keys written inside a .sources file are left out.
    """
    found: list[Entry] = []
    folder = etc / "sources.list.d"
    for path in [etc / "sources.list", *sorted(folder.glob("*.list"))]:
        if path.is_file():
            found += _one_line_style(path.read_text(errors="replace"))
    for path in sorted(folder.glob("*.sources")):
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            for stanza in Deb822.iter_paragraphs(text.split("\n"), use_apt_pkg=False):
                found += _deb822_style(stanza)
        except (ValueError, TypeError, LookupError) as error:
            raise SourceFailedError(f"{path}: not a list of apt's sources: {error}") from None
    usable = [entry for entry in found if entry.uri.startswith(_TRANSPORTS)]
    return list(dict.fromkeys(usable))


def _one_line_style(text: str) -> Iterator[Entry]:
    for raw in text.splitlines():
        line = raw.split("#")[0].strip()
        kind, _, rest = line.partition(" ")
        if kind not in ("deb", "deb-src"):
            continue
        options = ""
        rest = rest.strip()
        if rest.startswith("["):
            options, _, rest = rest[1:].partition("]")
        words = rest.split()
        if len(words) < 2 or words[1].endswith("/"):
            continue  # a flat repository has no suites
        said = dict(o.lower().partition("=")[::2] for o in options.split())
        signed = [o.partition("=")[2] for o in options.split() if o.startswith("signed-by=")]
        until = said.get("check-valid-until", "")
        yield Entry(words[0].rstrip("/"), words[1], signed[0] if signed else "", until)


def _deb822_style(stanza: Deb822) -> Iterator[Entry]:
    if stanza.get("Enabled", "yes").strip().lower() in ("no", "false", "0"):
        return
    signed = stanza.get("Signed-By", "").strip()
    if signed and not signed.startswith("/"):
        return
    until = stanza.get("Check-Valid-Until", "").strip().lower()
    for uri in stanza.get("URIs", "").split():
        for suite in stanza.get("Suites", "").split():
            if not suite.endswith("/"):
                yield Entry(uri.rstrip("/"), suite, signed, until)


def machine_origins() -> dict[tuple[str, str], str]:
    """Who makes each suite that the machine installs from, as far as apt has its lists here."""
    done = run(["apt-get", "indextargets", "--format", "$(REPO_URI)\t$(RELEASE)\t$(ORIGIN)"])
    rows = (line.split("\t") for line in done.stdout.decode("utf-8", "replace").splitlines())
    return {(row[0].rstrip("/"), row[1]): row[2] for row in rows if len(row) == 3}


class Apt:
    """apt in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Raises SourceFailedError on a machine without apt."""
        if not _HELPER.is_file() or shutil.which("apt-get") is None:
            raise SourceFailedError(
                "this machine has no apt", "use kernel.org or a git source instead"
            )
        self.unread: tuple[str, ...] = ()
        """What the last update was refused of the lists, in apt's words: with any there may be
        kernels that are not known of here."""
        self.folder = folder.absolute()
        for part in ("lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        self._configure()

    def update(
        self,
        entries: Sequence[Entry],
        component: str,
        *,
        max_age: float,
        reporter: Reporter,
        arch: str = "",
    ) -> list[Index]:
        """The indexes of `entries`, asked for at most every `max_age` seconds: of sources, or of
        binaries of `arch`.

        A suite that a mirror does not have is left out; what cannot be reached or verified is
        noted and left out, or served from before. Raises SourceFailedError where nothing is left.
        """
        text = "".join(f"{entry.line(component, arch)}\n" for entry in entries)
        stamp = self.folder / "updated.json"
        with locked(stamp, reporter):
            write_whole(self.folder / "sources.list", text)
            complaints: list[str] = []
            if not _fresh(stamp, text, max_age):
                with reporter.step(f"apt-get update for {len(entries)} suites") as step:
                    complaints = self._update()
                    self.unread = tuple(one for one in complaints if _is_refusal(one))
                    for complaint in complaints:
                        step.note(complaint)
                if not complaints:
                    remember(stamp, {"list": text, "time": time.time()})
            indexes = self._indexes("Packages" if arch else "Sources", entries, reporter)
        if not indexes:
            kind = f"{arch} packages" if arch else "source packages"
            raise SourceFailedError(
                f"apt has no index of {kind}: {(complaints or ['none is offered'])[0]}",
                "does `apt-get update` work on this machine?",
            )
        return indexes

    def read(self, index: Index) -> bytes:
        """The text of an index."""
        done = run([_HELPER, "cat-file", index.path])
        if done.returncode != 0:
            raise SourceFailedError(f"{index.path}: apt cannot read it: {_last(done.stderr)}")
        return done.stdout

    def probe(self, uri: str) -> bool:
        """Whether a file can be fetched now: asks for it and stops at the first bytes.

        Raises SourceFailedError where that cannot be told."""
        place = self.folder / "probe" / hashlib.sha256(uri.encode()).hexdigest()[:16]
        with locked(place):
            place.unlink(missing_ok=True)
            slow = [f"-oAcquire::{kind}::Dl-Limit={_PROBE_RATE}" for kind in ("http", "https")]
            process = self._start(uri, place, "", slow)
            try:
                while process.poll() is None and _size(place) == 0:
                    time.sleep(_POLL)
                if process.poll() in (None, 0):
                    return True
            finally:
                said = _ended(process)
                place.unlink(missing_ok=True)
        if any(word in said for word in _GONE):
            return False
        raise SourceFailedError(f"{uri}: {said}", "does `apt-get update` work on this machine?")

    def fetch(
        self, uri: str, dest: Path, *, sha256: str, size: int, reporter: Reporter = SILENT
    ) -> Path:
        """A file of a mirror at `dest`, verified, going on where an earlier attempt was cut.

        Raises NotServedError (gone), SourceFailedError (network, checksum), InfraError (disk).
        """
        dest = dest.absolute()
        part = dest.with_name(f".{dest.name}.part")
        with hold(part.with_name(f"{part.name}.lock"), str(dest), reporter) as handle:
            if usable(dest, sha256, reporter):
                return dest
            meter = Meter(replace(bounds_of("archive"), size=size))
            with reporter.step(f"fetch {dest.name}", "B") as step:
                for attempt in (1, 2):
                    if _size(part) != size:
                        process = self._start(uri, part, sha256, (), handle)
                        try:
                            broken = _watched(process, part, meter, step)
                        finally:
                            said = _ended(process)
                        if broken:
                            raise _given_up(uri, part, size, broken)
                        if process.returncode != 0:
                            wrong = f"{uri}: {said}"
                            self._judge(uri, said, part)
                            step.note(f"{wrong} (attempt {attempt})")
                            continue
                    got = sha256_of(part)
                    if got == sha256:
                        step.advance(size, size)
                        land(part, dest, got)
                        return dest
                    wrong = f"{uri}: sha256 is {got}, expected {sha256}"
                    step.note(f"{wrong} (attempt {attempt})")
                    part.unlink()
            raise SourceFailedError(f"{wrong}, twice", "try again later, or another source")

    def _judge(self, uri: str, said: str, part: Path) -> None:
        """Raise for a failure that asking again will not cure."""
        if any(word in said for word in _GONE):
            raise NotServedError(f"{uri}: gone from the mirror, though its index lists it")
        if "No space left" in said:
            raise disk_error(part, OSError(28, "No space left on device"))
        if "Hash Sum mismatch" in said or "unexpected size" in said:
            part.unlink(missing_ok=True)
            return
        raise SourceFailedError(f"{uri}: {said}", "run again later: what has come is kept")

    def _start(
        self, uri: str, dest: Path, sha256: str, options: Sequence[str] = (), held: int = -1
    ) -> subprocess.Popen[str]:
        """apt-helper, fetching. It inherits the lock `held`: should zpmaint be killed, the lock
        is free only when apt-helper no longer writes either."""
        return subprocess.Popen(
            [
                str(_HELPER), "-q=2", *self._options(), *options,
                "download-file", uri, str(dest), *([f"SHA256:{sha256}"] if sha256 else []),
            ],
            env={**os.environ, "LC_ALL": "C"}, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            pass_fds=[held] if held >= 0 else [],
        )  # fmt: skip

    def _update(self) -> list[str]:
        """Run apt-get update; what went wrong, less the suites that the mirrors do not have."""
        bounds = bounds_of("indexes")
        try:
            done = run(
                ["apt-get", "-q=2", *self._options(), "update"],
                env={"LC_ALL": "C"},
                timeout=bounds.seconds,
            )
        except subprocess.TimeoutExpired:
            return [f"apt-get update: not done after {bounds.seconds:g} s, and given up"]
        lines = done.stderr.decode("utf-8", "replace").splitlines()
        bad = [line for line in lines if line.startswith(("E:", "W:", "Err:"))]
        if done.returncode not in (0, 100):
            raise InfraError(
                f"apt-get update ended with status {done.returncode}", _last(done.stderr)
            )
        return [line for line in bad if not any(word in line for word in _NO_SUCH_SUITE)]

    def _indexes(self, kind: str, entries: Sequence[Entry], reporter: Reporter) -> list[Index]:
        """What the folder has, less what is no longer to be believed."""
        form = "$(REPO_URI)\t$(RELEASE)\t$(ORIGIN)\t$(METAKEY)\t$(FILENAME)"
        done = run(
            ["apt-get", *self._options(), "indextargets", "--format", form, f"Created-By: {kind}"],
            env={"LC_ALL": "C"},
        )
        if done.returncode != 0:
            raise InfraError(f"apt-get indextargets failed: {_last(done.stderr)}")
        by_name = {(entry.uri, entry.suite): entry for entry in entries}
        found: list[Index] = []
        for line in done.stdout.decode("utf-8", "replace").splitlines():
            uri, suite, origin, key, path = line.split("\t")
            entry = by_name.get((uri.rstrip("/"), suite), Entry(uri.rstrip("/"), suite))
            index = Index(entry.uri, suite, origin, Path(path))
            found += _believed(index, key, entry, reporter)
        return found

    def _options(self) -> list[str]:
        return ["-c", str(self.folder / "apt.conf")]

    def _configure(self) -> None:
        """Lay our own folder over the machine's settings; proxies and credentials stay."""
        settings = {
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": self.folder / "lists",
            "Dir::Cache": self.folder / "cache",
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
            "Acquire::GzipIndexes": "true",
            "Acquire::PDiffs": "false",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
            "APT::Sandbox::User": "root",  # stays whoever runs zpmaint: the folder is theirs
        }
        # The machine's hooks are about its own lists.
        hooks = ("Pre-Invoke", "Post-Invoke", "Post-Invoke-Success")
        text = "".join(f'{name} "{value}";\n' for name, value in settings.items())
        text += "".join(f"#clear APT::Update::{hook};\n" for hook in hooks)
        write_whole(self.folder / "apt.conf", text)


def _believed(index: Index, key: str, entry: Entry, reporter: Reporter) -> Iterator[Index]:
    """The index with the Release that lists it; nothing where that has expired since apt took it,
    unless the machine's apt takes such ones, too."""
    release = release_beside(index.path, key, entry.suite, entry.signed_by)
    if release is None or not release.is_expired:
        yield replace(index, release=release)
        return
    why = unchecked_by(f"check-valid-until={entry.check_valid_until}")
    if why:
        yield replace(index, release=release, note=f"past that, and taken: {why}")
        return
    with reporter.step(f"check {entry.uri} {entry.suite}") as step:
        step.note(f"{expired(release)}: left out, as apt would; is this machine's clock right?")


def _is_refusal(complaint: str) -> bool:
    """Whether a list did not come; apt warns of much else, as of weak keys."""
    return not complaint.startswith("W:") or "Failed to fetch" in complaint


def _fresh(stamp: Path, text: str, max_age: float) -> bool:
    kept = recall(stamp)
    if not isinstance(kept, dict):
        return False
    return bool(kept["list"] == text and 0 <= time.time() - kept["time"] < max_age)


def _watched(process: subprocess.Popen[str], part: Path, meter: Meter, step: Step) -> str:
    """Look on until the process ends, or a bound is broken: which one, in words."""
    seen = _size(part)
    while process.poll() is None:
        now = _size(part)
        meter.count(max(0, now - seen))
        seen = now
        if now > meter.bounds.size:
            return f"is larger than its signed index says: {now} bytes, not {meter.bounds.size}"
        if late := meter.overdue():
            return late
        step.advance(now, meter.bounds.size)
        time.sleep(_POLL)
    return ""


def _given_up(uri: str, part: Path, size: int, broken: str) -> SourceFailedError:
    if _size(part) > size:
        part.unlink(missing_ok=True)
        return SourceFailedError(f"{uri}: {broken}", "the mirror is wrong; try another source")
    return SourceFailedError(f"{uri}: {broken}", "run again later: what has come is kept")


def _ended(process: subprocess.Popen[str]) -> str:
    """End the process if it has not ended; the last error it wrote."""
    if process.poll() is None:
        process.terminate()
    _, said = process.communicate()
    lines = [line[2:].strip() for line in said.splitlines() if line.startswith("E:")]
    return (lines or said.strip().splitlines() or [f"apt-helper: status {process.returncode}"])[0]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _last(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "no word of why"
