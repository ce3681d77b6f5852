# SPDX-License-Identifier: GPL-2.0-only
"""What goes to another machine to be verified there, and what comes back: nothing is read from a
disk that both have.

There go the project's kernels.toml, its own data and the patch set; back come the record and the
logs that it names, packed as they are kept.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zpmaint.app.messages import Trouble
from zpmaint.app.session import Session
from zpmaint.core.config import Config
from zpmaint.core.files import landing, locked
from zpmaint.core.places import CONFIG_NAME, DATA_NAME, Places, kept_in
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.ledger import codec
from zpmaint.ledger.logs import LogStore
from zpmaint.ledger.values import Record
from zpmaint.matrix.options import RunOptions
from zpmaint.matrix.plan import Due

_DIGEST = re.compile(r'"([0-9a-f]{64})"')


@dataclass(frozen=True)
class Parcel:
    """One due verification, with all of the project that it needs."""

    due: Due
    key: str
    """Of its inputs, as the run sees them: who has other tools or other code gives no answer."""
    project: str
    """What the ledger knows the project by."""
    config: Config
    files: bytes
    """The project's files, as a tar archive."""
    options: RunOptions


@dataclass(frozen=True)
class Answer:
    """What came of it."""

    record: Record | None
    logs: dict[str, bytes]
    """By digest each log that the record names, packed."""
    trouble: Trouble | None = None


def packed(session: Session, patchset: str) -> bytes:
    """The project's files that a verification of the set reads."""
    top, made = session.places.project, io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for path in sorted(_wanted(top, session.patchset(patchset).folder)):
            found = tarfile.TarInfo(str(path.relative_to(top)))
            data = path.read_bytes()
            found.size, found.mode = len(data), 0o755 if path.stat().st_mode & 0o100 else 0o644
            archive.addfile(found, io.BytesIO(data))
    return made.getvalue()


def _wanted(top: Path, patchset: Path) -> Iterator[Path]:
    yield top / CONFIG_NAME
    for folder in (top / DATA_NAME, patchset):
        yield from (path for path in folder.rglob("*") if path.is_file())


def opened(parcel: Parcel, reporter: Reporter = SILENT) -> Session:
    """A session of the project on this machine, in the places that its environment names."""
    cache, state = kept_in()
    digest = hashlib.sha256(parcel.files).hexdigest()[:32]
    project = cache / "projects" / digest
    with locked(project, reporter):
        if not project.is_dir():
            with (
                landing(project) as fresh,
                tarfile.open(fileobj=io.BytesIO(parcel.files)) as archive,
            ):
                archive.extractall(fresh, filter="data")
    return Session(Places(project, cache, state), parcel.config, reporter)


def logs_of(record: Record, store: LogStore) -> dict[str, bytes]:
    """The logs that a record names, as far as they are kept here."""
    names = _DIGEST.findall(json.dumps(codec.to_json(record)))
    return {name: store.path(name).read_bytes() for name in {*names} if store.has(name)}
