# SPDX-License-Identifier: GPL-2.0-only
"""The loop of the service with shell scripts in the place of its commands."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from zpmaint.core.config import Config, load_config
from zpmaint.core.errors import InfraError, UserError
from zpmaint.service.child import Child
from zpmaint.service.health import Pulse
from zpmaint.service.jobs import Job, Stop
from zpmaint.service.loop import Loop, Means
from zpmaint.service.memory import Memory
from zpmaint.service.schedule import JobState, Outcome
from zpmaint.service.settings import Settings

CONFIG = 'patch = "p"\n[sources]\n[service]\nstop_within = "20s"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "patches/p").mkdir(parents=True)
    (tmp_path / "patches/p/patch.toml").touch()
    (tmp_path / "kernels.toml").write_text(CONFIG)
    return tmp_path


def settings(project: Path, read: Callable[[Path], Config] | None = None) -> Settings:
    reads = read or (lambda path: load_config(path, project=project))
    return Settings(project / "kernels.toml", project / "kept/kernels.toml", reads)


class Service:
    """A loop whose log tests wait for."""

    def __init__(
        self, project: Path, *jobs: Job, memory: str = "jobs.json", **scripts: str
    ) -> None:
        self.lines: list[str] = []
        self._came = threading.Condition()
        self.memory = Memory(project / memory)
        self.settings = settings(project)

        def start(job: Job) -> Child:
            if job.name not in scripts:
                raise InfraError(f"{job.name}: cannot be started: Resource unavailable")
            return Child(job.name, ["/bin/sh", "-c", scripts[job.name]], {"NAME": job.name})

        means = Means(start, lambda: jobs, self._say, patience=0.1, chance=lambda: 0.0)
        self.loop = Loop(self.settings, self.memory, means)

    def _say(self, line: str) -> None:
        with self._came:
            self.lines.append(line)
            self._came.notify_all()

    def said(self, text: str) -> bool:
        with self._came:
            return self._came.wait_for(lambda: any(text in one for one in self.lines), 120)

    def run(self, *, until: str, then: Callable[[], None] | None = None) -> None:
        """Run, and end with SIGTERM once `until` is said; `then` is done in between."""

        def watch() -> None:
            try:
                assert self.said(until)
                if then:
                    then()
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            self.loop.run()
        finally:
            watching.join()

    def state(self, name: str) -> JobState:
        return self.memory.recall()[name]


def job(name: str, *, after: tuple[str, ...] = (), lane: str = "short", **more: object) -> Job:
    given = {"every": 3600.0, "deadline": 600.0} | more
    return Job(name, (name,), lane, after=after, **given)  # type: ignore[arg-type]


def test_one_job_asks_for_the_next_and_what_they_say_is_heard(project: Path) -> None:
    jobs = (
        job("track"),
        job("publish", after=("track", "matrix")),
        job("matrix", lane="long", after=("track",), needs_news=True),
    )
    news = """echo '[{"novelty": "new"}]'; echo "$NAME looks" >&2"""
    service = Service(project, *jobs, track=news, publish="exit 1", matrix=">&2 echo builds")
    service.run(until="publish: well")
    for line in ("track: track looks", "track: well after", "matrix: builds", "SIGTERM: stopping"):
        assert any(line in one for one in service.lines), line
    assert service.state("track").well and service.state("publish").outcome is Outcome.WELL


def test_a_failure_is_told_and_waits(project: Path) -> None:
    service = Service(project, job("track"), job("gone"), track="echo 'no network' >&2; exit 3")
    service.run(until="gone: cannot be started")
    for name, said in (("track", "no network"), ("gone", "cannot be started")):
        state = service.state(name)
        assert (state.outcome, state.failures) == (Outcome.FAILED, 1)
        assert said in state.said and state.not_before > (state.ended or 0)


def test_a_deadline_ends_a_run_even_one_that_does_not_listen(project: Path) -> None:
    deaf = "trap '' INT; while :; do sleep 0.05; done"
    service = Service(project, job("matrix", deadline=0.05), matrix=deaf)
    service.run(until="matrix: overdue")
    polite = "trap 'exit 130' INT; while :; do sleep 0.05; done"
    service = Service(project, job("matrix", deadline=0.05), memory="other", matrix=polite)
    service.run(until="matrix: overdue")
    state = service.state("matrix")
    assert (state.outcome, state.failures) == (Outcome.OVERDUE, 1)


@pytest.mark.parametrize(
    ("stop", "script", "outcome"),
    [
        # What is short ends by itself; what is long is asked to.
        (Stop.FINISH, "trap 'exit 130' INT; echo begun >&2; sleep 0.3; exit 0", Outcome.WELL),
        (Stop.INTERRUPT,
         "trap 'exit 130' INT; echo begun >&2; while :; do sleep 0.05; done", Outcome.CUT_OFF),
    ],
)  # fmt: skip
def test_sigterm_lets_steps_end_or_be_resumed(
    project: Path, stop: Stop, script: str, outcome: Outcome
) -> None:
    one = job("matrix", stop=stop)
    service = Service(project, one, matrix=script)
    service.run(until="matrix: begun")
    state = service.state("matrix")
    assert (state.outcome, state.failures) == (outcome, 0)
    if outcome is Outcome.CUT_OFF:
        again = Service(project, one, matrix="exit 0")
        again.run(until="matrix: well")
        assert again.state("matrix").runs == 2


def test_a_second_signal_ends_it_at_once(project: Path) -> None:
    deaf = "trap '' INT TERM; echo begun >&2; while :; do sleep 0.05; done"
    service = Service(project, job("matrix", stop=Stop.INTERRUPT), matrix=deaf)

    def first() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        assert service.said("20 s to end")

    service.run(until="matrix: begun", then=first)
    assert any("cut off" in line for line in service.lines)


def test_what_outlives_a_run_does_not_hold_it(project: Path) -> None:
    """An agent that a command leaves behind keeps its pipes open."""
    leaves = f"(sleep 60 & echo $! > {project}/pid); echo done >&2; exit 0"
    service = Service(project, job("track"), track=leaves)
    service.run(until="track: well")
    os.kill(int((project / "pid").read_text()), signal.SIGKILL)


def test_a_changed_kernels_toml_is_followed_when_it_has_no_faults(project: Path) -> None:
    service = Service(project, job("track"), track="exit 0")
    pulses: list[Pulse] = []

    def change() -> None:
        (project / "kernels.toml").write_text(CONFIG + "jitter = 7\n")
        os.kill(os.getpid(), signal.SIGHUP)
        assert service.said("the former one is followed")
        pulses.append(service.loop.pulse())
        (project / "kernels.toml").write_text(CONFIG + "jitter = 0.5\n")
        assert service.said("read again, and followed")
        pulses.append(service.loop.pulse())

    service.run(until="track: well", then=change)
    assert "service.jitter" in pulses[0].config_error and not pulses[1].config_error
    assert any("service.jitter" in line for line in service.lines)
    assert service.settings.config.service.jitter == 0.5


def test_the_former_kernels_toml_is_what_commands_read(project: Path) -> None:
    found = settings(project)
    assert found.kept.read_text() == CONFIG and not found.look()
    (project / "kernels.toml").write_text("patch = 3")
    assert found.look() and found.error
    assert found.kept.read_text() == CONFIG and found.config.service.stop_within == 20
    assert not found.look(), "told once"
    (project / "kernels.toml").unlink()
    assert found.look() and "no such file" in found.error.lower()
    # A start does not need the new one to be right, either.
    again = settings(project)
    assert again.error and again.config == found.config
    (project / "kept/kernels.toml").unlink()
    with pytest.raises(UserError, match="there is no earlier one"):
        settings(project)


def test_a_file_that_is_just_being_written_is_read_again(project: Path) -> None:
    found = settings(project)

    def read(path: Path) -> Config:
        config = load_config(path, project=project)
        path.write_text(CONFIG + "jitter = 0.25\n")
        return config

    (project / "kernels.toml").write_text(CONFIG + "jitter = 0.75\n")
    found._read = read
    assert found.look() and "changed while it was read" in found.error
    assert found.kept.read_text() == CONFIG
    found._read = lambda path: load_config(path, project=project)
    assert found.look() and found.config.service.jitter == 0.25


@pytest.mark.parametrize("text", ["", "{", '{"sha256": "x", "value": {}}', "\0" * 100])
def test_a_damaged_memory_makes_all_jobs_due(project: Path, text: str) -> None:
    memory = Memory(project / "jobs.json")
    assert memory.keep({"track": JobState(due=9e9, outcome=Outcome.WELL)}) == ""
    assert Memory(project / "jobs.json").recall()["track"].outcome is Outcome.WELL
    (project / "jobs.json").write_text(text)
    assert Memory(project / "jobs.json").recall() == {}


def test_a_memory_that_cannot_be_kept_is_told_once(project: Path) -> None:
    service = Service(project, job("track"), memory="kernels.toml/jobs.json", track="exit 0")
    service.run(until="track: well")
    assert len([one for one in service.lines if "cannot be kept" in one]) == 1


def test_a_long_result_is_read_while_it_comes(project: Path) -> None:
    """A pipe holds 64 KiB; who does not read holds the command up."""
    rows = "yes ' ' | head -c 1000000; echo ']'"
    news = f"""printf '[{{"novelty": "new"}}'; {rows}"""
    jobs = (job("track"), job("matrix", lane="long", every=9e9, after=("track",), needs_news=True))
    service = Service(project, *jobs, track=news, matrix="echo $NAME >&2; exit 0")
    service.run(until="track: well")
    assert service.state("matrix").asked or service.state("matrix").runs == 2


def test_what_a_killed_service_had_begun_is_due(project: Path) -> None:
    later = JobState(due=9e9, begun=5.0, ended=4.0, runs=2)
    Memory(project / "jobs.json").keep({"matrix": later, "track": JobState(begun=1.0, ended=2.0)})
    service = Service(project, job("matrix", every=9e9), matrix="exit 0")
    service.run(until="matrix: well")
    assert service.state("matrix").runs == 3


def test_the_service_manager_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        place = project / "notify"
        manager.bind(str(place))
        manager.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(place))
        service = Service(project, job("track"), track="exit 0")

        def reload() -> None:
            os.kill(os.getpid(), signal.SIGHUP)
            assert service.said("read again")

        service.run(until="track: well", then=reload)
        told: list[str] = []
        while "STOPPING=1" not in told:
            told += manager.recv(4096).decode().splitlines()
    assert told[0] == "READY=1" and "WATCHDOG=1" in told
    at = told.index("RELOADING=1")
    assert told[at + 1].startswith("MONOTONIC_USEC=") and "READY=1" in told[at:]
