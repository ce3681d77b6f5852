# SPDX-License-Identifier: GPL-2.0-only
"""A new project: the files that `init.toml` lists, the patch set that zpmaint comes with, and what
a CI service wants.

Nothing that is there is overwritten; what makes the folder a project comes last.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.config import load_config
from zpmaint.core.disk import make_folder
from zpmaint.core.errors import UserError
from zpmaint.core.files import landing, write_whole
from zpmaint.core.places import CONFIG_NAME, example
from zpmaint.matrix.pipeline.project import files_for

_DATA = Path(__file__).parent / "init.toml"
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
"""What the name of a project may not hold (core/config.py): less than that of a file."""
OWN = "mine"
"""What the project's own set is called until it is made."""


@dataclass(frozen=True)
class Project:
    """A project that was made."""

    folder: Path
    written: tuple[Path, ...]
    kept: tuple[Path, ...]
    """Files that were there, and are as they were."""
    patch: str
    """The default patch set."""
    is_there: bool
    """Whether that set is there; else it is to be made."""


def init(folder: Path, *, with_example: bool = True, ci: str = "") -> Project:
    """Make `folder` a project, with the patch set that zpmaint comes with unless it is not wanted,
    and with what the CI service `ci` (pipeline.project.SERVICES) wants. Raises UserError where the
    folder is a project already; with `ci` that one gets the service's files alone."""
    folder = folder.absolute()
    if (folder / CONFIG_NAME).exists():
        if ci:
            return _with_ci(folder, ci)
        raise UserError(f"{folder / CONFIG_NAME} is there: this is a project", "go on in it")
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is no folder", "name another")
    make_folder(folder)
    patch = OWN
    written: list[Path] = []
    kept: list[Path] = []
    if with_example and (shown := _example_set()):
        patch = shown.name
        place = folder / "patches" / patch
        (kept if place.exists() else written).append(place)
        if not place.exists():
            with landing(place) as fresh:
                _copy(shown, fresh)
    if ci:
        _write_ci(folder, ci, written, kept)
    name = _UNFIT.sub("-", folder.name).strip("-._") or "kernels"
    rows = tomllib.loads(_DATA.read_text(encoding="utf-8"))["file"]
    for row in sorted(rows, key=lambda row: row["name"] == CONFIG_NAME):
        place = folder / row["name"]
        if place.exists():
            kept.append(place)
            continue
        text = row["text"].replace("{patch}", patch).replace("{project}", name)
        write_whole(place, text)
        written.append(place)
    is_there = (folder / "patches" / patch / "patch.toml").is_file()
    load_config(folder / CONFIG_NAME, is_new=not is_there)
    return Project(folder, tuple(written), tuple(kept), patch, is_there)


def _copy(shown: Path, fresh: Path) -> None:
    """All files below `shown`. shutil.copytree goes on after an error, and tells a list of all."""
    for old in sorted(shown.rglob("*")):
        new = fresh / old.relative_to(shown)
        if old.is_dir():
            new.mkdir(exist_ok=True)
        else:
            shutil.copy2(old, new)


def _with_ci(folder: Path, ci: str) -> Project:
    """The project that is there, and the files of its service."""
    written: list[Path] = []
    kept: list[Path] = []
    patch = load_config(folder / CONFIG_NAME, is_new=True).patch
    _write_ci(folder, ci, written, kept)
    is_there = (folder / "patches" / patch / "patch.toml").is_file()
    return Project(folder, tuple(written), tuple(kept), patch, is_there)


def _write_ci(folder: Path, ci: str, written: list[Path], kept: list[Path]) -> None:
    for one in files_for(ci):
        place = folder / one.path
        if place.exists():
            kept.append(place)
            continue
        write_whole(place, one.text)
        if one.executable:
            place.chmod(0o755)
        written.append(place)


def _example_set() -> Path | None:
    """The patch set of the project that zpmaint comes with."""
    shown = example()
    if shown is None:
        return None
    config = tomllib.loads((shown / CONFIG_NAME).read_text(encoding="utf-8"))
    place = shown / "patches" / config["patch"]
    return place if place.is_dir() else None
