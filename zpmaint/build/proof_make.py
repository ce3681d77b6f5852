# SPDX-License-Identifier: GPL-2.0-only
"""Single objects of a tree, made with some files in the place of others.

FOLDER/src, obj          as for a pair of kernels (worktree.py)
FOLDER/stock-KEY.json    what came of stock's objects under one configuration
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zpmaint.build import devicetree, fixups, kconfig, kconfigs
from zpmaint.build.build_files import is_kconfig
from zpmaint.build.compiler_log import Log, Said, read_log
from zpmaint.build.conditions import SourceView
from zpmaint.build.diagnosis import diagnose
from zpmaint.build.observed import observe
from zpmaint.build.setting import Setting, contents, digest
from zpmaint.core.errors import InfraError, KernelError
from zpmaint.core.files import read_mark, write_whole
from zpmaint.core.progress import Step
from zpmaint.core.remembered import recall, remember
from zpmaint.port.proof import CompilerLine

_FORMAT = 1  # raised when what is kept of stock means something else
_COMPLAINT = re.compile(r"^\S*Kconfig\S*:\d+:")

Files = Mapping[str, bytes | None]
"""What stands in the place of the tree's own files; None for one that is absent."""
STOCK: Files = {}


@dataclass(frozen=True)
class Configured:
    """What kconfig made of a tree."""

    values: Mapping[str, str]
    """The symbols that are set."""
    complaints: tuple[str, ...]
    """What it said of lines of Kconfig files: arch/x86/Kconfig:12:warning: ..."""


@dataclass
class Made:
    """What came of some objects."""

    made: set[str] = field(default_factory=set)
    log: Log = field(default_factory=Log)
    general: str = ""
    """Why make as a whole failed, where nothing is said of an object itself."""

    def said(self, name: str) -> Said:
        return self.log.said.get(name, Said())


@dataclass(frozen=True)
class Bench:
    """A tree that is worked on, under the lock of its work folder."""

    shared: Setting
    source: str
    """Names the pristine tree's content."""
    log: Path
    step: Step

    def configure(self, over: Files, sets: Mapping[str, str]) -> Configured:
        """Have kconfig configure the tree with `over`: the profile, and `sets` on top. Not run
        again where it was the last thing done. Raises KernelError where it refuses as a whole."""
        work = self.shared.work
        files = self._mended(over)
        work.put(self.shared.tree, files)
        lines = kconfig.fragment(w for w in self.shared.wishes if w.symbol not in sets)
        lines += "".join(f"CONFIG_{name}={value}\n" for name, value in sorted(sets.items()))
        frames = {path: text for path, text in files.items() if is_kconfig(path)}
        state = configured_state(self.shared.basis, frames, sets)
        done, said = work.obj / ".zpmaint-configured", work.obj / ".zpmaint-kconfig-said"
        told = recall(said, self.shared.reporter)
        if read_mark(done) != state or not isinstance(told, dict) or told["state"] != state:
            done.unlink(missing_ok=True)
            wishes = work.folder / "allno.config"
            write_whole(wishes, lines)
            status, printed = self._run(["allnoconfig"], {"KCONFIG_ALLCONFIG": str(wishes)})
            if status:
                raise self._fault(printed, "is not configured")
            rows = [row.replace(f"{work.src}/", "") for row in printed]
            told = {"state": state, "rows": [row for row in rows if _COMPLAINT.match(row)]}
            remember(said, told)
            write_whole(done, state)
        config = (work.obj / ".config").read_text(errors="replace")
        return Configured(kconfigs.values(config), tuple(told["rows"]))

    def make(self, over: Files, objects: Sequence[str]) -> Made:
        """Make objects, as many as can be, of the configured tree with `over`. Raises InfraError
        where the machine is to blame."""
        work = self.shared.work
        work.put(self.shared.tree, self._mended(over))
        trees = [name for name in objects if name.endswith(devicetree.ENDING)]
        objects = [name for name in objects if name not in trees]
        found = self._make_objects(objects) if objects else Made()
        made, said = devicetree.compile_trees(work.src, trees)
        found.made |= made
        found.log.failed |= said.failed
        found.log.said.update(said.said)
        return found

    def _make_objects(self, objects: Sequence[str]) -> Made:
        work = self.shared.work
        for name in objects:
            (work.obj / name).unlink(missing_ok=True)  # what is there afterwards was made now
        few = ["-k", "-Otarget", f"-j{self.shared.jobs}", *objects]
        status, printed = self._run(few, {}, len(objects))
        log = read_log(printed, str(work.src), str(work.obj))
        made = {n for n in objects if (work.obj / n).is_file() and n not in log.failed}
        if len(made) == len(objects):
            return Made(made, log)
        fault = diagnose(printed, str(work.src), str(work.obj))
        if status and fault.infrastructure:
            raise InfraError(f"{self.shared.version}: {fault.line}", fault.hint)
        return Made(made, log, fault.line if status else "make makes no such object")

    def make_stock(self, objects: Sequence[str]) -> Made:
        """Objects of the tree as it is; what is known of one is not made again."""
        config = (self.shared.work.obj / ".config").read_text(errors="replace")
        mended = contents(self._mended(STOCK))
        state = digest([_FORMAT, self.shared.basis, self.source, config, mended])
        place = self.shared.work.folder / f"stock-{state[:16]}.json"
        known: dict[str, Any] = recall(place, self.shared.reporter) or {}
        if left := [name for name in objects if name not in known]:
            fresh = self.make(STOCK, left)
            for name in left:
                said = fresh.said(name)
                errors = [str(row) for row in said.errors] or [fresh.general]
                known[name] = {
                    "made": name in fresh.made,
                    "errors": [] if name in fresh.made else errors,
                    "grave": [row.text for row in said.grave],
                }
            remember(place, known)
        found = Made({name for name in objects if known[name]["made"]})
        for name in objects:
            found.log.said[name] = Said(
                [CompilerLine("", 0, text) for text in known[name]["errors"]],
                [CompilerLine("", 0, text) for text in known[name]["grave"]],
            )
        return found

    def _mended(self, over: Files) -> dict[str, bytes | None]:
        """`over` with the fix-ups that today's tools need, which are the same for both sides."""
        shared = self.shared
        view = SourceView(shared.tree, over)
        found = fixups.mend(view, shared.version, shared.arch, shared.data.fixups)
        return {**over, **found.files}

    def _run(
        self, words: Sequence[str], extra: Mapping[str, str], expected: int = 1
    ) -> tuple[int, list[str]]:
        with self.shared.work.making():
            seen = observe(
                self.shared,
                [*self.shared.command, *words],
                log=self.log,
                step=self.step,
                expected=expected,
                extra=extra,
            )
        return seen.status, list(seen.lines)

    def _fault(self, printed: Sequence[str], what: str) -> InfraError | KernelError:
        work = self.shared.work
        fault = diagnose(printed, str(work.src), str(work.obj))
        return fault.error(f"{self.shared.version} {what}", self.log)


def configured_state(basis: str, frames: Files, sets: Mapping[str, str]) -> str:
    """What a work folder is configured as: a hash of all but the sources, the Kconfig files that
    stand in the place of the tree's own, and what is set on top of the basis."""
    return digest([basis, contents(frames), dict(sets)])
