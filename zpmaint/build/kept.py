# SPDX-License-Identifier: GPL-2.0-only
"""What is kept of a build beside its image: the objects that were linked, and the evidence.

    FOLDER/evidence/NAME.json          of the image FOLDER/images/NAME: objects, notes
    FOLDER/evidence/NAME.autoconf.h    the configuration that it was compiled with
    FOLDER/evidence/NAME-KEY.json      the evidence of one port
    FOLDER/evidence/NAME-KEY-at.json   where its changed lines are, as far as that was asked for

An image that is there is not built again: without these the second run would know less than the
first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zpmaint.build import evidence
from zpmaint.build.evidence import Evidence
from zpmaint.build.linked import digests, linked
from zpmaint.build.records import Records
from zpmaint.build.running import values as running
from zpmaint.build.running.values import Places
from zpmaint.core.files import write_whole
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.remembered import recall, remember
from zpmaint.core.sealed import forget, seal, usable

_FORMAT = 1  # raised when what is kept means something else
_AUTOCONF = ("include/generated/autoconf.h", "include/linux/autoconf.h")


@dataclass(frozen=True)
class Kept:
    """The folder of what is kept for the images of one work folder."""

    folder: Path
    reporter: Reporter = SILENT

    def note(
        self, image: str, obj: Path, src: Path, notes: list[str], watched: Collection[str]
    ) -> None:
        """Write down the linked objects of a make that has just ended well, what was made of the
        sources `watched`, and its `notes`."""
        records = Records(obj, src)
        objects = digests(obj, linked(records))
        forget(self.autoconf_path(image))
        for name in _AUTOCONF:
            if (obj / name).is_file():
                write_whole(self.autoconf_path(image), (obj / name).read_bytes())
                seal(self.autoconf_path(image))
                break
        users = {**self.users(image), **{path: records.users(path) for path in watched}}
        self._write(image, {"objects": objects, "users": users, "notes": notes})

    def objects(self, image: str) -> Mapping[str, str] | None:
        """The linked objects of an image with a hash of each; None where nobody noted them, or
        what is kept beside is damaged."""
        found = self._read(image)
        autoconf = self.autoconf_path(image)
        if autoconf.exists() and not usable(autoconf, reporter=self.reporter):
            return None
        return found["objects"] if found else None

    def users(self, image: str) -> Mapping[str, list[str]]:
        """What was made of the sources that were watched, by path."""
        found = self._read(image)
        return found["users"] if found else {}

    def notes(self, image: str) -> list[str]:
        """What was to be said of an image when it was made."""
        found = self._read(image)
        return found["notes"] if found else []

    def autoconf_path(self, image: str) -> Path:
        return self.folder / f"{image}.autoconf.h"

    def evidence(self, image: str, key: str) -> Evidence | None:
        found = self._read(f"{image}-{key}")
        return evidence.from_json(found["evidence"]) if found else None

    def keep(self, image: str, key: str, seen: Evidence) -> None:
        self._write(f"{image}-{key}", {"evidence": seen.as_json()})

    def places(self, image: str, key: str) -> Places | None:
        """Where the changed lines of a port are in an image; None where nobody has looked."""
        found = self._read(f"{image}-{key}-at")
        return running.from_json(found["places"]) if found else None

    def keep_places(self, image: str, key: str, at: Places) -> None:
        self._write(f"{image}-{key}-at", {"places": at.as_json()})

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        remember(self.folder / f"{name}.json", {"format": _FORMAT, **value})

    def _read(self, name: str) -> dict[str, Any] | None:
        found = recall(self.folder / f"{name}.json", self.reporter)
        return found if isinstance(found, dict) and found.get("format") == _FORMAT else None
