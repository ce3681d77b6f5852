# SPDX-License-Identifier: GPL-2.0-only
"""What a finished build shows of each file and hunk of a port.

Read right after the patched kernel was made: sources, objects and records are then those of its
image. What is asked of stock comes from its pristine tree and from what was noted of its objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from zpmaint.build import build_files, kconfigs
from zpmaint.build.change import FileChange, HunkChange
from zpmaint.build.clines import Source, read
from zpmaint.build.evidence import Compiled, FileEvidence, HunkEvidence
from zpmaint.build.hunk_evidence import Side, has_code, judge, same
from zpmaint.build.linked import linked
from zpmaint.build.preprocess import seen_lines
from zpmaint.build.records import Records
from zpmaint.core.text import to_text

_FEW = 4
"""Objects that are named of a file, and compilations that are looked into for its dead lines."""
_C = (".c", ".h", ".S", ".inc", ".tc", ".lds")


@dataclass(frozen=True)
class Built:
    """A build folder in the state of the patched kernel."""

    tree: Path
    """The pristine stock tree."""
    src: Path
    obj: Path
    arch: str
    stock_objects: Mapping[str, str]
    """The objects that stock linked, each with a hash of its content."""
    stock_users: Mapping[str, Sequence[str]]
    """What stock made of the files that the patch deletes."""
    objects: Mapping[str, str]
    """The same of the patched kernel."""
    stock_autoconf: Path | None
    """The header that holds stock's configuration."""

    @cached_property
    def records(self) -> Records:
        return Records(self.obj, self.src)

    @cached_property
    def linked(self) -> Mapping[str, Compiled]:
        return linked(self.records)

    @cached_property
    def config(self) -> Mapping[str, str]:
        return kconfigs.values((self.obj / ".config").read_text(errors="replace"))

    def text(self, path: str) -> str | None:
        """A file of the patched tree."""
        return _text(self.src / path)

    def beside(self, path: str) -> Sequence[str]:
        """The C sources of the same folder."""
        folder = (self.src / path).parent
        return [str(one.relative_to(self.src)) for one in sorted(folder.glob("*.c"))]

    def stock_text(self, path: str) -> str | None:
        return _text(self.tree / path)


def _text(path: Path) -> str | None:
    return to_text(path.read_bytes()) if path.is_file() else None


def collect(built: Built, changed: Sequence[FileChange]) -> tuple[FileEvidence, ...]:
    """The evidence of every changed file, in order. Raises InfraError where a recorded command
    cannot be repeated."""
    touched = {file.path for file in changed}
    return tuple(_File(built, file, touched).evidence() for file in changed)


def objects_of(built: Built, change: FileChange, touched: set[str]) -> tuple[str, ...]:
    """The linked objects that a changed file went into; those of `touched` sources come first."""
    return _File(built, change, touched).objects


@dataclass(frozen=True)
class _File:
    built: Built
    change: FileChange
    touched: set[str]

    def evidence(self) -> FileEvidence:
        path = self.change.path
        if reason := build_files.is_no_code(path):
            return self._all(Compiled.NO_CODE, reason)
        name = PurePosixPath(path).name
        # The sources of another architecture may be used all the same: x86_64 once took i386's.
        is_frame = name.startswith(("Kconfig", "Makefile"))
        if is_frame and (reason := build_files.other_architecture(path, self.built.arch)):
            return self._all(Compiled.NOT, reason)
        if build_files.is_kconfig(path):
            return self._file(build_files.kconfig(self.change, self.built))
        if build_files.is_makefile(path) or name.endswith(".mk"):
            return self._file(build_files.makefile(self.change, self.built))
        return self._source()

    def _all(self, compiled: Compiled, why: str, symbols: tuple[str, ...] = ()) -> FileEvidence:
        hunks = tuple(HunkEvidence(h.header, compiled, why, symbols) for h in self.change.hunks)
        return FileEvidence(
            self.change.path, compiled, why, symbols=symbols, hunks=hunks, patch=self.change.patch
        )

    def _file(self, hunks: tuple[HunkEvidence, ...]) -> FileEvidence:
        """A file that is in no object itself: it is what its hunks are."""
        kinds = [hunk.compiled for hunk in hunks]
        compiled = next(
            (kind for kind in (Compiled.KERNEL, Compiled.MODULE, Compiled.NOT) if kind in kinds),
            Compiled.NO_CODE,
        )
        telling = next((hunk for hunk in hunks if hunk.compiled is compiled), None)
        return FileEvidence(
            self.change.path,
            compiled,
            telling.why if telling else "nothing in it changes",
            symbols=tuple(dict.fromkeys(s for hunk in hunks for s in hunk.symbols)),
            hunks=hunks,
            patch=self.change.patch,
        )

    # Sources: what a compiler, an assembler or a generator reads.

    @cached_property
    def _is_deleted(self) -> bool:
        return not (self.built.src / self.change.path).exists()

    @cached_property
    def _users(self) -> tuple[str, ...]:
        if self._is_deleted:
            return tuple(self.built.stock_users.get(self.change.path, ()))
        return self.built.records.users(self.change.path)

    @cached_property
    def objects(self) -> tuple[str, ...]:
        """The linked objects that it went into: those whose own source is touched come first."""
        places = self.built.stock_objects if self._is_deleted else self.built.linked
        found = [name for name in self._users if name in places and name.endswith(".o")]
        stems = {path.rpartition(".")[0] for path in self.touched}
        own = self.change.path.rpartition(".")[0]

        def order(name: str) -> tuple[bool, bool, str]:
            stem = name.removesuffix(".o")
            return stem != own, stem not in stems, name

        return tuple(sorted(found, key=order))

    @cached_property
    def _place(self) -> Compiled:
        kinds = {self.built.linked.get(name, Compiled.KERNEL) for name in self.objects}
        return Compiled.KERNEL if Compiled.KERNEL in kinds else Compiled.MODULE

    @property
    def _named(self) -> str:
        if len(self.objects) == 1:
            return self.objects[0]
        more = len(self.objects) - 2
        names = ", ".join(self.objects[:2]) + (f" and {more} more" if more > 0 else "")
        return f"{len(self.objects)} objects: {names}"

    def _source(self) -> FileEvidence:
        path = self.change.path
        new = read(self.built.text(path) or "")
        old = read(self.built.stock_text(self.change.stock_path) or "")
        is_c = path.endswith(_C)
        if is_c and self.change.hunks and not any(has_code(h, new, old) for h in self.change.hunks):
            return self._all(Compiled.NO_CODE, "comments and blank lines alone")
        if not self.objects:
            return self._nowhere(new, old, is_c=is_c)
        place = self._place
        if is_c:
            hunks = self._judged(new, old)
        else:
            hunks = tuple(HunkEvidence(h.header, place, self._named) for h in self.change.hunks)
        differs = self._differs()
        why = self._named
        if differs is False and any(
            h.compiled in (Compiled.KERNEL, Compiled.MODULE) for h in hunks
        ):
            why = f"{why}: compiled, and the object is the stock one, byte for byte"
        symbols = tuple(dict.fromkeys(s for hunk in hunks for s in hunk.symbols))
        return FileEvidence(
            path, place, why, self.objects[:_FEW], differs, symbols, hunks, self.change.patch
        )

    def _nowhere(self, new: Source, old: Source, *, is_c: bool) -> FileEvidence:
        compiled, why, symbols = build_files.why_not(
            self.change.path, self.built, self._users, self.built.arch
        )
        whole = self._all(compiled, why, symbols)
        hunks = tuple(
            evidence
            if not is_c or has_code(hunk, new, old)
            else HunkEvidence(hunk.header, Compiled.NO_CODE, "comments and blank lines alone")
            for hunk, evidence in zip(self.change.hunks, whole.hunks, strict=True)
        )
        return FileEvidence(
            whole.path, compiled, why, symbols=symbols, hunks=hunks, patch=whole.patch
        )

    def _differs(self) -> bool | None:
        pairs = [
            (self.built.stock_objects.get(name), self.built.objects.get(name))
            for name in self.objects
        ]
        if not any(one or other for one, other in pairs):
            return None
        return any(one != other for one, other in pairs)

    def _judged(self, new: Source, old: Source) -> tuple[HunkEvidence, ...]:
        added = {n for h in self.change.hunks for line in h.added if (n := line.number)}
        removed = {n for h in self.change.hunks for line in h.removed if (n := line.number)}
        kept = [line for hunk in self.change.hunks for line in hunk.kept]
        news = self._live(new, added | {n for k in kept if (n := k.built)}, stock=False)
        olds = self._live(old, removed | {n for k in kept if (n := k.stock)}, stock=True)
        gone = {same(line.text) for hunk in self.change.hunks for line in hunk.removed}
        return tuple(self._one(hunk, Side(new, news), Side(old, olds), gone)
                     for hunk in self.change.hunks)  # fmt: skip

    def _one(self, hunk: HunkChange, new: Side, old: Side, gone: set[str]) -> HunkEvidence:
        found = judge(
            hunk, new, old, place=self._place, shown_by=self._named, stock_lines=frozenset(gone)
        )
        missing = tuple(s for s in found.symbols if s not in self.built.config)
        return HunkEvidence(found.header, found.compiled, found.why, missing)

    def _live(self, source: Source, wanted: Iterable[int], *, stock: bool) -> frozenset[int]:
        """The arms that any of a few of its objects takes; no more are looked into once all of
        the `wanted` lines are live."""
        arms = {source.line(number).arm for number in wanted}
        if not arms or not any(arms):
            return frozenset({0})  # outside of all conditionals
        built = self.built
        if stock and not self.change.stock_path:
            return frozenset({0})
        path = built.tree / self.change.stock_path if stock else built.src / self.change.path
        seen: set[int] = set()
        live: frozenset[int] = frozenset()
        for name in self._compilations(stock=stock):
            record = built.records.by_target[name]
            swap = (built.src, built.tree) if stock else None
            before = built.stock_autoconf if stock else None
            seen |= seen_lines(record, built.obj, [path], swap=swap, before=before)[path]
            live = source.live_arms(seen)
            if arms <= live:
                break
        return live

    def _compilations(self, *, stock: bool) -> tuple[str, ...]:
        """Records whose command reads it: of its objects, or of what they are generated from. Of a
        `stock` tree those that stock has made, too: it lacks the sources that the patch adds."""
        known = self.built.records.by_target
        there = self.built.stock_objects if stock else self.built.linked
        own = [n for n in self.objects if n in known and known[n].is_compiled and n in there]
        direct = set(self._users)
        if not self._is_deleted:
            direct = set(self.built.records.naming(self.change.path))
        first = [name for name in own if name in direct]
        others = [name for name in self._users if name in direct and known[name].is_compiled]
        spread = first[:2] + first[2 :: max(1, len(first) // _FEW)]
        return tuple(dict.fromkeys([*spread[: _FEW + 2], *(others if not first else ())]))
