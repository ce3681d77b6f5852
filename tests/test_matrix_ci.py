# SPDX-License-Identifier: GPL-2.0-only
"""The matrix on a CI service: the workflow names what is there, the programs do what they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from zpmaint.build.options import BuildOptions
from zpmaint.cli.verify import command
from zpmaint.matrix.pipeline.jobs import PYTHON, jobs

TOP = Path(__file__).parent.parent
WORKFLOW = TOP / ".github" / "workflows" / "matrix.yml"

PLAN = {
    "schema": 1,
    "dues": [
        {"version": "7.2.6", "series": "7.2", "arch": "x86_64", "patchset": "p", "profile": "",
         "sources": ["debian"], "known": None, "why": "never verified"},
        {"version": "7.2.6", "series": "7.2", "arch": "x86_64", "patchset": "p",
         "profile": "x86_64-debug", "sources": ["debian"], "known": None, "why": "never verified"},
        {"version": "6.1.176", "series": "6.1", "arch": "i386", "patchset": "p", "profile": "",
         "sources": ["debian"], "known": "fail", "why": "known: fail"},
    ],
    "unresolved": [{"series": "5.10.*", "kind": "infrastructure", "why": "no 'network'"}],
}  # fmt: skip


@pytest.fixture
def ci(tmp_path: Path) -> Path:
    """A folder for a zpmaint that says what it was asked and does as it is told."""
    folder = tmp_path / "ci"
    folder.mkdir()
    return folder


AS_PYTHON = f"""[ "$1" != -c ] || exec {sys.executable} "$@"
[ "$1 $2" != "-m zpmaint" ] || shift 2
"""
"""What a zpmaint begins with that stands in the place of the Python that runs it."""


def program(path: Path, body: str) -> None:
    start = AS_PYTHON if path.name == "zpmaint" else ""
    path.write_text(f"#!/bin/sh\n{start}{body}\n")
    path.chmod(0o755)


def run(ci: Path, job: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    path = f"{ci}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", jobs()[job].program, *words],
        cwd=ci.parent,
        env={**os.environ, "PATH": path, "GITHUB_ACTIONS": "", PYTHON: str(ci / "zpmaint"), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_plan_is_what_is_not_known(ci: Path) -> None:
    (ci.parent / "plan.json").write_text(json.dumps(PLAN))
    program(ci / "zpmaint", 'echo "$@" >asked; cat plan.json; exit 3')
    made = run(ci, "plan")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout) == {
        "include": [
            {
                "version": "7.2.6",
                "series": "7.2",
                "arch": "x86_64",
                "patchset": "p",
                "profile": profile,
                "why": "never verified",
            }
            for profile in ("", "x86_64-debug")
        ]
    }
    assert made.stdout.count("\n") == 1, "one line, for $GITHUB_OUTPUT"
    assert "not planned: 5.10.*: no 'network'" in made.stderr
    assert (ci.parent / "asked").read_text() == "matrix plan --json\n"
    everything = json.loads(run(ci, "plan", "--all").stdout)["include"]
    assert [due["version"] for due in everything] == ["7.2.6", "7.2.6", "6.1.176"]


def test_nothing_due_is_what_the_workflow_compares_with(ci: Path) -> None:
    (ci.parent / "plan.json").write_text(json.dumps(PLAN | {"dues": PLAN["dues"][2:]}))
    program(ci / "zpmaint", "cat plan.json")
    empty = run(ci, "plan").stdout.strip()
    assert f"[ \"$matrix\" = '{empty}' ]" in WORKFLOW.read_text()


@pytest.mark.parametrize(("says", "status"), [("exit 2", 2), ("exit 0", 70), ("echo '{'", 1)])
def test_no_plan_is_a_failure(ci: Path, says: str, status: int) -> None:
    program(ci / "zpmaint", says)
    made = run(ci, "plan")
    assert (made.returncode, made.stdout) == (status, "")


@pytest.mark.parametrize(
    ("first", "second", "status", "tries"), [(0, 9, 0, 1), (1, 9, 1, 1), (3, 0, 0, 2), (3, 3, 3, 2)]
)
def test_one_kernel_is_tried_again_only_for_the_infrastructure(
    ci: Path, first: int, second: int, status: int, tries: int
) -> None:
    program(
        ci / "zpmaint",
        'echo "$@" >>asked; mkdir -p home/state; echo record >home/state/ledger.sqlite\n'
        f'[ "$(wc -l <asked)" -eq 1 ] && exit {first}; exit {second}',
    )
    profile = ["i386-debug"] if tries == 2 else []
    made = run(ci, "one", "6.1", "i386", "p", "out", *profile, ZPMAINT_HOME="home")
    assert made.returncode == status
    asked = (ci.parent / "asked").read_text().splitlines()
    assert asked == [f"verify 6.1 --arch i386 --patch p --profile {''.join(profile)}"] * tries
    assert (ci.parent / "out" / "ledger.sqlite").read_text() == "record\n"


def test_publishing_merges_all_and_writes(ci: Path) -> None:
    program(ci / "zpmaint", 'echo "$@" >>asked')
    assert run(ci, "publish", "site", "", "a b", "c", ZPMAINT_HOME="h").returncode == 0
    weekly = {"ZPMAINT_HOME": "h", "NEXT_WITHIN": "7d"}
    assert run(ci, "publish", "site", "https://x", **weekly).returncode == 0
    assert (ci.parent / "asked").read_text().splitlines() == [
        "matrix merge a b c",
        "track --next-within 1d",
        "matrix plan",
        "publish --out site --base-url ",
        "track --next-within 7d",
        "matrix plan",
        "publish --out site --base-url https://x",
    ]
    program(ci / "zpmaint", '[ "$1" = publish ] && touch late || exit 3')
    done = run(ci, "publish", "site", "", ZPMAINT_HOME="h")
    assert done.returncode == 0, "a page without news of what is out says so itself"
    assert "zpmaint track --next-within 1d failed" in done.stderr
    assert (ci.parent / "late").exists()
    program(ci / "zpmaint", '[ "$1" = publish ] && touch published; exit 3')
    assert run(ci, "publish", "site", "", "a", ZPMAINT_HOME="h").returncode == 3
    assert not (ci.parent / "published").exists(), "no page without the merged records"


@pytest.mark.parametrize("script", ["one", "publish"])
def test_without_a_home_nothing_is_done(ci: Path, script: str) -> None:
    program(ci / "zpmaint", "touch ran")
    assert run(ci, script, "1", "2", "3", "4", ZPMAINT_HOME="").returncode != 0
    assert not (ci.parent / "ran").exists()


GH = """
# gh with a folder, `release`, in the place of GitHub's release.
case "$1 $2" in
"api --paginate") [ -z "$FAIL" ] || exit 1; echo v1; [ ! -d release ] || echo ledger ;;
"release create") mkdir release ;;
"release view") ls release ;;
"release upload") cp "$4" release/ ;;
"release download") cp "release/$9" "$7/" ;;
"release delete-asset") rm "release/$4" ;;
*) echo "gh: $*" >&2; exit 9 ;;
esac
"""


def ledger(ci: Path, *words: str, run_id: str = "1", fail: str = "") -> int:
    program(ci / "gh", GH)
    made = run(
        ci, "github-ledger", *words, GITHUB_REPOSITORY="o/r", GITHUB_RUN_ID=run_id, FAIL=fail
    )
    return made.returncode


def kept(ci: Path) -> list[str]:
    return sorted(path.name for path in (ci.parent / "release").iterdir())


def test_the_ledger_goes_from_run_to_run(ci: Path) -> None:
    top = ci.parent
    (top / "l.sqlite").write_text("one")
    assert ledger(ci, "fetch", "kept") == 0
    assert ledger(ci, "keep", "l.sqlite", "kept") == 0
    assert kept(ci) == ["ledger-1-1.sqlite"]
    assert ledger(ci, "fetch", "kept2") == 0
    assert (top / "kept2" / "ledger-1-1.sqlite").read_text() == "one"
    (top / "l.sqlite").write_text("two")
    assert ledger(ci, "keep", "l.sqlite", "kept2", run_id="2") == 0
    assert kept(ci) == ["ledger-2-1.sqlite"]


def test_whole_logs_go_with_the_ledger(ci: Path) -> None:
    top = ci.parent
    program(ci / "zpmaint", "mkdir -p home/state/logs/ab; echo text >home/state/logs/ab/ab.xz")
    assert run(ci, "one", "6.1", "i386", "p", "out", ZPMAINT_HOME="home").returncode == 0
    assert (top / "out" / "logs" / "ab" / "ab.xz").read_text() == "text\n"
    (top / "out" / "l.sqlite").write_text("one")
    assert ledger(ci, "keep", "out/l.sqlite", "none") == 0
    assert kept(ci) == ["ledger-1-1.sqlite", "logs-1-1.tar"]
    assert ledger(ci, "fetch", "kept") == 0
    assert (top / "kept" / "logs" / "ab" / "ab.xz").read_text() == "text\n"
    assert ledger(ci, "keep", "out/l.sqlite", "kept", run_id="2") == 0
    assert kept(ci) == ["ledger-2-1.sqlite", "logs-2-1.tar"]


def test_a_ledger_that_was_not_merged_is_never_dropped(ci: Path) -> None:
    release = ci.parent / "release"
    release.mkdir()
    (release / "ledger-7-1.sqlite").write_text("history")
    (ci.parent / "l.sqlite").write_text("new")
    (ci.parent / "kept").mkdir()
    assert ledger(ci, "keep", "l.sqlite", "kept", run_id="8") == 0
    assert kept(ci) == ["ledger-7-1.sqlite", "ledger-8-1.sqlite"]


def test_a_failing_network_is_not_an_empty_history(ci: Path) -> None:
    (ci.parent / "release").mkdir()
    (ci.parent / "l.sqlite").write_text("new")
    assert ledger(ci, "fetch", "kept", fail="yes") == 3
    assert ledger(ci, "keep", "l.sqlite", "kept", fail="yes") == 3
    assert kept(ci) == []


def test_what_is_planned_with_a_profile_is_what_is_verified(ci: Path, tmp_path: Path) -> None:
    """Else it would be known by another key, and due again every night."""
    (ci.parent / "plan.json").write_text(json.dumps(PLAN))
    program(ci / "zpmaint", "cat plan.json")
    dues = json.loads(run(ci, "plan").stdout)["include"]
    program(ci / "zpmaint", 'printf "%s\\0" "$@" >>asked; mkdir -p home/state')
    for due in dues:
        words = (due["version"], due["arch"], due["patchset"], "out", due["profile"])
        assert run(ci, "one", *words, ZPMAINT_HOME="home").returncode == 0
    asked = (ci.parent / "asked").read_text().split("verify\0")[1:]
    for words, planned in zip(asked, PLAN["dues"], strict=False):
        with command.make_context("verify", words.split("\0")[:-1]) as context:
            given = context.params
        assert given["profile"] == planned["profile"]
        assert (given["arch"], given["patch"]) == (planned["arch"], planned["patchset"])
        assert BuildOptions(given["arch"], given["profile"] or None) == BuildOptions(
            planned["arch"], planned["profile"] or None
        )
    assert len(asked) == 2


def test_two_of_one_kernel_take_no_names_from_each_other(workflow: dict[str, Any]) -> None:
    verify = workflow["jobs"]["verify"]
    (kept,) = (s for s in verify["steps"] if "upload-artifact" in s.get("uses", ""))
    objects, _ = (s for s in verify["steps"] if "cache/restore" in s.get("uses", ""))
    (ran,) = (s for s in verify["steps"] if "matrix job one" in s.get("run", ""))
    for name in ("version", "arch", "patchset", "profile"):
        assert f"matrix.{name}" in kept["with"]["name"]
        assert f"${name.upper()}" in ran["run"] and f"matrix.{name}" in verify["env"][name.upper()]
    assert "matrix.profile" in objects["with"]["key"]


@pytest.fixture
def workflow() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed: the workflow is unchecked")
    loaded: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())
    return loaded


def test_the_workflow_calls_what_is_there(workflow: dict[str, Any]) -> None:
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    runs = "\n".join(step.get("run", "") for step in steps)
    assert set(re.findall(r"\bci/[\w-]+", runs)) == {"ci/zpmaint"}
    assert os.access(TOP / "ci/zpmaint", os.X_OK)
    called = set(re.findall(r"ci/zpmaint matrix job ([\w-]+)", runs))
    assert called == {"plan", "one", "publish", "github-ledger"}
    assert called <= jobs().keys()
    assert all(job.program.is_file() for job in jobs().values())


def test_a_job_is_the_program_with_this_zpmaint(tmp_path: Path) -> None:
    program(tmp_path / "gh", 'echo "asked: $@" >&2; exit 7')
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "GITHUB_REPOSITORY": "o/r"}
    done = subprocess.run(
        [sys.executable, "-m", "zpmaint", "matrix", "job", "github-ledger", "fetch", "a b"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(TOP), **env},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 3, "the program's own status"
    assert "asked: api --paginate repos/o/r/releases" in done.stderr
    assert (tmp_path / "a b").is_dir(), "each word as it was given"


def test_the_workflows_jobs_hang_together(workflow: dict[str, Any]) -> None:
    assert set(workflow[True]) == {"schedule", "workflow_dispatch"}  # YAML 1.1 reads `on` as true
    jobs = workflow["jobs"]
    assert list(jobs) == ["plan", "verify", "publish", "deploy", "stay"]
    assert jobs["verify"]["strategy"]["fail-fast"] is False
    assert jobs["publish"]["needs"] == ["plan", "verify"]
    assert workflow["permissions"] == {}, "each job says what it needs"
    outputs = set(jobs["plan"]["outputs"])
    text = WORKFLOW.read_text()
    assert set(re.findall(r"needs\.plan\.outputs\.(\w+)", text)) == outputs
    fields = set(re.findall(r"(?<![\w.])matrix\.(\w+)\b", text)) - {"yml"}
    assert fields <= {"version", "series", "arch", "patchset", "profile", "why"}
    for job in jobs.values():
        ids = {step["id"] for step in job["steps"] if "id" in step}
        used = set(re.findall(r"\$\{\{ steps\.(\w+)\.", json.dumps(job)))
        assert used <= ids
        for step in job["steps"]:
            # What a version or a name holds must reach a shell as a variable, never as code.
            assert "${{" not in step.get("run", ""), step
