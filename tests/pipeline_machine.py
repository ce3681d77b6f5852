# SPDX-License-Identifier: GPL-2.0-only
"""CI services in small: the jobs of a pipeline are run here, each in a folder of its own that holds
nothing but a checkout, with an environment that holds nothing but what the service gives.

Actions, artifacts, caches and the services' own storage are folders. Only what zpmaint's pipelines
use is known; anything else is an error of the test.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import yaml

GH = """#!/bin/sh
# gh with a folder in the place of GitHub's release.
release=$GH_RELEASE
[ -n "$GH_TOKEN" ] || { echo "gh: no token" >&2; exit 4; }
case "$1 $2" in
"api --paginate") echo v1; [ ! -d "$release" ] || echo ledger ;;
"api -X") [ "$3" = PUT ] && echo "$4" >>"$GH_RELEASE.asked" ;;
"release create") mkdir "$release" ;;
"release view") ls "$release" ;;
"release upload") cp "$4" "$release/" ;;
"release download") cp "$release/$9" "$7/" ;;
"release delete-asset") rm "$release/$4" ;;
*) echo "gh: $*" >&2; exit 9 ;;
esac
"""


@dataclass
class Ran:
    """One job as it ended."""

    name: str
    result: str
    """success, failure, warning or skipped."""
    steps: dict[str, str] = field(default_factory=dict)
    """By step how it ended."""
    said: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


class Machine:
    """What both services share: where checkouts come from, and where things are kept."""

    def __init__(self, place: Path, checkout: Path, programs: Mapping[str, str]) -> None:
        self.place = place
        self.checkout = checkout
        self.kept = place / "kept"
        self.ran: list[Ran] = []
        self._bin = place / "bin"
        self._bin.mkdir(parents=True)
        assert "PATH" not in programs, "a real apt-get would install what a job wants"
        self.environment = dict(programs)
        for name, text in (("gh", GH), ("apt-get", "#!/bin/sh\n")):
            (self._bin / name).write_text(text)
            (self._bin / name).chmod(0o755)

    def job(self, name: str) -> list[Ran]:
        return [one for one in self.ran if one.name.startswith(name)]

    def workspace(self) -> Path:
        """A new machine: a folder that nothing is in."""
        number = sum(1 for _ in self.place.glob("machine-*"))
        folder = self.place / f"machine-{number}"
        folder.mkdir()
        return folder

    def shell(self, text: str, folder: Path, env: Mapping[str, str]) -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
            cwd=folder,
            env={
                "PATH": f"{self._bin}:{os.environ['PATH']}",
                "HOME": str(folder / ".home"),
                "LANG": "C.UTF-8",
                "CI": "true",
                **self.environment,
                **env,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=280,
            check=False,
        )
        return done.returncode, f"$ {text}\n{done.stdout}"


class GitHub(Machine):
    """Runs a workflow as GitHub does."""

    runs = 0

    def run(self, workflow: Path, event: str = "schedule", **inputs: bool) -> dict[str, str]:
        """By job its result; a matrix is one."""
        self.runs += 1
        self.ran = []
        loaded = yaml.safe_load(workflow.read_text())
        self._env = {k: str(v) for k, v in loaded.get("env", {}).items()}
        results: dict[str, Any] = {}
        for name, job in loaded["jobs"].items():
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            context: dict[str, Any] = {
                "needs": {one: results[one] for one in needs},
                "inputs": inputs,
                "github": {
                    "event_name": event, "run_id": str(self.runs), "run_attempt": "1",
                    "token": f"token of {json.dumps(job['permissions'])}",
                },
            }  # fmt: skip
            fine = all(results[one]["result"] == "success" for one in needs)
            if not _holds(job.get("if", ""), context, fine=fine):
                results[name] = {"result": "skipped", "outputs": {}}
                self.ran.append(Ran(name, "skipped"))
                continue
            rows = [None]
            if "strategy" in job:
                rows = _value(job["strategy"]["matrix"], context)["include"]
                assert rows, "GitHub: a matrix without rows is an error"
            done = [self._job(name, job, {**context, "matrix": row or {}}) for row in rows]
            results[name] = {
                "result": "failure" if any(d.result == "failure" for d in done) else "success",
                "outputs": done[0].outputs,
            }
        return {name: result["result"] for name, result in results.items()}

    def _job(self, name: str, job: Any, context: dict[str, Any]) -> Ran:
        row = " ".join(context["matrix"].get(k, "") for k in ("version", "arch", "profile"))
        ran = Ran(f"{name} {row}".strip(), "success")
        self.ran.append(ran)
        folder = self.workspace()
        context = {**context, "steps": {}, "failed": False}
        own = {k: str(_text(v, context)) for k, v in job.get("env", {}).items()}
        for step in job["steps"]:
            if not _holds(step.get("if", ""), context, fine=ran.result == "success"):
                ran.steps[step["name"]] = "skipped"
                continue
            output = folder / ".output"
            output.write_text("")
            if "run" in step:
                assert "${{" not in step["run"], "what a name holds must not become code"
                env = {k: str(_text(v, context)) for k, v in step.get("env", {}).items()}
                status, said = self.shell(
                    step["run"],
                    folder,
                    {
                        **self._env, **own, **env,
                        "GITHUB_OUTPUT": str(output), "GITHUB_ACTIONS": "true",
                        "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": str(self.runs),
                        "GITHUB_RUN_ATTEMPT": "1", "GH_RELEASE": str(self.place / "release"),
                    },
                )  # fmt: skip
                outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
            else:
                given = {k: str(_text(v, context)) for k, v in step.get("with", {}).items()}
                action = re.fullmatch(r"(?P<what>[\w./-]+)@[0-9a-f]{40}", step["uses"])
                assert action, f"not pinned: {step['uses']}"
                status, said, outputs = self._action(action["what"], given, folder)
            ran.said += said
            ended = "failure" if status else "success"
            ran.steps[step["name"]] = ended
            context["steps"][step.get("id", step["name"])] = {"outputs": outputs, "outcome": ended}
            if status and not step.get("continue-on-error"):
                ran.result = "failure"
        ran.outputs = {k: str(_text(v, context)) for k, v in job.get("outputs", {}).items()}
        return ran

    def _action(
        self, what: str, given: Mapping[str, str], folder: Path
    ) -> tuple[int, str, dict[str, str]]:
        said, outputs, status = f"{what} {dict(given)}\n", {}, 0
        if what == "actions/checkout":
            assert given["persist-credentials"] == "False"
            shutil.copytree(self.checkout, folder, dirs_exist_ok=True)
        elif what == "actions/cache/restore":
            known = self.kept / "caches"
            hit = self._found(given["key"], given.get("restore-keys", "").split())
            outputs["cache-hit"] = str(hit == given["key"]).lower()
            if hit:
                shutil.copytree(known / hit, folder, dirs_exist_ok=True)
                said += f"restored {hit}\n"
        elif what == "actions/cache/save":
            place = self.kept / "caches" / given["key"]
            assert not place.exists(), f"GitHub: {given['key']} is there already"
            if not self._copy(given["path"].split(), folder, place):
                said += "nothing to save\n"
        elif what == "actions/upload-artifact":
            place = self.kept / f"artifacts-{self.runs}" / given["name"]
            assert not place.exists(), f"GitHub: two artifacts called {given['name']}"
            status = 0 if self._copy(given["path"].split(), folder, place) else 1
        elif what == "actions/download-artifact":
            for found in (self.kept / f"artifacts-{self.runs}").glob(given["pattern"]):
                shutil.copytree(found, folder / given["path"] / found.name)
        elif what == "actions/configure-pages":
            outputs["base_url"] = "https://o.example/r"
        elif what == "actions/upload-pages-artifact":
            shutil.copytree(folder / given["path"], self.kept / "pages", dirs_exist_ok=True)
        elif what == "actions/deploy-pages":
            shutil.copytree(self.kept / "pages", self.place / "site", dirs_exist_ok=True)
            outputs["page_url"] = "https://o.example/r/"
        else:
            raise AssertionError(f"no such action here: {what}")
        return status, said, outputs

    def _found(self, key: str, prefixes: list[str]) -> str:
        """The key itself, else the newest that begins as one of the prefixes, in their order."""
        known = sorted((self.kept / "caches").glob("*"), key=lambda path: -path.stat().st_mtime_ns)
        names = [path.name for path in known]
        if key in names:
            return key
        return next((n for p in prefixes for n in names if n.startswith(p)), "")

    @staticmethod
    def _copy(paths: list[str], folder: Path, place: Path) -> bool:
        found = [path for path in paths if (folder / path).exists()]
        for path in found:
            shutil.copytree(folder / path, place / path, dirs_exist_ok=True)
        return bool(found)


_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_TOKEN = re.compile(r"'(?:[^']|'')*'|&&|\|\||==|!=|[!()]|[A-Za-z_][\w.-]*|\s+|\S")


def _holds(condition: str, context: Mapping[str, Any], *, fine: bool) -> bool:
    if not condition:
        return fine
    found = _EXPRESSION.fullmatch(condition.strip())
    inner = found[1] if found else condition
    has_status = re.search(r"\b(always|cancelled|failure|success)\(\)", inner)
    return bool((has_status or fine) and _evaluated(inner, context))


def _value(text: str, context: Mapping[str, Any]) -> Any:
    found = _EXPRESSION.fullmatch(text.strip())
    assert found, text
    return _evaluated(found[1], context)


def _text(value: Any, context: Mapping[str, Any]) -> Any:
    if not isinstance(value, str):
        return value
    return _EXPRESSION.sub(lambda found: str(_evaluated(found[1], context) or ""), value)


def _evaluated(text: str, context: Mapping[str, Any]) -> Any:
    words = {"&&": " and ", "||": " or ", "!": " not "}
    functions: dict[str, Callable[..., Any]] = {
        "always": lambda: True, "cancelled": lambda: False, "fromJSON": json.loads
    }  # fmt: skip

    def get(path: str) -> Any:
        found: Any = context
        for part in path.split("."):
            found = (found or {}).get(part, "")
        return found

    parts = []
    for token in _TOKEN.findall(text):
        if token in functions or token in ("(", ")", "==", "!=") or token[0] == "'":
            parts.append(token)
        elif token in words:
            parts.append(words[token])
        elif re.match(r"[A-Za-z_]", token):
            parts.append(f"get({token!r})")
        else:
            assert token.isspace(), f"{token!r} in {text!r}"
            parts.append(" ")
    return eval("".join(parts), {"get": get, **functions})


class GitLab(Machine):
    """Runs a pipeline, and the child that one of its jobs writes, as GitLab does."""

    jobs = 0

    def run(self, pipeline: Path, **variables: str) -> dict[str, str]:
        """By job its result."""
        self.ran = []
        with packages(self.kept / "packages") as api:
            self._given = {
                "CI_API_V4_URL": api, "CI_PROJECT_ID": "7", "CI_JOB_TOKEN": "a secret",
                "CI_PAGES_URL": "https://o.example/r", **variables,
            }  # fmt: skip
            self._pipeline(yaml.safe_load(pipeline.read_text()))
        return {one.name: one.result for one in self.ran}

    def _pipeline(self, loaded: dict[str, Any]) -> str:
        words = {"stages", "variables", "default", "workflow"}
        jobs = {k: v for k, v in loaded.items() if k not in words and not k.startswith(".")}
        worst, artifacts = "success", []
        for stage in loaded["stages"]:
            ended = []
            for name, job in jobs.items():
                merged: dict[str, Any] = _over(loaded.get(job.get("extends", ""), {}), job)
                if merged["stage"] != stage:
                    continue
                if worst == "failure" and merged.get("when") != "always":
                    self.ran.append(Ran(name, "skipped"))
                    continue
                if "trigger" in merged:
                    (place,) = [a for a in artifacts if (a / "verify.yml").exists()]
                    self.ran.append(ran := Ran(name, ""))
                    ran.result = self._pipeline(yaml.safe_load((place / "verify.yml").read_text()))
                    ended.append(ran.result)
                    continue
                sees = [] if merged.get("dependencies") == [] else list(artifacts)
                ran, left = self._job(name, merged, loaded.get("variables", {}), sees)
                ended.append(ran.result)
                artifacts.append(left)
            worst = "failure" if "failure" in [worst, *ended] else worst
        return worst

    def _job(
        self, name: str, job: dict[str, Any], common: dict[str, str], sees: list[Path]
    ) -> tuple[Ran, Path]:
        self.jobs += 1
        folder = self.workspace()
        shutil.copytree(self.checkout, folder, dirs_exist_ok=True)
        for place in sees:
            shutil.copytree(place, folder, dirs_exist_ok=True)
        env = {**self._given, "CI_PROJECT_DIR": str(folder), "CI_JOB_ID": str(self.jobs)}
        for key, value in {**common, **job.get("variables", {})}.items():
            env[key] = _expanded(str(value), env)
        for cache in job.get("cache", []):
            for key in [cache["key"], *cache.get("fallback_keys", [])]:
                if (place := self.kept / "caches" / key).exists():
                    shutil.copytree(place, folder, dirs_exist_ok=True)
                    break
        status, said = self.shell("\n".join(job["script"]), folder, env)
        ran = Ran(name, "success", said=said)
        if status:
            allowed = job.get("allow_failure", {}).get("exit_codes", [])
            ran.result = "warning" if status in allowed else "failure"
        self.ran.append(ran)
        for cache in job.get("cache", []):
            place = self.kept / "caches" / cache["key"]
            self._copy(cache["paths"], folder, place)
        left = self.kept / f"artifacts-{self.jobs}"
        left.mkdir(parents=True)
        kept = job.get("artifacts", {})
        if not status or kept.get("when") == "always":
            self._copy([_expanded(path, env) for path in kept.get("paths", [])], folder, left)
        if "pages" in job and not status:
            shutil.copytree(folder / "public", self.place / "site", dirs_exist_ok=True)
        return ran, left

    @staticmethod
    def _copy(paths: list[str], folder: Path, place: Path) -> None:
        for path in paths:
            for found in [path.rstrip("/")] if (folder / path).exists() else []:
                (place / found).parent.mkdir(parents=True, exist_ok=True)
                if (folder / found).is_dir():
                    shutil.copytree(folder / found, place / found, dirs_exist_ok=True)
                else:
                    shutil.copy(folder / found, place / found)


def _over(base: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: {**base[key], **job[key]}
        for key in base.keys() & job.keys()
        if isinstance(base[key], dict)
    }
    return {**base, **job, **both}


def _expanded(text: str, env: Mapping[str, str]) -> str:
    return re.sub(r"\$(\$|\w+)", lambda m: "$" if m[1] == "$" else env.get(m[1], ""), text)


@contextmanager
def packages(place: Path) -> Iterator[str]:
    """GitLab's registry of generic packages: the address of its API. What it keeps is a folder a
    version; every request needs the job's token."""
    place.mkdir(parents=True, exist_ok=True)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _path(self) -> list[str]:
            if self.headers["JOB-TOKEN"] != "a secret":
                self._answer(401)
                return []
            return urlparse(self.path).path.split("/packages", 1)[1].split("/")[1:]

        def do_GET(self) -> None:
            if self.headers["JOB-TOKEN"] != "a secret":
                self._answer(401)
            elif parts := self._path():
                path = place.joinpath(*parts[1:])
                self._answer(*((200, path.read_bytes()) if path.is_file() else (404, b"")))
            else:
                page = int(parse_qs(urlparse(self.path).query)["page"][0])
                found = sorted((place / "zpmaint-ledger").glob("*"))[page - 1 : page]
                rows = [
                    {"id": int(path.name.split(".")[1]), "name": "zpmaint-ledger",
                     "version": path.name} for path in found
                ]  # fmt: skip
                self._answer(200, json.dumps(rows).encode())

        def do_PUT(self) -> None:
            if parts := self._path():
                path = place.joinpath(*parts[1:])
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(201)

        def do_DELETE(self) -> None:
            if parts := self._path():
                shutil.rmtree(place / "zpmaint-ledger" / f"1.{parts[0]}.0")
                self._answer(204)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api/v4"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
