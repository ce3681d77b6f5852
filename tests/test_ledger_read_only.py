# SPDX-License-Identifier: GPL-2.0-only
"""A home on a file system that is mounted read-only: what was found out can be read, by root, too,
whom no permission stops, and nothing is begun that could not be recorded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ledger_fixtures import old_ledger, old_row, passing

from zpmaint.core.config import load_config
from zpmaint.core.places import project_id
from zpmaint.ledger.scope import Scope
from zpmaint.ledger.store import Ledger

ROOT = Path(__file__).parent.parent
_MOUNTED = (
    'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && ! touch "$0/x" 2>/dev/null && "$@"'
)


def on_read_only(home: Path, *command: str) -> tuple[int, str, str]:
    """Run a command where `home` is mounted read-only, as root of a namespace of its own."""
    unshare = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--mount"]
    done = subprocess.run(
        [*unshare, "sh", "-c", _MOUNTED, str(home), *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "ZPMAINT_HOME": str(home)},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    if not shutil.which("unshare"):
        pytest.skip("NOT RUN: needs unshare (util-linux)")
    made = tmp_path / "there"
    (made / "state").mkdir(parents=True)
    status, _, err = on_read_only(made, "true")
    if status:
        pytest.skip(f"NOT RUN: no mount namespace with a read-only bind mount here: {err.strip()}")
    return made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    (made / "patches/toy").mkdir(parents=True)
    (made / "patches/toy/patch.toml").write_text("")
    (made / "kernels.toml").write_text('patch = "toy"\nproject = "mine"\n[sources]\n')
    return made


def test_commands_read_what_is_there(home: Path, project: Path) -> None:
    with Ledger(home / "state/ledger.sqlite", scope=Scope("mine", dict)) as ledger:
        ledger.record(passing("6.1.7", [], patchset="toy"))
    zpmaint = (sys.executable, "-m", "zpmaint", "--project", str(project))
    for words, told in {
        ("results",): "6.1.7",
        ("results", "6.1.y", "--json"): '"6.1.7"',
        ("matrix", "plan", "--json"): '"dues": []',
    }.items():
        status, out, err = on_read_only(home, *zpmaint, *words)
        assert (status, told in out) == (0, True), (words, err)


def test_pages_are_made_of_it(home: Path, tmp_path: Path) -> None:
    config = load_config(ROOT / "kernels.toml")
    name = project_id(ROOT, config.project or "")
    with Ledger(home / "state/ledger.sqlite", scope=Scope(name, dict)) as ledger:
        ledger.record(passing("6.1.7", []))
    site = tmp_path / "site"
    words = ("--project", str(ROOT), "publish", "--out", str(site))
    status, _, err = on_read_only(home, sys.executable, "-m", "zpmaint", *words)
    assert status == 0, err
    assert "6.1.7" in (site / "index.html").read_text()


_READ = """
import sys
from pathlib import Path
from zpmaint.ledger.store import Ledger
with Ledger(Path(sys.argv[1])) as ledger:
    print([r.version for r in ledger.history()], ledger.is_writable)
    try:
        ledger.ready()
    except Exception as error:
        print(type(error).__name__, error)
"""


@pytest.mark.parametrize("kind", ["new", "old", "log"])
def test_any_ledger_is_read_with_the_log_that_was_not_folded_in(home: Path, kind: str) -> None:
    path = home / "state/ledger.sqlite"
    if kind == "old":
        old_ledger(path, 2, old_row("6.1"))
    else:
        with Ledger(path) as ledger:
            ledger.record(passing("6.1", []))
            if kind == "log":
                for name in (path.name, f"{path.name}-wal"):
                    shutil.copy(path.parent / name, home / name)
    if kind == "log":  # as a writer leaves it that was killed, and the index beside it is gone
        for name in (path.name, f"{path.name}-wal"):
            shutil.move(home / name, path.parent / name)
        assert (home / "state/ledger.sqlite-wal").stat().st_size
    status, out, err = on_read_only(home, sys.executable, "-c", _READ, str(path))
    assert status == 0, err
    assert out.startswith("['6.1'] False\nInfraError ledger "), out
    assert "can only be read" in out
