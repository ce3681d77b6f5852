# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint serve` and `zpmaint notify` as programs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from click.testing import CliRunner
from service_fixtures import hook, row, site

from zpmaint.cli.main import cli
from zpmaint.core.errors import ZpmaintError

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "ci/zpmaint.service"
_PATCH = """title = "t"\nauthor = "a"\norigin = "o"\nintent = "i"\nleaves = []
[[anchor]]
file = "v6.12.patch"
version = "6.12"
base = "6.12"
why = "the only one"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    top = tmp_path / "project"
    (top / "patches/p").mkdir(parents=True)
    (top / "patches/p/patch.toml").write_text(_PATCH)
    (top / "patches/p/v6.12.patch").write_text("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")
    (top / "kernels.toml").write_text('patch = "p"\n[sources]\n[service]\nlisten = "127.0.0.1:0"\n')
    return top


def notify(project: Path, *words: str) -> tuple[int, Any, str]:
    done = CliRunner().invoke(
        cli, ["--quiet", "--project", str(project), "notify", *words], standalone_mode=False
    )
    if isinstance(done.exception, ZpmaintError):
        return done.exception.exit_status, None, str(done.exception)
    assert done.exception is None, done.exception
    shown = json.loads(done.stdout) if "--json" in words else done.stdout
    return done.return_value or 0, shown, done.stderr


def test_news_are_told_shown_and_counted(project: Path, tmp_path: Path) -> None:
    top = site(tmp_path / "site", row(2), row(1))
    with hook() as receiver:
        table = f'[[service.webhook]]\nname = "ops"\nsince = "all"\nurl = "{receiver.url}"\n'
        with (project / "kernels.toml").open("a") as out:
            out.write(table)
        status, shown, _ = notify(project, "--site", str(top), "--dry-run")
        assert status == 0 and "would be told" in shown and "6.12.2" in shown
        assert not receiver.came
        receiver.answers = [200, 503]
        status, found, said = notify(project, "--site", str(top), "--json")
        assert (status, found["waiting"]) == (3, 1) and "answered 503" in said
        [one] = found["receivers"]
        assert (one["name"], one["taken"]) == ("ops", [row(1)["id"]])
        assert notify(project, "--site", str(top))[0] == 0, "it is not asked again so soon"
        status, _, said = notify(project, "--receiver", "nobody")
        assert status == 2 and "it has: ops" in said
    # What stands nowhere cannot be told.
    assert "publish first" in notify(project)[2]
    (top / "status.json").write_text("[]")
    assert "publish it again" in notify(project, "--site", str(top))[2]


def test_without_receivers_there_is_nothing_to_do(project: Path) -> None:
    status, found, _ = notify(project, "--json")
    assert (status, found) == (0, {"waiting": 0, "receivers": [], "kernels": []})


class Serving:
    """A service of the project, as a user starts it."""

    def __init__(self, project: Path) -> None:
        home = project.parent / "home"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zpmaint", "--project", str(project), "serve"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "ZPMAINT_HOME": str(home)},
        )
        self.said: list[str] = []
        self.url = ""

    def until(self, text: str) -> str:
        assert self.process.stderr
        for line in self.process.stderr:
            self.said.append(line)
            assert "Traceback" not in line, line
            if found := re.search(r"at (http://\S+)/$", line.strip()):
                self.url = found[1]
            if text in line:
                return line
        raise AssertionError(f"it ended without {text!r}: {''.join(self.said)}")

    def ask(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=60) as found:
                return found.status, found.read()
        except HTTPError as error:
            return error.code, error.read()

    def end(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=120)[1]
        assert self.process.returncode == 0, said
        return "".join(self.said) + said


@pytest.mark.slow  # four commands of zpmaint, one after another, are 5 s of CPU
def test_a_service_from_its_start_to_its_end(project: Path) -> None:
    serving = Serving(project)
    try:
        serving.until("notify: well")
        assert serving.ask("/")[0] == 200
        status, found = serving.ask("/health")
        health = json.loads(found)
        assert (status, health["status"], health["troubles"]) == (200, "ok", [])
        assert b'zpmaint_job_runs_total{job="track"} 1' in serving.ask("/metrics")[1]
        assert json.loads(serving.ask("/status.json")[1])["schema"] == 2
        # One for each home: the second says who has it.
        second = Serving(project)
        said = second.process.communicate(timeout=120)[1]
        assert second.process.returncode == 3 and f"process {serving.process.pid}" in said
        with (project / "kernels.toml").open("a") as out:
            out.write("jitter = 9\n")
        serving.process.send_signal(signal.SIGHUP)
        assert "service.jitter" in serving.until("the former one is followed")
        assert json.loads(serving.ask("/health")[1])["status"] == "warn"
        assert "stopped" in serving.end()
    finally:
        serving.process.kill()
        serving.process.wait()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="NOT RUN: needs systemd-analyze")
def test_the_unit_is_one_of_systemds(tmp_path: Path) -> None:
    text = UNIT.read_text()
    assert "/opt/zpmaint/bin/zpmaint --quiet --project /srv/zpmaint/project serve" in text
    unit = tmp_path / "zpmaint.service"
    unit.write_text(text.replace("/opt/zpmaint/bin/zpmaint", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
