# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint init --ci`: a project that verifies itself by night, with no checkout of zpmaint."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from zpmaint import __version__
from zpmaint.app.init import init
from zpmaint.core.errors import UserError
from zpmaint.matrix.pipeline.project import SERVICES, files_for


@pytest.mark.parametrize("service", SERVICES)
def test_a_project_has_all_that_its_pipeline_calls(service: str, tmp_path: Path) -> None:
    made = init(tmp_path / "p", ci=service)
    start = made.folder / "ci/zpmaint"
    pipeline = made.folder / SERVICES[service].place
    assert os.access(start, os.X_OK) and {start, pipeline} <= set(made.written)
    assert set(re.findall(r"\bci/[\w-]+", pipeline.read_text())) == {"ci/zpmaint"}
    assert f"version={__version__} " in start.read_text()
    assert "/.zpmaint-venv/" in (made.folder / ".gitignore").read_text()


def test_a_project_that_is_there_gets_these_files_alone(tmp_path: Path) -> None:
    made = init(tmp_path / "p")
    config = made.folder / "kernels.toml"
    config.write_text(config.read_text().replace("6.12.*", "6.1.*"))
    shutil.rmtree(made.folder / "patches")
    again = init(made.folder, ci="gitlab")
    assert {path.name for path in again.written} == {"zpmaint", ".gitlab-ci.yml"}
    assert "6.1.*" in config.read_text() and not (made.folder / "patches").exists()
    assert init(made.folder, ci="gitlab").kept == again.written, "nothing is overwritten"
    with pytest.raises(UserError, match="is a project"):
        init(made.folder)


PYTHON = """\
case "$*" in
"-c "*) exit "$LACKS" ;;
"-m venv --clear "*)
    echo "venv $4" >>"$ASKED"
    mkdir -p "$4/bin"
    printf '#!/bin/sh\\necho "pip $*" >>"$ASKED"; exit "${PIP:-0}"\\n' >"$4/bin/pip"
    printf '#!/bin/sh\\necho "zpmaint $*" >>"$ASKED"\\n' >"$4/bin/zpmaint"
    chmod 755 "$4/bin/pip" "$4/bin/zpmaint" ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A project's ci/zpmaint, on a machine whose python3 and apt-get note what they are asked."""
    (tmp_path / "ci").mkdir()
    start = tmp_path / "ci/zpmaint"
    start.write_text(files_for("github")[0].text)
    start.chmod(0o755)
    (tmp_path / "bin").mkdir()
    for name, text in (("python3", PYTHON), ("apt-get", 'echo "apt-get $*" >>"$ASKED"\n')):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}")
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def run(machine: Path, *words: str, **env: str) -> tuple[int, list[str]]:
    asked = machine / "asked"
    asked.unlink(missing_ok=True)
    path = f"{machine}/bin:{os.environ['PATH']}"
    done = subprocess.run(
        [machine / "ci/zpmaint", *words],
        env={"PATH": path, "ASKED": str(asked), "LACKS": "0", **env},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout == "", "what is installed is told on stderr: jobs read stdout"
    return done.returncode, asked.read_text().splitlines() if asked.exists() else []


def test_the_first_call_installs_and_the_next_does_not(machine: Path) -> None:
    venv = f"{machine}/.zpmaint-venv"
    status, asked = run(machine, "matrix", "plan")
    assert status == 0
    assert asked == [
        f"venv {venv}",
        f"pip install -qq --disable-pip-version-check zpmaint=={__version__}",
        "zpmaint doctor --install",
        "zpmaint matrix plan",
    ]
    assert run(machine, "track") == (0, ["zpmaint track"])
    status, asked = run(machine, "track", ZPMAINT_FROM="/srv/zpmaint.whl")
    assert "pip install -qq --disable-pip-version-check /srv/zpmaint.whl" in asked
    assert run(machine, "track", ZPMAINT_FROM="/srv/zpmaint.whl") == (0, ["zpmaint track"])


def test_what_fails_is_the_infrastructures_and_begun_again(machine: Path) -> None:
    status, asked = run(machine, "track", PIP="1")
    assert status == 3 and "zpmaint track" not in asked
    status, asked = run(machine, "track")
    assert status == 0 and asked[-1] == "zpmaint track"


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: without root it would call sudo")
def test_a_machine_without_venv_gets_it(machine: Path) -> None:
    _, asked = run(machine, "track", LACKS="1")
    assert asked[:2] == [
        "apt-get update -q",
        "apt-get install -qy --no-install-recommends ca-certificates python3 python3-venv",
    ]
