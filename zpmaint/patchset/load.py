# SPDX-License-Identifier: GPL-2.0-only
"""Reading a patch set: patch.toml and the anchors it names, checked whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from zpmaint.core.config import checked
from zpmaint.core.errors import UserError
from zpmaint.core.places import example
from zpmaint.core.toml import read_toml
from zpmaint.core.wishes import read_fragment
from zpmaint.patchset import resolutions
from zpmaint.patchset.anchor_files import anchor_series
from zpmaint.patchset.claims import load_pages
from zpmaint.patchset.schema import AnchorTable, PatchTable
from zpmaint.patchset.values import Adoption, Anchor, Branch, ConfigRow, Flip, PatchSet, Telling

TABLE = "patch.toml"
_LIKE = 20
"""Sets that are like one another in a row."""


def find_patchset(name_or_path: str, project: Path) -> PatchSet:
    """The patch set `name_or_path` names: a folder of `project`/patches, or any folder that holds
    a patch.toml. Raises UserError where there is none, with the names there are."""
    named = project / "patches" / name_or_path
    for folder in (named, Path(name_or_path)):
        if (folder / TABLE).is_file():
            return load_patchset(folder, project / "patches")
        if folder.is_dir() and folder.resolve() != (project / "patches").resolve():
            raise UserError(f"{folder}: no {TABLE} in it", _how_to_make())
    if Path(name_or_path).is_file():
        raise UserError(
            f"{name_or_path}: a patch alone does not say which kernel it was made for",
            _how_to_make(),
        )
    there = sorted(p.parent.name for p in (project / "patches").glob(f"*/{TABLE}"))
    raise UserError(
        f"no patch set {name_or_path!r} in {project / 'patches'}",
        f"choose one of: {', '.join(there)}" if there else _how_to_make(),
    )


def all_patchsets(project: Path) -> list[PatchSet]:
    """Every set of `project`/patches, by name."""
    folders = sorted(p.parent for p in (project / "patches").glob(f"*/{TABLE}"))
    return [load_patchset(folder, project / "patches") for folder in folders]


def load_patchset(
    folder: Path, sets: Path | None = None, *, above: tuple[Path, ...] = ()
) -> PatchSet:
    """Read `folder`/patch.toml and its anchors; `sets` is where a set that it is `like` stands,
    the folder beside it if not given, and `above` are the sets that are `like` this one. Raises
    UserError: file, key, what would be right; for an anchor: file, line, what to do."""
    path = folder / TABLE
    read = checked(PatchTable, read_toml(path, hint=_how_to_make()), path)
    own = PatchSet(
        name=folder.resolve().name,
        title=read.title,
        author=read.author,
        date=read.date,
        origin=read.origin,
        intent=read.intent,
        anchors=tuple(
            sorted((_anchor(folder, row) for row in read.anchor), key=lambda a: a.version)
        ),
        adoptions=tuple(Adoption(a.era, a.commits, a.why) for a in read.adopted),
        flips=tuple(Flip(f.case, f.stock or "", f.patched, f.why, f.era) for f in read.flip),
        telling=tuple(Telling(t.era, t.counters, t.silent, t.why) for t in read.telling),
        leaves=read.leaves,
        folder=folder,
        resolutions=resolutions.load(folder),
        config=tuple(
            ConfigRow(
                read_fragment(folder / c.file, c.file.removeprefix("config/")), c.era, c.arch, c.why
            )
            for c in read.config
        ),
        min_confidence=read.min_confidence,
        min_executed=read.min_executed,
        config_follows=read.config_follows,
        suites=read.suites,
        suite_targets=tuple((row.name, row.targets) for row in read.suite),
        panels=tuple(row.value for row in read.panel),
        columns=tuple(row.value for row in read.column),
        pages=load_pages(folder),
        branch=(
            Branch(read.git.repository, read.git.branch, read.git.commit, read.git.since)
            if read.git
            else None
        ),
    )
    if read.like is None:
        return own
    like = _like(read.like, path, sets or folder.resolve().parent, above)
    return replace(
        own,
        adoptions=own.adoptions or like.adoptions,
        flips=own.flips or like.flips,
        telling=own.telling or like.telling,
        panels=own.panels or like.panels,
        columns=own.columns or like.columns,
    )


def _like(name: str, path: Path, sets: Path, above: tuple[Path, ...]) -> PatchSet:
    asking, asked = path.parent.resolve(), (sets / name).resolve()
    if asked == asking:
        raise UserError(f"{path}: like: the set itself", "name another set")
    if asked in above:
        circle = " -> ".join(place.name for place in (*above[above.index(asked) :], asking, asked))
        raise UserError(f"{path}: like: a circle: {circle}", "name a set that is like none of them")
    if len(above) >= _LIKE:
        raise UserError(f"{path}: like: more than {_LIKE} sets, each like the next")
    if not (sets / name / TABLE).is_file():
        raise UserError(f"{path}: like: no patch set {name!r} in {sets}")
    return load_patchset(sets / name, sets, above=(*above, asking))


def _anchor(folder: Path, row: AnchorTable) -> Anchor:
    return Anchor(
        name=row.name,
        version=row.version,
        base=row.base,
        era=row.era,
        series=anchor_series(folder / row.file, f"{folder / TABLE}: anchor {row.file}"),
        why=row.why,
    )


def _how_to_make() -> str:
    shown = example()
    return (
        "make a folder with the patch (or a folder or mbox of patches) and a patch.toml: title, "
        "author, origin, intent, leaves and an [[anchor]] with file, version, base, why; "
        "zpmaint new NAME --from does" + (f"; {shown / 'patches'} has one" if shown else "")
    )
