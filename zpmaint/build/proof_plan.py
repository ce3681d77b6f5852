# SPDX-License-Identifier: GPL-2.0-only
"""Through which objects each file of a port is to be proven, and which symbols these ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import PurePosixPath

from zpmaint.build import build_files, devicetree, makefiles
from zpmaint.build.conditions import SourceView
from zpmaint.core import arches
from zpmaint.core.tools import run
from zpmaint.port.proof import FileProof, Proof

_SOURCES = (".c", ".S")
_READ = (".h", ".c", ".inc")
_PROGRAMS = ("tools/", "scripts/", "usr/")
_MOST = 60  # files that include another one, of which the best is looked for
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)
_ROOTS = (
    "include/uapi/",
    "include/generated/uapi/",
    "include/",
)
_OF_ARCH = re.compile(r"arch/\w+/include/(?:uapi/)?")
_OLD_ASM = re.compile(r"include/asm-\w+/")


@dataclass(frozen=True)
class Plan:
    """How one file is to be proven."""

    path: str
    objects: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    """That have to be on for these objects to be built."""
    via: str = ""
    """How an object that is not the file's own was found; '' for its own."""
    done: FileProof | None = None
    """What is known of it already: that it holds no code, or why it cannot be compiled here."""
    through: str = ""
    """The source that includes it and is compiled for it; '' for a source of its own."""


@dataclass(frozen=True)
class Planner:
    """Asks the tree as it is with the patch."""

    view: SourceView
    arch: str
    values: Mapping[str, str]
    """What the profile has on."""
    users: Callable[[str], Iterable[str]]
    """The objects whose records name a file, from an earlier build of the same tree; none where
    nobody built it."""

    def text(self, path: str) -> str | None:
        return self._texts(path)

    @cached_property
    def _tops(self) -> tuple[str, ...]:
        """Folders of the architecture whose Makefile every make reads."""
        return tuple(f"arch/{name}" for name in arches.named(self.arch).folders)

    @cached_property
    def _texts(self) -> Callable[[str], str | None]:
        return cache(self.view.text)

    def plans(self, paths: Collection[str]) -> tuple[Plan, ...]:
        """One plan for each path, in order."""
        sources = [path for path in paths if path.endswith(_SOURCES)]
        return tuple(self._plan(path, sources) for path in dict.fromkeys(paths))

    def _plan(self, path: str, touched: Sequence[str]) -> Plan:
        name = PurePosixPath(path).name
        if reason := build_files.is_no_code(path):
            return Plan(path, done=FileProof(path, Proof.NO_CODE, reason))
        if self.view.read(path) is None:
            return Plan(path, done=FileProof(path, Proof.NO_CODE, "deleted"))
        if devicetree.is_devicetree(path):
            return self._devicetree(path)
        if reason := build_files.other_architecture(path, self.arch):
            return _not(path, reason)
        if path.startswith(_PROGRAMS):
            return _not(path, "a program of the build or for users, no part of the kernel")
        if build_files.is_kconfig(path):
            return Plan(path, via="kconfig reads it")
        if build_files.is_makefile(path):
            return self._makefile(path, touched)
        if path.endswith(_SOURCES):
            symbols = makefiles.named_by(path, self.text)
            if symbols is not None and not name.endswith(".lds.S"):
                return Plan(path, (_object(path),), symbols)
            if path.endswith(".S"):
                return _not(path, "no Makefile makes an object of it")
        if not path.endswith(_READ):
            return _not(path, f"nothing here compiles a {PurePosixPath(path).suffix or name}")
        return self._included(path, touched)

    def _devicetree(self, path: str) -> Plan:
        if reason := devicetree.missing_tool():
            return _not(path, reason)
        folder = str(PurePosixPath(path).parent)
        beside = {str(p.relative_to(self.view.root)) for p in (self.view.root / folder).glob("*")}
        beside |= {one for one in self.view.over if str(PurePosixPath(one).parent) == folder}
        boards = devicetree.boards_of(path, sorted(beside), self.text)
        if not boards:
            return _not(path, "no device tree of its folder includes it")
        via = "" if boards == [path] else f"{', '.join(boards)}, which include it"
        names = tuple(f"{board.removesuffix('.dts')}{devicetree.ENDING}" for board in boards)
        return Plan(path, names, via=via)

    def _makefile(self, path: str, touched: Sequence[str]) -> Plan:
        folder = str(PurePosixPath(path).parent)
        if folder == "." or folder in self._tops:
            return Plan(path, via="every make reads it")
        for source in touched:
            if str(PurePosixPath(source).parent) == folder:
                return Plan(path, (_object(source),), via=f"make reads it for {_object(source)}")
        found = self._best(
            f"{folder}/{word[:-2]}.c"
            for row in makefiles.rows(self.text(path) or "")
            for word in row.words
            if word.endswith(".o") and "$" not in word
        )
        if found is None:
            return _not(path, "no object of its folder can be built here")
        source, symbols = found
        return Plan(path, (_object(source),), symbols, f"make reads it for {_object(source)}")

    def _included(self, path: str, touched: Sequence[str]) -> Plan:
        names = spellings(path)
        for source in touched:
            if source != path and self._includes(source, path, names):
                return self._through(path, source, "which includes it and is touched, too")
        recorded = [
            f"{name[:-2]}{ending}"
            for name in self.users(path)
            if name.endswith(".o")
            for ending in _SOURCES
        ]
        if (found := self._best(recorded, path)) is not None:
            return self._through(path, found[0], "by the records of an earlier build")
        grepped = self._grep(path, names)
        if (found := self._best(grepped, path)) is not None:
            return self._through(path, found[0], "which includes it")
        if path.endswith(".c"):
            return _not(path, "no Makefile names it, and no source that can be built includes it")
        return _not(path, "no source that can be built here includes it")

    def _through(self, path: str, source: str, how: str) -> Plan:
        symbols = makefiles.named_by(source, self.text) or ()
        via = f"{_object(source)}, {how}"
        return Plan(path, (_object(source),), symbols, via, through=source)

    def _includes(self, source: str, path: str, names: Collection[str]) -> bool:
        folder = PurePosixPath(source).parent
        return any(
            name in names or _joined(folder, name) == path
            for name in _INCLUDE.findall(self.text(source) or "")
        )

    def _grep(self, path: str, names: Collection[str]) -> list[str]:
        """Sources that include a file, directly or by one header of the same name space."""
        direct = self._naming(names, path)
        sources = [one for one in direct if one.endswith(".c")]
        if sources:
            return sources
        headers = [one for one in direct if one.endswith(".h")][:8]
        more = {name for header in headers for name in spellings(header)}
        return [one for one in self._naming(more, path) if one.endswith(".c")] if more else []

    def _naming(self, names: Collection[str], path: str) -> list[str]:
        words: list[str] = []
        for name in sorted(names):
            words += ["-e", f"<{name}>", "-e", f'"{name}"', "-e", f'/{name}"']
        folders = ["."]
        if not path.startswith("include/") and not _OF_ARCH.match(path):
            top = PurePosixPath(path).parent
            folders = [str(top if len(top.parts) < 3 else top.parent)]
        command = ["grep", "-rlF", "--include=*.c", "--include=*.h", *words, "--", *folders]
        done = run(command, cwd=self.view.root)
        found = done.stdout.decode("utf-8", "surrogateescape").splitlines()
        return sorted(one.removeprefix("./") for one in found)

    def _best(self, sources: Iterable[str], path: str = "") -> tuple[str, tuple[str, ...]] | None:
        """The source that asks for least of the configuration, and of those the nearest."""
        here = PurePosixPath(path)
        ranked: list[tuple[tuple[int, bool, int, str], str, tuple[str, ...]]] = []
        near = sorted(dict.fromkeys(sources), key=lambda one: _distance(one, here))
        for source in near[: _MOST * 4]:
            if build_files.other_architecture(source, self.arch) or source.startswith(_PROGRAMS):
                continue
            if self.text(source) is None:
                continue
            symbols = makefiles.named_by(source, self.text)
            if symbols is None:
                continue
            missing = sum(symbol not in self.values for symbol in symbols)
            stem = PurePosixPath(source).stem != here.stem
            ranked.append(((missing, stem, _distance(source, here), source), source, symbols))
            if len(ranked) >= _MOST:
                break
        return min(ranked)[1:] if ranked else None


def spellings(path: str) -> tuple[str, ...]:
    """How an #include may name a file: <linux/mm.h>, "sched.h"."""
    found = [path[len(root) :] for root in _ROOTS if path.startswith(root)][:1]
    if of_arch := _OF_ARCH.match(path):
        found = [path[of_arch.end() :]]
    if old := _OLD_ASM.match(path):
        found = [f"asm/{path[old.end() :]}"]
    return tuple(found) or (PurePosixPath(path).name,)


def has_source(view: SourceView, name: str) -> bool:
    """Whether a tree has what an object is made of."""
    stem = name.rpartition(".")[0]
    endings = (".dts",) if name.endswith(devicetree.ENDING) else _SOURCES
    return any(view.has(f"{stem}{ending}") for ending in endings)


def _object(source: str) -> str:
    return f"{source.rpartition('.')[0]}.o"


def _not(path: str, why: str) -> Plan:
    return Plan(path, done=FileProof(path, Proof.NOT, why))


def _joined(folder: PurePosixPath, name: str) -> str:
    parts: list[str] = []
    for part in (folder / name).parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _distance(source: str, here: PurePosixPath) -> int:
    one, other = PurePosixPath(source).parent.parts, here.parent.parts
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    return len(one) + len(other) - 2 * shared
