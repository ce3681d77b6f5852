# SPDX-License-Identifier: GPL-2.0-only
"""The pipelines of CI services: what is written, by whose rules, and what comes of running them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zpmaint.app.init import init
from zpmaint.core.errors import UserError
from zpmaint.matrix.pipeline import github, gitlab
from zpmaint.matrix.pipeline.data import declared
from zpmaint.matrix.pipeline.jobs import PYTHON, jobs
from zpmaint.matrix.pipeline.project import SERVICES
from zpmaint.matrix.pipeline.yaml_text import Noted, text_of

yaml = pytest.importorskip("yaml", reason="NOT RUN: PyYAML is not installed (ci/test brings it)")
machine = pytest.importorskip("pipeline_machine")

TOP = Path(__file__).parent.parent
ROWS = [
    {"version": "7.2.6", "series": "7.2", "arch": "x86_64", "patchset": "p", "profile": "",
     "why": "never verified"},
    {"version": "6.12.108-rc1", "series": "6.12", "arch": "i386", "patchset": "p",
     "profile": "i386-debug", "why": "never verified"},
]  # fmt: skip


OURS = {"github": TOP / github.PLACE, "gitlab": TOP / "ci" / "gitlab.yml"}
"""This project's own; its settings name the second one."""


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_committed_is_what_is_written(service: str) -> None:
    assert OURS[service].read_text() == SERVICES[service].pipeline(), (
        f"zpmaint matrix ci {service} --out {OURS[service]}"
    )


scalars = st.one_of(st.text(), st.integers(), st.booleans())
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.dictionaries(st.text(), values, min_size=1, max_size=3))
@example({"a": "on", "b": "~", "c": "1.0", "d": "a: b", "e": "a #b", "f": "x\ny\n", "g": " x\ny\n"})
@example({"a": ["- b", "!c", "*", "&x", "%y", "@z", "`", "\t", "\x85", "\u2028", "\ufeff", "😀"]})
@example({"\u2028": [], "x\u2029y": {"\x85": "z"}, "\xa0": "\u2028 a\u2029\nb\n"})
@example({"a": [{"b": {"c": [[], {}]}}, ["d", ["e"]]], "f": "0x1f", "g": "1_0", "h": "2026-01-01"})
@example({"a": "x\n\n", "b": "\nx\n", "c": "x \ny\n", "d": "x\n y\n", "e": "x\ry\n", "f": "\\\"'"})
def test_what_is_written_is_read_as_it_was(value: dict[str, Any]) -> None:
    value.pop("on", None)  # as GitHub writes it; YAML 1.1 reads it as true
    if any(ord(c) in range(0xD800, 0xE000) for c in json.dumps(value, ensure_ascii=False)):
        return
    if value:
        assert yaml.safe_load(text_of(value)) == value


def test_a_comment_changes_nothing() -> None:
    said = Noted("x", above="one\ntwo", beside="three")
    value = {"a": said, "b": [said, Noted({"c": said}, above="four " * 40)], "d": Noted([], "five")}
    text = text_of(value, "six\n\n  seven")
    assert yaml.safe_load(text) == {"a": "x", "b": ["x", {"c": "x"}], "d": []}
    assert text.startswith("# six\n#\n#   seven\n# one\n# two\na: x # three\n")
    assert max(map(len, text.splitlines())) <= 100


def jobs_of(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text)["jobs"]
    return found


def test_actions_are_pinned_and_named() -> None:
    text = github.workflow()
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert len(used) == text.count("uses:")
    for place, beside in used:
        assert re.fullmatch(r"actions/[a-z-]+(/\w+)?@[0-9a-f]{40}", place)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", beside), "what proposes updates goes by the tag"
    commits = {action.repo: action.commit for action in declared().actions.values()}
    assert len(set(commits.values())) == len(commits), "two actions, one commit: a slip"


def test_rights_are_the_least() -> None:
    assert yaml.safe_load(github.workflow())["permissions"] == {}
    jobs = jobs_of(github.workflow())
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "plan": {"contents": "read"},
        "verify": {"contents": "read"},
        "publish": {"contents": "write", "pages": "read"},
        "deploy": {"pages": "write", "id-token": "write"},
        "stay": {"actions": "write"},
    }
    for name, job in jobs.items():
        is_ours = any(step.get("uses", "").startswith("actions/checkout") for step in job["steps"])
        strong = {k for k, v in job["permissions"].items() if v == "write"} - {"contents"}
        assert not (is_ours and strong), f"{name}: what runs our programs cannot deploy"
        for step in job["steps"]:
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
    verify = jobs["verify"]
    assert "token" not in json.dumps(verify), "a kernel's job is told no token"


def test_every_job_has_an_end() -> None:
    for job in jobs_of(github.workflow()).values():
        assert job["timeout-minutes"] <= 180
    child = yaml.safe_load(gitlab.child(ROWS))
    assert child[".verify"]["timeout"] == "180 minutes"


def test_a_point_release_has_its_predecessors_objects() -> None:
    """The same arch and profile of the series first; another kernel's archive never."""
    (restore, archive) = (
        step["with"]
        for step in jobs_of(github.workflow())["verify"]["steps"]
        if "cache/restore" in step.get("uses", "")
    )
    context = {"matrix": {"version": "6.12.108", "series": "6.12", "arch": "x86_64"},
               "github": {"run_id": "9", "run_attempt": "1"}}  # fmt: skip
    key, *prefixes = (
        machine._text(text, context)
        for text in (restore["key"], *restore["restore-keys"].split("\n")[:-1])
    )
    former = "objects-6.12-x86_64-default-6.12.107-8-1"
    assert not former.startswith(prefixes[0]) and former.startswith(prefixes[1])
    assert key.startswith(prefixes[0])
    assert not any("objects-6.1-x86_64-default-6.1.187-8-1".startswith(p) for p in prefixes)
    assert "restore-keys" not in archive and "matrix.version" in archive["key"]


def test_a_child_without_kernels_is_a_pipeline() -> None:
    child = yaml.safe_load(gitlab.child([]))
    assert [name for name in child if "script" in child[name]] == [".verify", "keep"]


def test_a_dollar_in_a_name_is_no_variable() -> None:
    child = yaml.safe_load(gitlab.child([{**ROWS[0], "patchset": "a$HOME"}]))
    assert child["7.2.6 x86_64 a$HOME"]["variables"]["PATCHSET"] == "a$$HOME"


def test_a_row_without_its_parts_is_told() -> None:
    with pytest.raises(UserError, match="no series"):
        gitlab.child([{"version": "7.2.6"}])


def run_cli(*words: str, cwd: Path = TOP) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "zpmaint", "matrix", "ci", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(TOP)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_command(tmp_path: Path) -> None:
    done = run_cli("github")
    assert (done.returncode, done.stdout) == (0, github.workflow())
    (tmp_path / "plan.json").write_text(json.dumps({"include": ROWS}))
    done = run_cli(
        "gitlab", "--dues", str(tmp_path / "plan.json"), "--out", str(tmp_path / "c.yml")
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "c.yml").read_text() == gitlab.child(ROWS)
    nameless = tmp_path / "nameless"
    shutil.copytree(TOP / "patches", nameless / "patches")
    config = (TOP / "kernels.toml").read_text()
    (nameless / "kernels.toml").write_text(re.sub("(?m)^project = .*$", "", config))
    done = run_cli("github", cwd=nameless)
    assert done.returncode == 0
    assert "calls ci/zpmaint, which" in done.stderr and "no `project`" in done.stderr
    (tmp_path / "plan.json").write_text("[]")
    done = run_cli("gitlab", "--dues", str(tmp_path / "plan.json"))
    assert done.returncode == 2 and "not what zpmaint matrix job plan writes" in done.stderr


SCHEMAS = {"github": "vendor.github-workflows", "gitlab": "vendor.gitlab-ci"}


@pytest.mark.parametrize("service", SCHEMAS)
def test_the_services_schemas_take_them(service: str, tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema", reason="NOT RUN: needs check-jsonschema (ci/test)")
    files = [OURS[service]]
    if service == "gitlab":
        files.append(tmp_path / "child.yml")
        files[1].write_text(gitlab.child(ROWS))
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(files[0].read_text().replace("timeout", "timout"))

    def check(*paths: Path) -> subprocess.CompletedProcess[str]:
        words = ["--builtin-schema", SCHEMAS[service], "--data-transform", "gitlab-ci"]
        return subprocess.run(
            [sys.executable, "-m", "check_jsonschema", *words, *map(str, paths)],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    done = check(*files)
    assert done.returncode == 0, done.stdout
    assert check(wrong).returncode != 0


@pytest.mark.skipif(not shutil.which("actionlint"), reason="NOT RUN: needs actionlint on PATH")
def test_actionlint_has_nothing_to_say(tmp_path: Path) -> None:
    done = subprocess.run(
        ["actionlint", TOP / github.PLACE], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((TOP / github.PLACE).read_text().replace("steps.plan.outputs", "steps.plam"))
    assert subprocess.run(["actionlint", wrong], check=False, timeout=60).returncode == 1


STUB = (
    f"""#!/bin/bash
# zpmaint in few words: a record is a line of a text. It stands for the Python that runs it, too.
set -eu
[ "$1" != -c ] || exec {sys.executable} "$@"
[ "$1 $2" != "-m zpmaint" ] || shift 2
if [ "$1 ${{2-}}" = "matrix job" ]; then
    {PYTHON}=$(realpath "$0") exec sh {jobs()["plan"].program.parent}/$3.sh "${{@:4}}"
fi
"""
    + """\
state=$ZPMAINT_HOME/state ledger=$ZPMAINT_HOME/state/ledger.sqlite
mkdir -p "$state"
case "$1 ${2-}" in
"matrix plan") cat "$PLAN" ;;
"matrix ci") exec "$PYTHON" "$CHILD" "$5" "$7" ;;
"matrix merge")
    shift 2
    for other; do [ ! -d "${other%/*}/logs" ] || cp -r "${other%/*}/logs" "$state/"; done
    cat "$@" >>"$ledger"; sort -u -o "$ledger" "$ledger" ;;
publish*) mkdir -p "$3"; cp "$ledger" "$3/index.html"; cp -r "$state/logs" "$3/" ;;
verify*)
    echo "$2 $4 $6 $8" >>"$ledger"
    mkdir -p "$ZPMAINT_HOME/cache/ccache" "$ZPMAINT_HOME/cache/debian" "$state/logs"
    cat "$ZPMAINT_HOME"/cache/ccache/* 2>/dev/null || true
    echo "objects of $2" >"$ZPMAINT_HOME/cache/ccache/$2"
    echo "$2 $4" >"$state/logs/$2-$4"
    case $2 in *bad*) exit 1 ;; *lost*) exit 3 ;; esac ;;
track* | doctor*) ;;
*) echo "stub: $*" >&2; exit 99 ;;
esac
"""
)

# `zpmaint matrix ci gitlab --dues PLAN --out OUT` without the start of a whole command.
CHILD = """
import json, pathlib, sys
from zpmaint.matrix.pipeline import gitlab
plan, out = map(pathlib.Path, sys.argv[1:])
out.write_text(gitlab.child(json.loads(plan.read_text())["include"]))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project with a zpmaint that only keeps account."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copy(TOP / "kernels.toml", folder)
    shutil.copytree(TOP / "patches", folder / "patches")
    (folder / "ci").mkdir()
    (folder / "ci" / "zpmaint").write_text(STUB)
    (folder / "ci" / "zpmaint").chmod(0o755)
    return folder


def planned(tmp_path: Path, *versions: str) -> dict[str, str]:
    dues = [
        {"version": name, "series": name.rpartition(".")[0], "arch": arch, "patchset": "p",
         "profile": "", "sources": [], "known": None, "why": "new"}
        for name in versions for arch in ("x86_64", "i386")
    ]  # fmt: skip
    (tmp_path / "plan.json").write_text(json.dumps({"dues": dues, "unresolved": []}))
    (tmp_path / "child.py").write_text(CHILD)
    return {
        "PLAN": str(tmp_path / "plan.json"), "CHILD": str(tmp_path / "child.py"),
        "PYTHON": sys.executable, "PYTHONPATH": str(TOP),
    }  # fmt: skip


ALL = "".join(f"{v} {a} p \n" for v in ("6.12.1", "6.bad", "6.lost") for a in ("i386", "x86_64"))


def test_github_from_plan_to_pages(checkout: Path, tmp_path: Path) -> None:
    hub = machine.GitHub(tmp_path / "hub", checkout, planned(tmp_path, "6.12.1", "6.bad", "6.lost"))
    results = hub.run(OURS["github"])
    assert results == {
        "plan": "success", "verify": "failure", "publish": "success", "deploy": "success",
        "stay": "success",
    }  # fmt: skip
    verdicts = {one.name: (one.result, one.steps["The kernel's verdict"])
                for one in hub.job("verify")}  # fmt: skip
    assert verdicts["verify 6.12.1 i386"] == ("success", "skipped")
    assert verdicts["verify 6.bad i386"] == ("success", "failure"), "a kernel's: a note, not red"
    assert verdicts["verify 6.lost i386"] == ("failure", "skipped"), "the infrastructure's: red"
    assert "::error title=6.bad i386 p ::" in hub.job("verify 6.bad i386")[0].said
    assert (hub.place / "site" / "index.html").read_text() == ALL
    assert (hub.place / "site" / "logs" / "6.bad-i386").exists()
    assert "workflows/matrix.yml/enable" in (hub.place / "release.asked").read_text()
    # The next night: a point release, with its predecessor's objects, and what was known before.
    planned(tmp_path, "6.12.2")
    assert set(hub.run(OURS["github"]).values()) == {"success"}
    first, second = hub.job("verify")
    assert "objects of 6.12.1" in first.said and "objects of 6.12.1" in second.said
    assert [one.steps["Save archives"] for one in (first, second)] == ["success", "skipped"]
    site = (hub.place / "site" / "index.html").read_text()
    assert site == ALL.replace("6.bad i386", "6.12.2 i386 p \n6.12.2 x86_64 p \n6.bad i386", 1)
    assert [p.name for p in sorted((hub.place / "release").iterdir())] == [
        "ledger-2-1.sqlite", "logs-2-1.tar",
    ]  # fmt: skip
    # And one with nothing due: the pages are written, no kernel's job is there.
    planned(tmp_path)
    assert hub.run(OURS["github"], "workflow_dispatch") == {
        "plan": "success", "verify": "skipped", "publish": "success", "deploy": "success",
        "stay": "skipped",
    }  # fmt: skip
    assert (hub.place / "site" / "index.html").read_text() == site


def test_gitlab_from_plan_to_pages(checkout: Path, tmp_path: Path) -> None:
    lab = machine.GitLab(tmp_path / "lab", checkout, planned(tmp_path, "6.12.1", "6.bad", "6.lost"))
    results = lab.run(OURS["gitlab"])
    assert results["6.12.1 i386 p"] == "success"
    assert results["6.bad i386 p"] == "warning", "a kernel's"
    assert results["6.lost i386 p"] == "failure", "the infrastructure's"
    assert (results["keep"], results["verify"], results["pages"]) == (
        "success", "failure", "success",
    )  # fmt: skip
    assert (lab.place / "site" / "index.html").read_text() == ALL
    assert (lab.place / "site" / "logs" / "6.bad-i386").exists()
    planned(tmp_path, "6.12.2")
    assert set(lab.run(OURS["gitlab"]).values()) == {"success"}
    assert "objects of 6.12.1" in lab.job("6.12.2 i386")[0].said
    site = (lab.place / "site" / "index.html").read_text()
    assert site == ALL.replace("6.bad i386", "6.12.2 i386 p \n6.12.2 x86_64 p \n6.bad i386", 1)
    (version,) = (lab.kept / "packages" / "zpmaint-ledger").iterdir()
    assert {p.name for p in version.iterdir()} == {"ledger.sqlite", "logs.tar"}


PYTHON3 = """#!/bin/sh
# A machine's python3, whose environments have a zpmaint that only keeps account.
case "$*" in
"-m venv --clear "*)
    mkdir -p "$4/bin"
    printf '#!/bin/sh\n' >"$4/bin/pip"
    cp "$STUB" "$4/bin/zpmaint"
    chmod 755 "$4/bin/pip" "$4/bin/zpmaint" ;;
esac
"""


def test_a_project_of_init_verifies_itself_without_a_checkout(tmp_path: Path) -> None:
    """What `zpmaint init --ci` writes is all that is there: each job's machine installs zpmaint."""
    project = init(tmp_path / "mine", ci="gitlab").folder
    (tmp_path / "stub").write_text(STUB)
    given = {**planned(tmp_path, "6.12.1"), "STUB": str(tmp_path / "stub")}
    lab = machine.GitLab(tmp_path / "lab", project, given)
    (lab.place / "bin" / "python3").write_text(PYTHON3)
    (lab.place / "bin" / "python3").chmod(0o755)
    results = lab.run(project / gitlab.PLACE)
    assert set(results.values()) == {"success"}, [one.said for one in lab.ran]
    assert (lab.place / "site" / "index.html").read_text() == "6.12.1 i386 p \n6.12.1 x86_64 p \n"
    assert "installing zpmaint==" in lab.job("6.12.1 i386")[0].said


def test_a_registry_that_fails_is_not_an_empty_history(tmp_path: Path) -> None:
    (tmp_path / "l.sqlite").write_text("new")
    env = {
        **os.environ, "CI_PROJECT_ID": "7", "CI_JOB_ID": "5", "CI_JOB_TOKEN": "wrong",
        PYTHON: sys.executable,
    }  # fmt: skip
    with machine.packages(tmp_path / "packages") as api:
        for words in (["fetch", "kept"], ["keep", "l.sqlite", "kept"]):
            done = subprocess.run(
                ["sh", jobs()["gitlab-ledger"].program, *words], cwd=tmp_path, check=False,
                env={**env, "CI_API_V4_URL": api}, capture_output=True, text=True, timeout=60,
            )  # fmt: skip
            assert done.returncode not in (0, 2)
            assert "wrong" not in done.stderr, "no token in what is said"
    assert not list((tmp_path / "packages").iterdir())


@pytest.mark.slow  # builds a toy kernel with the real zpmaint, twice in each service
@pytest.mark.skipif(
    not os.environ.get("ZPMAINT_PIPELINES"),
    reason="NOT RUN: half a minute of processor for each service; ZPMAINT_PIPELINES=1 runs it",
)
@pytest.mark.parametrize("service", ["github", "gitlab"])
def test_the_real_zpmaint_from_plan_to_pages(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A toy kernel of which the guests are a script, and one that no source has."""
    shops = pytest.importorskip("test_app_verify")
    (tmp_path / "shop").mkdir()
    shop = shops.Shop(tmp_path / "shop", monkeypatch)
    (shop.project / "ci").mkdir()
    runs = shop.project / "ci" / "zpmaint"
    runs.write_text(f'#!/bin/sh\nPYTHONPATH={TOP} exec {sys.executable} -m zpmaint "$@"\n')
    runs.chmod(0o755)
    config = shop.project / "kernels.toml"
    lost = '[[kernel]]\nversion = "6.12.106"\nsources = ["toy"]\n'
    # By a name: each job's checkout lies in another folder.
    config.write_text('project = "toy"\n' + config.read_text() + lost)
    made = (machine.GitHub if service == "github" else machine.GitLab)(
        tmp_path / "service", shop.project, {}
    )
    made.run(OURS[service])
    states = {one.name: one.result for one in made.ran}
    passed = [result for name, result in states.items() if "6.12.107" in name]
    failed = [result for name, result in states.items() if "6.12.106" in name]
    assert (passed, failed) == (["success"], ["failure"]), [one.said for one in made.ran]
    status = json.loads((made.place / "site" / "status.json").read_text())
    assert "6.12.107" in json.dumps(status)
    assert (made.place / "site" / "index.html").exists()
    # The same again: the one that is known is not verified again.
    made.run(OURS[service])
    assert not [one for one in made.ran if "6.12.107" in one.name]
