# SPDX-License-Identifier: GPL-2.0-only
"""Evidence of what is no source: Kconfig files, Makefiles, prose; why a file is in no object."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Protocol

from zpmaint.build import clines, kconfigs, makefiles
from zpmaint.build.change import ChangedLine, FileChange, HunkChange
from zpmaint.build.evidence import Compiled, HunkEvidence
from zpmaint.build.makefiles import Text
from zpmaint.core import arches

_PROSE_FOLDERS = ("Documentation/", "LICENSES/")
_PROSE_ENDINGS = (
    ".rst",
    ".txt",
    ".md",
    ".yaml",
    ".svg",
    ".gitignore",
    ".mailmap",
    ".gitattributes",
)
_PROSE_NAMES = ("MAINTAINERS", "CREDITS", "COPYING", "README", "TODO", "REPORTING-BUGS")
_OBJECT = re.compile(r"(?<![\w$(])[\w./-]+\.o\b")
_FOLDER = re.compile(r"(?<![\w$(])[\w./-]+/(?=\s|$)")
_FLAGS = re.compile(r"[A-Z_]+_(\S+\.o)$")  # CFLAGS_fork.o, KASAN_SANITIZE_fork.o


class Tree(Protocol):
    """What is asked of a build."""

    @property
    def config(self) -> Mapping[str, str]: ...

    @property
    def linked(self) -> Mapping[str, Compiled]: ...

    @property
    def stock_objects(self) -> Mapping[str, str]: ...

    def text(self, path: str) -> str | None: ...

    def beside(self, path: str) -> Sequence[str]: ...

    def stock_text(self, path: str) -> str | None: ...


def is_makefile(path: str) -> bool:
    """Whether make reads a file."""
    return path.rpartition("/")[2].startswith(("Makefile", "Kbuild"))


def is_kconfig(path: str) -> bool:
    """Whether kconfig reads a file."""
    return path.rpartition("/")[2].startswith("Kconfig")


def is_no_code(path: str) -> str:
    """Why no kernel is made of this file, by its name; '' where one may be."""
    name = PurePosixPath(path).name
    if name.startswith(("Kconfig", "Makefile", "Kbuild")):
        return ""
    if path.startswith(_PROSE_FOLDERS) or name.endswith(_PROSE_ENDINGS) or name in _PROSE_NAMES:
        return "documentation"
    return ""


def other_architecture(path: str, arch: str) -> str:
    """Why no kernel of `arch` has this file; '' where it may."""
    top, _, rest = path.partition("/")
    if top == "arch" and "/" in rest:
        name = rest.partition("/")[0]
        if name not in arches.named(arch).folders:
            return _for_another(name)
    if path.startswith("include/asm-"):
        name = path.removeprefix("include/asm-").partition("/")[0]
        if name not in (*arches.named(arch).folders, "generic"):
            return _for_another(name)
    return ""


def _for_another(folder: str) -> str:
    """With what to ask for, where kernels of that architecture can be had."""
    if other := arches.of_folder(folder):
        return f"for another architecture, --arch {other.name}"
    return f"for another architecture: {folder}"


def why_not(
    path: str, tree: Tree, users: Sequence[str], arch: str
) -> tuple[Compiled, str, tuple[str, ...]]:
    """Of a source that is in no linked object: what it is, why, and the symbols that it needs."""
    if users and path.startswith(("scripts/", "tools/", "usr/")):
        return Compiled.NO_CODE, f"a program of the build itself, made here: {users[0]}", ()
    if reason := other_architecture(path, arch):
        return Compiled.NOT, reason, ()
    symbols = tuple(s for s in makefiles.symbols_for(path, tree.text) if s not in tree.config)
    if symbols:
        names = ", ".join(f"CONFIG_{name}" for name in symbols)
        return Compiled.NOT, f"in no object: needs {names}", symbols
    if found := _included_beside(path, tree):
        return found
    if users:
        return Compiled.NOT, f"compiled into {users[0]}, which is not linked", ()
    if path.endswith(".h"):
        return Compiled.NOT, "no object that was built includes it", ()
    if path.startswith(("tools/", "scripts/", "samples/")):
        return Compiled.NOT, "not used by this build", ()
    return Compiled.NOT, "no record of this build names it", ()


def _included_beside(path: str, tree: Tree) -> tuple[Compiled, str, tuple[str, ...]] | None:
    """A source that another one of its folder includes under a conditional that is off."""
    name = PurePosixPath(path).name
    directive = re.compile(rf'\s*#\s*include\s+"{re.escape(name)}"')
    for other in tree.beside(path):
        text = tree.text(other) or ""
        if f'"{name}"' not in text:
            continue
        source = clines.read(text)
        for number, line in enumerate(text.split("\n"), 1):
            arms = source.chain(source.line(number).arm) if directive.match(line) else []
            if arms:
                symbols = [s for a in arms for s in source.arms[a].symbols if s not in tree.config]
                label = source.arms[arms[-1]].label
                return (
                    Compiled.NOT,
                    f"in no object: {other} includes it under {label}",
                    tuple(dict.fromkeys(symbols)),
                )
    return None


# Kconfig


def kconfig(change: FileChange, tree: Tree) -> tuple[HunkEvidence, ...]:
    """Each hunk of a Kconfig file, by the symbols whose entries it changes."""
    new = kconfigs.lines(tree.text(change.path) or "")
    old = kconfigs.lines(tree.stock_text(change.stock_path) or "")
    there = {line.symbol for line in new}
    return tuple(_kconfig_hunk(hunk, new, old, there, tree) for hunk in change.hunks)


def _kconfig_hunk(
    hunk: HunkChange,
    new: list[kconfigs.KconfigLine],
    old: list[kconfigs.KconfigLine],
    there: set[str],
    tree: Tree,
) -> HunkEvidence:
    lines = [
        side[line.number - 1]
        for side, changed in ((new, hunk.added), (old, hunk.removed))
        for line in changed
        if line.number is not None and line.number <= len(side)
    ]
    symbols = tuple(dict.fromkeys(line.symbol for line in lines if line.symbol))
    sources = tuple(dict.fromkeys(line.source for line in lines if line.source))
    missing = tuple(name for name in symbols if name in there and name not in tree.config)
    if missing:
        names = ", ".join(f"CONFIG_{name}" for name in missing)
        verb = "is" if len(missing) == 1 else "are"
        return HunkEvidence(hunk.header, Compiled.NOT, f"{names} {verb} not set", missing)
    for source in sources:
        inside = kconfigs.declared(tree.text(source) or "")
        if inside and not any(name in tree.config for name in inside):
            return HunkEvidence(
                hunk.header, Compiled.NOT, f"no symbol of {source} is set", inside[:1]
            )
    if symbols:
        said = ", ".join(
            f"CONFIG_{name}={tree.config[name]}"
            if name in tree.config
            else f"CONFIG_{name} is gone"
            for name in symbols
        )
        modules = all(tree.config.get(name) == "m" for name in symbols)
        return HunkEvidence(hunk.header, Compiled.MODULE if modules else Compiled.KERNEL, said)
    if sources or any(line.is_frame for line in lines):
        return HunkEvidence(hunk.header, Compiled.KERNEL, "read by kconfig")
    return HunkEvidence(hunk.header, Compiled.NO_CODE, "help texts and comments alone")


# Makefiles


def makefile(change: FileChange, tree: Tree) -> tuple[HunkEvidence, ...]:
    """Each hunk of a Makefile, by the objects and folders that its lines name."""
    folder = str(PurePosixPath(change.path).parent)
    new = [*makefiles.rows(tree.text(change.path) or "")]
    old = [*makefiles.rows(tree.stock_text(change.stock_path) or "")]
    return tuple(_makefile_hunk(hunk, folder, new, old, tree) for hunk in change.hunks)


def _makefile_hunk(
    hunk: HunkChange,
    folder: str,
    new: Sequence[makefiles.Row],
    old: Sequence[makefiles.Row],
    tree: Tree,
) -> HunkEvidence:
    code = [line for line in (*hunk.added, *hunk.removed) if line.text.split("#")[0].strip()]
    if not code:
        return HunkEvidence(hunk.header, Compiled.NO_CODE, "comments and blank lines alone")
    here = set(tree.linked)
    places: list[Compiled] = []
    named: list[str] = []
    added = targets(hunk.added, new, folder)
    removed = {name: row for name, row in targets(hunk.removed, old, folder).items()
               if name not in added}  # fmt: skip
    for name, row in (*added.items(), *removed.items()):
        side = here if name in added else set(tree.stock_objects)
        found = next(iter(_under(name, side)), None)
        if found is None:
            symbols = tuple(
                s for s in dict.fromkeys((*above(name, tree.text), *row.symbols))
                if s not in tree.config
            )  # fmt: skip
            why = f"{name} is not built"
            return HunkEvidence(hunk.header, Compiled.NOT, why, symbols)
        named.append(name)
        places.append(tree.linked.get(found, Compiled.KERNEL))
    if named:
        kernel = Compiled.KERNEL in places
        why = f"builds {', '.join(named[:3])}"
        return HunkEvidence(hunk.header, Compiled.KERNEL if kernel else Compiled.MODULE, why)
    touched = {line.number for line in hunk.added}
    for row in new:
        if touched & {*range(row.first, row.last + 1)}:
            off = [s for s in row.symbols if s not in tree.config]
            if off:
                why = f"{row.name} stands under CONFIG_{off[0]}, which is not set"
                return HunkEvidence(hunk.header, Compiled.NOT, why, tuple(off))
    # Of arch/ only what the built architecture is made from comes here: see other_architecture.
    if folder == "." or _under(f"{folder}/", here) or folder.startswith(("scripts", "arch/")):
        return HunkEvidence(hunk.header, Compiled.KERNEL, "read by make in this build")
    return HunkEvidence(hunk.header, Compiled.NOT, f"nothing of {folder}/ is built")


def targets(
    lines: Sequence[ChangedLine], rows: Sequence[makefiles.Row], folder: str
) -> dict[str, makefiles.Row]:
    """The objects and folders that changed lines name, below the tree's top."""
    found: dict[str, makefiles.Row] = {}
    prefix = "" if folder == "." else f"{folder}/"
    for line in lines:
        number = line.number or 0
        row = next((r for r in rows if r.first <= number <= r.last), None)
        if row is None:
            continue
        if flags := _FLAGS.match(row.name):
            found[prefix + flags[1]] = row
            continue
        if row.name.startswith(("subdir-", "hostprogs", "clean-", "targets")):
            continue
        for name in (*_OBJECT.findall(line.text), *_FOLDER.findall(line.text)):
            # An architecture's Makefile is read at the tree's top, and names from there.
            found[name if prefix and name.startswith(prefix) else prefix + name] = row
    return found


def _under(name: str, objects: set[str]) -> list[str]:
    if not name.endswith("/"):
        return [name] if name in objects else []
    # An empty archive stands for a folder in which nothing is switched on.
    return [
        o for o in objects if o.startswith(name) and not o.endswith(("built-in.a", "built-in.o"))
    ]


def above(name: str, text: Text) -> tuple[str, ...]:
    """The symbols that open an object's folder, by any source of that name."""
    if not name.endswith(".o"):
        return ()
    return makefiles.symbols_for(f"{name.removesuffix('.o')}.c", text)
