# SPDX-License-Identifier: GPL-2.0-only
"""/metrics: what a Prometheus reads, in its text format 0.0.4. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zpmaint.service.health import Pulse, troubles
from zpmaint.service.schedule import NEW, Outcome

KIND = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[Mapping[str, str], float]


def metrics(
    pulse: Pulse,
    now: float,
    *,
    version: str,
    answered: Mapping[int, int],
    connections: int,
) -> str:
    """The whole document. `answered` counts requests by status."""
    states = [(job, pulse.states.get(job.name, NEW)) for job in pulse.jobs]
    by_job = [({"job": job.name}, state) for job, state in states]
    ill = troubles(pulse, now)
    parts = [
        _one("build_info", "gauge", "The zpmaint that serves.", [({"version": version}, 1)]),
        _one("healthy", "gauge", "1: /health answers 200.", [({}, not ill)]),
        _one("start_time_seconds", "gauge", "When the service began.", [({}, pulse.started)]),
        _one(
            "scheduler_still_seconds",
            "gauge",
            "Since the scheduler last looked at its jobs.",
            [({}, round(pulse.still, 3))],
        ),
        _one("config_ok", "gauge", "0: kernels.toml has faults.", [({}, not pulse.config_error)]),
        _one(
            "notices_undelivered",
            "gauge",
            "Notices that wait for their receivers.",
            [({}, pulse.undelivered)],
        ),
        _one(
            "job_runs_total",
            "counter",
            "Runs that were begun.",
            [(labels, state.runs) for labels, state in by_job],
        ),
        _one(
            "job_failures_total",
            "counter",
            "Runs that failed or were ended at their deadline.",
            [(labels, state.failed) for labels, state in by_job],
        ),
        _one(
            "job_failures_in_a_row",
            "gauge",
            "Up to now.",
            [(labels, state.failures) for labels, state in by_job],
        ),
        _one(
            "job_last_success_timestamp_seconds",
            "gauge",
            "When a run last ended well; 0: never.",
            [(labels, state.well or 0.0) for labels, state in by_job],
        ),
        _one(
            "job_last_outcome",
            "gauge",
            "1 for how the last run ended.",
            [
                ({**labels, "outcome": str(one)}, state.outcome is one)
                for labels, state in by_job
                for one in Outcome
            ],
        ),
        _one(
            "job_running_seconds",
            "gauge",
            "How long the run under way has taken; 0: none is.",
            [
                (
                    {"job": job.name},
                    round(now - run.since, 3) if (run := pulse.running.get(job.name)) else 0,
                )
                for job in pulse.jobs
            ],
        ),
        _one(
            "http_requests_total",
            "counter",
            "Answers, by status.",
            [({"code": str(code)}, count) for code, count in sorted(answered.items())],
        ),
        _one("http_connections", "gauge", "Open now.", [({}, connections)]),
        _one(
            "kernels",
            "gauge",
            "Tracked kernels on the published pages, by what is known of them.",
            [({"patchset": one.patchset, "state": one.state}, one.count) for one in pulse.kernels],
        ),
    ]
    return "".join(parts)


def _one(name: str, kind: str, words: str, samples: Iterable[Sample]) -> str:
    full = f"zpmaint_{name}"
    lines = [f"# HELP {full} {words}", f"# TYPE {full} {kind}"]
    for labels, value in samples:
        inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        number = float(value)
        shown = str(int(number)) if number.is_integer() else repr(number)
        lines.append(f"{full}{{{inner}}} {shown}" if inner else f"{full} {shown}")
    return "\n".join([*lines, ""])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
