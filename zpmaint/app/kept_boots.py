# SPDX-License-Identifier: GPL-2.0-only
"""Boots that need not be made again: what a guest did is kept under all that it was made of.

    CACHE/boots/ab/abcdef....json      one boot: how it ended, what it reported, its console

A guest whose time is counted in instructions does the same each time: the same kernel, with the
same initramfs, on the same machine. So a change to what is expected of a case is judged on what was
booted before, and one to a suite's programs boots that suite alone. Kept is what a verdict stands
on that settled something; what came out otherwise at another time is forgotten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zpmaint.build.values import Kernel
from zpmaint.core.errors import InfraError
from zpmaint.core.files import write_whole
from zpmaint.core.progress import Reporter
from zpmaint.core.remembered import place_of
from zpmaint.core.sealed import digest_of, forget, seal, usable
from zpmaint.vm.values import Outcome, Part, Run

_FORMAT = 2  # raised when what is kept is made in another way


@dataclass
class KeptBoots:
    """The boots of one verification."""

    folder: Path
    basis: str
    """A digest over what makes guests run beside the kernel and what is in the initramfs: QEMU, the
    machines, our own code for them."""
    reporter: Reporter
    is_read: bool = True
    """False: all is booted, whatever is kept."""
    _made: dict[Path, Run] = field(default_factory=dict)
    _used: set[Path] = field(default_factory=set)

    def place(self, kernel: Kernel, archive: bytes, append: Iterable[str], *more: object) -> Path:
        """Where the boot of `kernel` with an initramfs and words for its command line is kept;
        `more` is what else tells it from others."""
        digest = hashlib.sha256(archive).hexdigest()
        # The image's bytes: its inputs hold times and sizes of the sources, which two releases can
        # have in common.
        image = digest_of(kernel.image)
        parts = [_FORMAT, self.basis, image, digest, list(append), *map(str, more)]
        return place_of(self.folder, parts)

    def find(self, place: Path, console: Path) -> Run | None:
        """The boot that is kept there, its console written to `console` as if it had just been
        made; None where there is none, or it is damaged."""
        if not self.is_read or not usable(place, reporter=self.reporter):
            return None
        try:
            run, said = _read(json.loads(place.read_bytes()), console)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        write_whole(console, said)
        self._used.add(place)
        return run

    def made(self, place: Path, run: Run) -> None:
        """A boot was made. What is not repeatable, and what says nothing of the kernel, is not
        kept."""
        if run.deterministic and not run.outcome.is_infrastructure:
            self._made[place] = run

    def judged(self, *, settles: bool) -> None:
        """Keep what the verdict stands on, where it settles something; else forget it."""
        if not settles:
            for place in self._used:
                forget(place)
            return
        for place, run in self._made.items():
            try:
                write_whole(place, json.dumps(_written(run)))
                seal(place)
            except (InfraError, OSError) as error:  # it is booted again then
                with self.reporter.step("keep the boots") as step:
                    step.note(f"{place}: not kept: {error}")
                return


def _written(run: Run) -> dict[str, Any]:
    document = asdict(run)
    del document["console"], document["restarts"]
    return document | {"said": run.console.read_bytes().decode("utf-8", "surrogateescape")}


def _read(found: dict[str, Any], console: Path) -> tuple[Run, str]:
    run = Run(
        outcome=Outcome(found["outcome"]),
        why=str(found["why"]),
        results=str(found["results"]),
        console=console,
        complaints=tuple(map(str, found["complaints"])),
        seconds=float(found["seconds"]),
        accelerator=str(found["accelerator"]),
        deterministic=bool(found["deterministic"]),
        command=tuple(map(str, found["command"])),
        parts=tuple(
            Part(str(one["case"]), tuple(one["lines"]), tuple(one["complaints"]))
            for one in found["parts"]
        ),
    )
    return run, str(found["said"])
