# SPDX-License-Identifier: GPL-2.0-only
"""Where things are kept: the project that is served, the cache, the state.

The cache may be deleted at any time and costs only time; the state (ledger, consoles, logs) is
what was found out.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.errors import UserError

CONFIG_NAME = "kernels.toml"
DATA_NAME = "zpmaint.d"
CONFIG_PLACE = "ZPMAINT_CONFIG"
"""The environment's word on which file is read in the place of the project's kernels.toml: a
service keeps the last one that had no faults."""
_CHECKOUT = Path(__file__).resolve().parent.parent.parent
_SHARED = Path("share", "zpmaint")


@dataclass(frozen=True)
class Places:
    """The folders of one zpmaint installation.

    `project` holds kernels.toml and patches/; `cache` downloads, trees, objects; `state` the
    ledger, the consoles and the build logs.
    """

    project: Path
    cache: Path
    state: Path
    file: Path | None = None
    """Another file than the project's kernels.toml that is read as it."""

    @property
    def config(self) -> Path:
        """The file that is read as kernels.toml."""
        named = self.file or os.environ.get(CONFIG_PLACE)
        return Path(named) if named else self.project / CONFIG_NAME

    @property
    def data(self) -> Path:
        """The project's own rows over the package's data, laid out as the package is:
        build/fixups.toml, vm/profiles.toml. Need not be there."""
        return self.project / DATA_NAME

    @classmethod
    def find(cls, project: Path | None = None) -> Places:
        """From --project, else ZPMAINT_PROJECT, else the nearest kernels.toml above the current
        folder, else the checkout that this package stands in. ZPMAINT_HOME moves cache and state,
        which otherwise follow the XDG base directory specification."""
        if project is None and (named := os.environ.get("ZPMAINT_PROJECT")):
            project = Path(named)
        if project is None:
            here = Path.cwd()
            above = [here, *here.parents, _CHECKOUT]
            project = next((p for p in above if (p / CONFIG_NAME).is_file()), None)
        if project is None or not (project / CONFIG_NAME).is_file():
            where = f"in {project}" if project else f"here ({Path.cwd()}) or above"
            raise UserError(
                f"no {CONFIG_NAME} {where}; zpmaint needs a project: a folder with {CONFIG_NAME} "
                "and patches/NAME/patch.toml",
                f"make one (zpmaint init), go into one, or name it with --project{_such_as()}",
            )
        return cls(project.resolve(), *kept_in())


def kept_in() -> tuple[Path, Path]:
    """The cache and the state, by the environment alone. Raises UserError."""
    if named := os.environ.get("ZPMAINT_HOME"):
        home = _usable(named)
        return home / "cache", home / "state"
    try:
        own = Path.home()
    except RuntimeError:
        raise UserError(
            "nobody says where your home is", "name a folder with ZPMAINT_HOME, as /srv/zpmaint"
        ) from None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or own / ".cache")
    state = Path(os.environ.get("XDG_STATE_HOME") or own / ".local/state")
    return cache / "zpmaint", state / "zpmaint"


# What make, the shell and the compilers' lists of paths take for signs of their own.
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f\ud800-\udfff:;#$%&*?!<>|()\[\]{}\"'`\\]")


def _usable(named: str) -> Path:
    """The folder that ZPMAINT_HOME names. Raises UserError where nothing could be built or kept
    there: better at once than after an hour."""
    home = Path(named).absolute()
    hint = "name another folder with ZPMAINT_HOME, as /srv/zpmaint"
    if found := _UNFIT.search(str(home)):
        what = {" ": "a blank", ":": "a colon", "\n": "a line end"}.get(found[0], repr(found[0]))
        raise UserError(
            f"ZPMAINT_HOME is {str(home)!r}: {what} in it, and make builds no kernel below such a "
            "folder",
            hint,
        )
    try:
        home = home.resolve()
        there = next(place for place in (home, *home.parents) if place.exists())
        if not there.is_dir():
            raise UserError(f"ZPMAINT_HOME is {str(home)!r}: {there} is not a folder", hint)
    except (OSError, RuntimeError) as error:  # too long, links in a circle, not to be entered
        cause = getattr(error, "strerror", None) or str(error)
        raise UserError(f"ZPMAINT_HOME is {str(home)!r}: {cause}", hint) from None
    if there != home and not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"ZPMAINT_HOME is {str(home)!r}: {there} cannot be written", hint)
    return home


def project_id(project: Path, name: str = "") -> str:
    """What the ledger, which all the projects of a machine share, knows a project by.

    `name` is the `project` of its kernels.toml: it goes with the project wherever its folder is
    moved or checked out, on other machines, too, whose ledgers are merged. Without one the folder
    is the project: two folders are two projects, even if they hold sets of the same names."""
    if name:
        return name
    digest = hashlib.sha256(os.fsencode(project.resolve())).hexdigest()
    return f"folder-{digest[:16]}"


def installed(name: str) -> Path | None:
    """A file or folder that zpmaint comes with beside its package (kernels.toml, docs/glossary.md):
    in its checkout, else in the nearest share/zpmaint above the package, as pip puts it for one
    user, for all, or into an environment; else in that of Python itself."""
    prefixes = (*_CHECKOUT.parents[:3], Path(sys.prefix))
    shared = (prefix / _SHARED / name for prefix in prefixes)
    return next((p for p in (_CHECKOUT / name, *shared) if p.exists()), None)


def example() -> Path | None:
    """The project that zpmaint comes with, of its checkout or as it was installed."""
    found = installed(CONFIG_NAME)
    return found.parent if found else None


def _such_as() -> str:
    shown = example()
    return f"; {shown} is an example" if shown else ""
