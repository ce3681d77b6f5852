# SPDX-License-Identifier: GPL-2.0-only
"""What code can have a say in a result: all modules that the entry points import, and the data
files that those modules name.

It is read from the sources by `ast`, not kept as a list by hand. Of a module counts what is left
when comments, docstrings and line numbers are gone, so that prose changes nothing; a change to any
module that is really imported does. A module whose name stands in a string is taken as imported,
what is imported for the type checker alone is not.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from zpmaint.core.remembered import recall, remember


@dataclass(frozen=True)
class Module:
    """One file of Python."""

    digest: str
    """Of its code, without prose."""
    imports: tuple[str, ...]
    """Dotted names that it may import; of `from a import b` both a and a.b."""
    strings: tuple[str, ...]
    """Its short string constants: among them are the names of its data files."""


@dataclass(frozen=True)
class Closure:
    """All that the entry points reach."""

    modules: dict[str, str]
    """By dotted name the digest of the code."""
    data: tuple[Path, ...]
    packages: tuple[str, ...]
    """Top-level names that are imported from other distributions."""

    @property
    def digest(self) -> str:
        return self.digest_without(lambda name: False)

    def digest_without(self, leaves_out: Callable[[str], bool]) -> str:
        """The hash of the code of all modules but some."""
        kept = sorted(one for one in self.modules.items() if not leaves_out(one[0]))
        text = "".join(f"{name} {digest}\n" for name, digest in kept)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def closure(
    entries: Iterable[str],
    root: Path,
    *,
    leaves_out: Callable[[str], bool] = lambda name: False,
    cache: Path | None = None,
) -> Closure:
    """The closure of `entries`, dotted names below the package whose folder is `root`.

    `leaves_out` says of a module that neither it nor what it alone imports counts. `cache` is a
    file that keeps what was parsed, by size and time of each source."""
    read = _Reader(cache)
    modules: dict[str, str] = {}
    packages: set[str] = set()
    data: set[Path] = set()
    waiting = list(entries)
    while waiting:
        name = waiting.pop()
        if name in modules or leaves_out(name):
            continue
        if name.partition(".")[0] != root.name:
            packages.add(name.partition(".")[0])
            continue
        path = _file(name, root)
        if path is None:
            continue  # `from a import b`, where b is no module
        module = read(path)
        modules[name] = module.digest
        data |= _data(module.strings, path.parent, root)
        named = (text for text in module.strings if text.startswith(f"{root.name}."))
        waiting += [*module.imports, *_parents(name)]
        waiting += (one for text in named for one in _named(text, root))
    read.keep()
    outside = packages - sys.stdlib_module_names
    return Closure(modules, tuple(sorted(data)), tuple(sorted(outside)))


def parsed(source: str) -> Module:
    """What counts of a module's source."""
    tree = ast.parse(source)
    imports: set[str] = set()
    strings: set[str] = set()
    for node in _walk(tree):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imports |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_name(node.value)
        ):
            strings.add(node.value)
    digest = hashlib.sha256(ast.dump(_Bare().visit(tree)).encode()).hexdigest()[:32]
    return Module(digest, tuple(sorted(imports)), tuple(sorted(strings)))


def _is_name(text: str) -> bool:
    """Whether it may name a file or a folder."""
    return 0 < len(text) < 80 and "\n" not in text


class _Bare(ast.NodeTransformer):
    """Leaves out docstrings, those of attributes included: strings that nobody takes."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return node


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Every node but those that only the type checker sees, and docstrings."""
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _walk(child)


def _named(text: str, root: Path) -> list[str]:
    """The modules that a string names: itself, or all of a package where it ends with a dot and
    the rest is made up when it runs."""
    if not text.endswith("."):
        return [text]
    folder = root.joinpath(*text.rstrip(".").split(".")[1:])
    return [f"{text}{path.stem}" for path in sorted(folder.glob("*.py")) if path.stem[0] != "_"]


def _file(name: str, root: Path) -> Path | None:
    below = root.joinpath(*name.split(".")[1:])
    paths = (below.with_name(f"{below.name}.py"), below / "__init__.py")
    return next((path for path in paths if path.is_file()), None)


def _parents(name: str) -> list[str]:
    parts = name.split(".")[:-1]
    return [".".join(parts[: n + 1]) for n in range(len(parts))]


def _data(strings: Iterable[str], folder: Path, root: Path) -> set[Path]:
    """The files that strings of a module name, beside it or in the folder above. A folder that is
    no package of Python stands for all that is in it."""
    found: set[Path] = set()
    for text in strings:
        if text.strip("./*") == "" or text.startswith("/") or ".." in text or "\0" in text:
            continue
        for place in {folder, folder.parent if folder != root else folder}:
            with suppress(ValueError, OSError, NotImplementedError):
                named = place.glob(text) if "*" in text else [place / text]
                for path in named:
                    if path.is_file():
                        found.add(path)
                    elif path.is_dir() and not (path / "__init__.py").is_file():
                        found |= {one for one in path.rglob("*") if one.is_file()}
    return {path for path in found if path.suffix not in (".py", ".pyc", ".md")}


class _Reader:
    """Reads modules, and remembers them in a file."""

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache
        self._known: dict[str, dict[str, object]] = {}
        self._seen: dict[str, dict[str, object]] = {}
        with suppress(OSError):
            known = recall(cache) if cache else None
            self._known = known if isinstance(known, dict) else {}

    def __call__(self, path: Path) -> Module:
        stat = path.stat()
        stamp = [sys.hexversion, stat.st_mtime_ns, stat.st_size]
        row = self._known.get(str(path))
        if not row or row.get("stamp") != stamp:
            row = {"stamp": stamp, **asdict(parsed(path.read_text(encoding="utf-8")))}
        self._seen[str(path)] = row
        return Module(str(row["digest"]), _words(row["imports"]), _words(row["strings"]))

    def keep(self) -> None:
        if self._cache and any(self._known.get(path) != row for path, row in self._seen.items()):
            with suppress(OSError):  # it only saves a second
                remember(self._cache, self._known | self._seen)


def _words(found: object) -> tuple[str, ...]:
    return tuple(map(str, found)) if isinstance(found, list | tuple) else ()
