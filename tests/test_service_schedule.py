# SPDX-License-Identifier: GPL-2.0-only
"""When which job runs, on a clock that the tests turn."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zpmaint.core.durations import said, seconds_of, written
from zpmaint.core.service_table import ServiceTable
from zpmaint.service.ends import end_of, has_news
from zpmaint.service.health import Pulse, Run, as_json, troubles, warnings
from zpmaint.service.jobs import Job, Stop, jobs_of
from zpmaint.service.metrics import metrics
from zpmaint.service.published import Count
from zpmaint.service.schedule import (
    NEW,
    JobState,
    Outcome,
    asked_for,
    ended,
    next_time,
    set_right,
    started,
    to_start,
    waits_after,
)

HOUR = 3600.0
NOW = 1_800_000_000.0
JOBS = jobs_of(ServiceTable(), {"site": "/site"})
BY_NAME = {job.name: job for job in JOBS}


def test_the_jobs_are_commands_with_their_words() -> None:
    table = ServiceTable.model_validate(
        {"track": "30m", "base_url": "https://x/", "matrix_options": ["--jobs", "2"]}
    )
    found = {job.name: job for job in jobs_of(table, {"site": "/s"})}
    assert found["track"].every == 1800
    words = found["track"].command
    assert seconds_of(words[words.index("--next-within") + 1]) == 1980, "with its jitter"
    assert found["publish"].command == ("publish", "--out", "/s", "--base-url", "https://x/")
    assert found["matrix"].command == ("matrix", "run", "--jobs", "2")
    assert found["matrix"].stop is Stop.INTERRUPT
    for job in JOBS:
        assert set(job.after) <= set(BY_NAME)


def test_at_first_all_is_due_one_of_each_lane() -> None:
    assert [job.name for job in to_start(JOBS, {}, (), NOW)] == ["track", "matrix"]
    assert [job.name for job in to_start(JOBS, {}, ("track",), NOW)] == ["matrix"]
    assert to_start(JOBS, {}, ("publish", "matrix"), NOW) == []


def test_news_asks_for_the_matrix_and_an_end_for_the_pages() -> None:
    quiet = {job.name: JobState(due=NOW + HOUR) for job in JOBS}
    for news, names in ((True, {"publish", "matrix"}), (False, {"publish"})):
        states = asked_for(JOBS, quiet, "track", Outcome.WELL, has_news=news)
        assert {name for name, one in states.items() if one.asked} == names
    assert asked_for(JOBS, quiet, "track", Outcome.CUT_OFF, has_news=True) == quiet
    # What fails after it found something has found it all the same.
    assert asked_for(JOBS, quiet, "matrix", Outcome.FAILED, has_news=False)["publish"].asked


def test_what_is_asked_for_while_it_runs_runs_again() -> None:
    job = BY_NAME["matrix"]
    state = started(NEW, NOW)
    states = asked_for(JOBS, {"matrix": state}, "track", Outcome.WELL, has_news=True)
    state = ended(job, states["matrix"], Outcome.WELL, NOW + 10, chance=0.0)
    assert [one.name for one in to_start([job], {"matrix": state}, (), NOW + 10)] == ["matrix"]


def test_each_has_its_turn_on_a_machine_that_is_too_slow_for_all() -> None:
    states: dict[str, JobState] = {}
    now, begun = NOW, []
    short = [replace(job, every=1.0) for job in JOBS if job.lane == "short"]
    for _ in range(9):
        [job] = to_start(short, states, (), now)
        begun.append(job.name)
        states[job.name] = started(states.get(job.name, NEW), now)
        now += 60
        states[job.name] = ended(job, states[job.name], Outcome.WELL, now, chance=0.0)
        states = asked_for(short, states, job.name, Outcome.WELL, has_news=True)
        now += 2
    assert begun == ["track", "publish", "notify"] * 3


def test_failures_wait_longer_each_time_and_a_good_end_forgets_them() -> None:
    job = replace(BY_NAME["track"], every=6 * HOUR)
    state, now, waits = NEW, NOW, []
    for _ in range(9):
        state = ended(job, started(state, now), Outcome.FAILED, now, chance=0.0, said="no network")
        waits.append(state.not_before - now)
        # Nobody can ask for it sooner.
        asked = {"track": replace(state, asked=True)}
        assert to_start([job], asked, (), state.not_before - 1) == []
        now = state.not_before
        assert to_start([job], {"track": state}, (), now) == [job]
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert (state.failures, state.failed, state.said) == (9, 9, "no network")
    state = ended(job, started(state, now), Outcome.WELL, now, chance=0.1)
    assert (state.failures, state.due, state.said) == (0, now + 6.6 * HOUR, "")


def test_no_wait_is_longer_than_the_interval() -> None:
    assert waits_after(50, 300.0) == 300.0 and waits_after(10**6, 9e9) == HOUR


def test_what_was_cut_off_is_due_at_once() -> None:
    job = BY_NAME["matrix"]
    state = ended(job, started(NEW, NOW), Outcome.CUT_OFF, NOW + 5, chance=0.1)
    assert state.failures == 0
    assert to_start([job], {"matrix": state}, (), NOW + 5) == [job]


def test_a_clock_that_was_set_back_delays_nothing_by_more_than_the_interval() -> None:
    job = BY_NAME["track"]
    state = ended(job, started(NEW, NOW), Outcome.WELL, NOW, chance=0.1)
    back = NOW - 400 * 86_400
    right = set_right([job], {"track": state}, back, jitter=0.1)["track"]
    assert right.due == back + 1.1 * HOUR
    failing = ended(job, started(NEW, NOW), Outcome.FAILED, NOW, chance=0.1)
    right = set_right([job], {"track": failing, "gone": NEW}, back, jitter=0.1)["track"]
    assert right.not_before == pytest.approx(back + 33)
    # Looked at again a moment later it stays.
    assert set_right([job], {"track": right}, back + 1, jitter=0.1) == {"track": right}


@given(
    st.lists(
        st.tuples(
            st.floats(0.1, 5 * HOUR),  # how long the run takes
            st.sampled_from(Outcome),
            st.booleans(),
            st.floats(0, 0.1),
            st.sampled_from([0.0, 0.0, 0.0, -9e7, 9e7]),  # the clock jumps
        ),
        max_size=40,
    )
)
def test_no_history_stops_the_service(
    runs: list[tuple[float, Outcome, bool, float, float]],
) -> None:
    """Whatever happens: a lane runs one job, something is always to come, none waits longer than
    its interval, and one that fails is not started in a circle."""
    states: dict[str, JobState] = {}
    now = NOW
    for took, outcome, news, chance, jump in runs:
        states = set_right(JOBS, states, now, jitter=0.1)
        found = to_start(JOBS, states, (), now)
        assert len({job.lane for job in found}) == len(found)
        if not found:
            at = next_time(JOBS, states, ())
            assert at is not None and now < at <= now + max(job.every for job in JOBS) * 1.1
            now = at
            [job, *_] = to_start(JOBS, states, (), now)
        else:
            job = found[0]
        states[job.name] = started(states.get(job.name, NEW), now)
        now += took
        states[job.name] = ended(job, states[job.name], outcome, now, chance=chance)
        states = asked_for(JOBS, states, job.name, outcome, has_news=news)
        if outcome.is_failure:
            assert job not in to_start(JOBS, states, (), now)
        now += jump
    for job in JOBS:
        state = set_right(JOBS, states, now, jitter=0.1)[job.name]
        assert max(state.due, state.not_before) <= now + max(job.every, HOUR) * 1.1


@pytest.mark.parametrize(
    ("status", "cut_off", "overdue", "outcome"),
    [
        (0, False, False, Outcome.WELL),
        (1, False, False, Outcome.WELL),
        (2, False, False, Outcome.FAILED),
        (3, False, False, Outcome.FAILED),
        (70, False, False, Outcome.FAILED),
        (-9, False, False, Outcome.FAILED),
        (130, True, False, Outcome.CUT_OFF),
        (-9, True, False, Outcome.CUT_OFF),
        (130, False, True, Outcome.OVERDUE),
        (0, True, False, Outcome.WELL),
    ],
)
def test_how_a_run_ended(status: int, cut_off: bool, overdue: bool, outcome: Outcome) -> None:
    assert end_of(status, b"", "", cut_off=cut_off, overdue=overdue).outcome is outcome


def test_what_a_run_says() -> None:
    end = end_of(3, b"", "no route to host", cut_off=False, overdue=False)
    assert end.said == "the infrastructure failed; last: no route to host"
    assert has_news([{"novelty": "untracked"}, {"novelty": "new"}])
    for other in ([], [{"novelty": "verified"}], {"novelty": "new"}, [3], None):
        assert not has_news(other)
    end = end_of(3, b'{"waiting": 3}', "", cut_off=False, overdue=False)
    assert end.undelivered == 3 and end.kernels is None
    told = b'{"kernels": [{"patchset": "p", "state": "pass", "count": 2}, {"count": 1}, 7]}'
    end = end_of(0, told, "", cut_off=False, overdue=False)
    assert end.kernels == (Count("p", "pass", 2),)
    assert end_of(0, b"[" * 100_000, "", cut_off=False, overdue=False).undelivered is None


def test_a_look_that_nobody_answered_is_a_failure() -> None:
    def look(*rows: tuple[list[str], list[str]]) -> Outcome:
        made = [
            {
                "novelty": "verified",
                "sources": sources,
                "stale": [{"source": one, "freshness": "stale", "why": "503"} for one in gone],
            }
            for sources, gone in rows
        ]
        end = end_of(0, json.dumps(made).encode(), "", cut_off=False, overdue=False)
        assert bool(end.said) == any(gone for _, gone in rows)
        return end.outcome

    assert look((["a"], []), (["a", "b"], [])) is Outcome.WELL
    assert look((["a"], ["b"]), (["a", "b"], ["b"])) is Outcome.WELL, "one of two answered"
    assert look((["a"], ["a", "b"]), (["b"], ["a", "b"])) is Outcome.FAILED
    assert look() is Outcome.WELL
    told = JobState(well=NOW, outcome=Outcome.WELL, said="no answer of now: b: 503")
    assert warnings(pulse({"track": told})) == ["track: no answer of now: b: 503"]


def pulse(states: dict[str, JobState], **more: object) -> Pulse:
    given = {"running": {}, "started": NOW, "still": 0.5} | more
    return Pulse(JOBS, states, **given)  # type: ignore[arg-type]


def test_it_is_ill_when_what_it_is_there_for_does_not_come_about() -> None:
    fine = {job.name: JobState(well=NOW) for job in JOBS}
    assert troubles(pulse(fine), NOW + 1200) == []
    assert troubles(pulse({}), NOW + 60) == [], "it has only begun"
    assert [one.split(" ")[0] for one in troubles(pulse({}), NOW + 4 * HOUR)] == [
        "track", "publish"
    ]  # fmt: skip
    assert "scheduler" in troubles(pulse(fine, still=61.0), NOW)[0]
    failing = fine | {"track": JobState(well=NOW, failures=4, said="no network")}
    [one] = warnings(pulse(failing))
    assert one == "track: 4 failures in a row: no network"
    assert any("no network" in one for one in troubles(pulse(failing), NOW + 4 * HOUR))
    # A run of a day is none that has not come about, up to its deadline.
    late = {**fine, "matrix": JobState(well=NOW)}
    run = {"matrix": Run("matrix", 1, NOW + 50 * HOUR)}
    for after, ill in ((70 * HOUR, False), (99 * HOUR, True)):
        found = troubles(pulse(late, running=run), NOW + after)
        assert any(one.startswith("matrix") for one in found) is ill


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, "ok"),
        ({"config_error": "kernels.toml: kernel[1].version: no"}, "warn"),
        ({"undelivered": 2}, "warn"),
        ({"still": 99.0}, "ill"),
        ({"stopping": True}, "stopping"),
    ],
)
def test_health_in_one_word(more: dict[str, object], status: str) -> None:
    fine = {job.name: JobState(well=NOW) for job in JOBS}
    assert as_json(pulse(fine, **more), NOW)["status"] == status


def test_metrics_are_in_prometheus_format() -> None:
    states = {"track": JobState(runs=3, failed=1, outcome=Outcome.FAILED)}
    run = {"matrix": Run("matrix", 1, NOW - 5)}
    text = metrics(
        pulse(states, running=run, kernels=(Count("set", "pass", 4),)),
        NOW,
        version='0.1"\n',
        answered={200: 7},
        connections=2,
    )
    lines = text.splitlines()
    assert text.endswith("\n") and "" not in lines
    for wanted in (
        'zpmaint_build_info{version="0.1\\"\\n"} 1',
        'zpmaint_job_runs_total{job="track"} 3',
        'zpmaint_job_last_outcome{job="track",outcome="failed"} 1',
        'zpmaint_job_running_seconds{job="matrix"} 5',
        'zpmaint_http_requests_total{code="200"} 7',
        'zpmaint_kernels{patchset="set",state="pass"} 4',
        "zpmaint_healthy 1",
    ):
        assert wanted in lines
    names = [line.split(" ")[2] for line in lines if line.startswith("# TYPE")]
    assert len(set(names)) == len(names)
    assert all(line.startswith("#") or line.partition("{")[0].partition(" ")[0] in names
               for line in lines)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("1.5h", 5400), ("2d", 172_800), ("5 m", 300)]
)
def test_times_are_read(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds
    assert seconds_of(written(seconds)) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", 5, "h", "-1h", "0s", "1w", "1h30m", "٣h", "9" * 50 + "d"]
)
def test_what_is_no_time(text: object) -> None:
    with pytest.raises(ValueError, match="write it as"):
        seconds_of(text)


def test_times_are_said() -> None:
    assert [said(one) for one in (45, 119, 5400, 7200, 300_000)] == [
        "45 s", "119 s", "90 min", "2 h", "3 d"
    ]  # fmt: skip


def test_a_job_has_its_whole_row() -> None:
    job = Job("x", ("x",), "short", 1.0, 1.0)
    assert job.after == () and not job.needs_news
