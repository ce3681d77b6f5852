"""Where things are kept: the project that is served, the cache, the state.

The cache may be deleted at any time and costs only time; the state (ledger, consoles, logs) is
what was found out.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.errors import UserError

CONFIG_NAME = "kernels.toml"
DATA_NAME = "zpmaint.d"


@dataclass(frozen=True)
class Places:
    """The folders of one zpmaint installation.

    `project` holds kernels.toml and patches/; `cache` downloads, trees, objects; `state` the
    ledger, the consoles and the build logs.
    """

    project: Path
    cache: Path
    state: Path

    @property
    def data(self) -> Path:
        """The project's own rows over the package's data, laid out as the package is:
        kbuild/fixups.toml, vm/profiles.toml. Need not be there."""
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
            above = [here, *here.parents, Path(__file__).resolve().parent.parent.parent]
            project = next((p for p in above if (p / CONFIG_NAME).is_file()), None)
        if project is None or not (project / CONFIG_NAME).is_file():
            raise UserError(
                f"no {CONFIG_NAME} in {project or Path.cwd()}",
                "run zpmaint inside its project, or name the folder with --project",
            )
        if home := os.environ.get("ZPMAINT_HOME"):
            return cls(
                project.resolve(), Path(home).resolve() / "cache", Path(home).resolve() / "state"
            )
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
        return cls(project.resolve(), cache / "zpmaint", state / "zpmaint")
