# SPDX-License-Identifier: GPL-2.0-only
"""The pipeline as GitLab CI has it: a parent that plans and publishes, and a child, written by the
plan of the day, with one job for each kernel that is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zpmaint.core.errors import UserError
from zpmaint.matrix.pipeline import plan
from zpmaint.matrix.pipeline.data import Cache, Data, declared
from zpmaint.matrix.pipeline.plan import Script
from zpmaint.matrix.pipeline.yaml_text import Noted, Value, text_of

PLACE = ".gitlab-ci.yml"
"""Where GitLab looks for it unless its settings name another file."""
LEDGER = "gitlab-ledger"
CHILD = "verify.yml"
"""The child pipeline, an artifact of the plan."""
_PLANNED = "plan.json"
_RECORDS = "records"
_NEEDED = ("ca-certificates", "curl")
"""What the ledger is asked of GitLab with."""

_HEAD = """\
SPDX-License-Identifier: GPL-2.0-only
Written by `zpmaint matrix ci gitlab`, which a newer zpmaint may write otherwise.

Every tracked kernel, by a schedule: plan, one job for each kernel that is due, merge, publish. The
jobs of the kernels are a child pipeline, which the plan of the day writes.

A pipeline is red where the infrastructure failed. Of a kernel that failed it has a warning, and
the pages say why.

Needs, once: a schedule (Build > Pipeline schedules, cron: {cron}). With its variable ALL set to
--all kernels whose results are known are verified, too. Where this file is not called
.gitlab-ci.yml, Settings > CI/CD > General pipelines > CI/CD configuration file names it.
"""
_CHILD_HEAD = "The kernels that were due. Written by `zpmaint matrix ci gitlab --dues`."
_TRIES = ("runner_system_failure", "stuck_or_timeout_failure", "api_failure", "scheduler_failure")


def pipeline(data: Data | None = None) -> str:
    """The text of the parent."""
    data = data or declared()
    return text_of(_parent(data), _HEAD.format(cron=data.run.cron))


def child(dues: Sequence[Mapping[str, str]], data: Data | None = None) -> str:
    """The text of the child: a job for each row of `matrix job plan`, and one that keeps what they
    found. Raises UserError for a row without its parts."""
    data = data or declared()
    jobs: dict[str, Value] = {}
    for due in dues:
        try:
            told = plan.row(due)
        except KeyError as error:
            raise UserError(
                f"a kernel that is due has no {error.args[0]}",
                "give what zpmaint matrix job plan writes",
            ) from None
        name = " ".join(
            part for part in (told["version"], told["arch"], told["patchset"], told["profile"])
            if part
        )  # fmt: skip
        jobs[name] = {
            "extends": ".verify",
            # A $ in a value would name another variable.
            "variables": {key.upper(): value.replace("$", "$$") for key, value in told.items()},
            "cache": [_cache(data, cache, told) for cache in data.caches],
        }
    return text_of({**_common(data, ["verify", "keep"]), **_verify(data), **jobs,
                    "keep": _keep(data)}, _CHILD_HEAD)  # fmt: skip


def _common(data: Data, stages: list[Value]) -> dict[str, Value]:
    return {
        "stages": stages,
        "variables": {"ZPMAINT_HOME": f"$CI_PROJECT_DIR/{data.run.home}"},
        "default": {"image": data.run.image, "retry": {"max": 1, "when": list(_TRIES)}},
    }


def _parent(data: Data) -> dict[str, Value]:
    return {
        "workflow": {
            "rules": [
                {"if": '$CI_PIPELINE_SOURCE == "schedule"'},
                Noted({"if": '$CI_PIPELINE_SOURCE == "web"'}, above="Started by hand."),
            ]
        },
        **_common(data, ["plan", "verify", "publish"]),
        "plan": {
            "stage": "plan",
            "timeout": f"{data.minutes['plan']} minutes",
            "script": [
                *_script(plan.install(*_NEEDED)),
                *_script(plan.fetch(LEDGER)),
                *_script(plan.merge(plan.KEPT_LEDGERS)),
                f"{plan.due(data.run.most)} >{_PLANNED}",
                plan.child(_PLANNED, CHILD),
            ],
            "artifacts": {
                "paths": [_PLANNED, CHILD],
                "expire_in": f"{data.run.keep_days} days",
            },
        },
        "verify": {
            "stage": "verify",
            "trigger": {
                "include": [{"artifact": CHILD, "job": "plan"}],
                "strategy": "depend",
            },
            "resource_group": Noted(
                "matrix", above="Two at once would verify the same kernels; one after the other."
            ),
        },
        "pages": {
            "stage": "publish",
            "when": Noted("always", above="Failed kernels are what the pages are for."),
            "timeout": f"{data.minutes['publish']} minutes",
            "dependencies": [],
            "script": [
                *_script(plan.install(*_NEEDED)),
                *_script(plan.fetch(LEDGER)),
                *_script(plan.publish("public", "CI_PAGES_URL")),
            ],
            "pages": True,
            "artifacts": {"paths": ["public"]},
        },
    }


def _verify(data: Data) -> dict[str, Value]:
    return {
        ".verify": {
            "stage": "verify",
            "timeout": f"{data.minutes['verify']} minutes",
            "variables": {
                "OUT": Noted(
                    f"{_RECORDS}/$CI_JOB_ID",
                    above="Artifacts of all jobs come into one folder: each has a name of its own.",
                )
            },
            "allow_failure": Noted(
                {"exit_codes": [1]}, above="The kernel's failure: a warning. Others: red."
            ),
            "script": [plan.verify()],
            "artifacts": {
                "when": "always",
                "paths": ["$OUT/", f"{data.run.home}/{plan.CONSOLES}/"],
                "name": "record-$VERSION-$ARCH-$PATCHSET-$PROFILE",
                "expire_in": f"{data.run.keep_days} days",
            },
        }
    }


def _keep(data: Data) -> dict[str, Value]:
    return {
        "stage": "keep",
        "when": Noted("always", above="What was found out of a kernel that failed is kept, too."),
        "timeout": f"{data.minutes['publish']} minutes",
        "script": [
            *_script(plan.install(*_NEEDED)),
            *_script(plan.fetch(LEDGER)),
            *_script(plan.merge(plan.KEPT_LEDGERS, f"{_RECORDS}/*/ledger.sqlite")),
            *_script(plan.keep(LEDGER)),
        ],
    }


def _cache(data: Data, cache: Cache, told: Mapping[str, str]) -> Value:
    parts = [told[name] or "default" for name in cache.key]
    row: dict[str, Value] = {
        "key": "-".join([cache.name, *parts]),
        "paths": [f"{data.run.home}/{path}" for path in cache.paths],
        "when": "always",
    }
    if cache.by_run:
        row["fallback_keys"] = ["-".join([cache.name, *parts[:-1], "default"])]
    return row


def _script(script: Script) -> list[Value]:
    return [script.text if script.text.count("\n") > 1 else script.text.rstrip("\n")]
