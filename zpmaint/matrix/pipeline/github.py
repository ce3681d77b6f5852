# SPDX-License-Identifier: GPL-2.0-only
"""The pipeline as a workflow of GitHub Actions."""

from __future__ import annotations

from collections.abc import Mapping

from zpmaint.matrix.pipeline import plan
from zpmaint.matrix.pipeline.data import HELD, Action, Cache, Data, declared
from zpmaint.matrix.pipeline.plan import Script
from zpmaint.matrix.pipeline.yaml_text import Noted, Value, text_of

PLACE = ".github/workflows/matrix.yml"
"""Where GitHub looks for it: in this folder alone, and it follows no links."""
LEDGER = "github-ledger"

_HEAD = """\
SPDX-License-Identifier: GPL-2.0-only
Written by `zpmaint matrix ci github`, which a newer zpmaint may write otherwise.

Every tracked kernel, daily: plan, one job for each kernel that is due, merge, publish.

Only what is GitHub's own stands here; what is done, the programs of `zpmaint matrix job` do:

  plan            what is due, as JSON
  one             one kernel, into a ledger of its own
  publish         merge the ledgers, write the pages
  github-ledger   the ledger between two runs

A run is red where the infrastructure failed. Of a kernel that failed its job has a note, and the
pages say why.

Needs, once: Settings > Pages > Source: GitHub Actions.
"""
_OUT = "result"
"""The folder that the job of one kernel leaves: `matrix job one` says what is in it."""
_TOKEN: dict[str, Value] = {"GH_TOKEN": "${{ github.token }}"}
_PLAN = """\
matrix=$({due})
echo "matrix=$matrix" >>"$GITHUB_OUTPUT"
if [ "$matrix" = '{{"include": []}}' ]; then due=false; else due=true; fi
echo "due=$due" >>"$GITHUB_OUTPUT"
"""
_VERIFY = """\
status=0
{verify} || status=$?
echo "status=$status" >>"$GITHUB_OUTPUT"
[ "$status" -le 1 ] || exit "$status"
"""
_SAID = """\
echo "::error title=$VERSION $ARCH $PATCHSET $PROFILE::the kernel or the patch failed: \
see its page, or the record of this job"
exit 1
"""
_STAY = 'gh api -X PUT "repos/$GITHUB_REPOSITORY/actions/workflows/matrix.yml/enable"\n'


def workflow(data: Data | None = None) -> str:
    """The text of the workflow."""
    return text_of(_workflow(data or declared()), _HEAD)


def _workflow(data: Data) -> dict[str, Value]:
    run = data.run
    return {
        "name": "matrix",
        "on": {
            "schedule": [{"cron": run.cron}],
            "workflow_dispatch": {
                "inputs": {
                    "all": {
                        "description": "Also verify kernels whose results are known",
                        "type": "boolean",
                        "default": False,
                    }
                }
            },
        },
        "permissions": Noted({}, above="None; each job says what it needs."),
        "concurrency": Noted(
            {"group": "matrix", "cancel-in-progress": False},
            above="Two runs at once would verify the same kernels; one under way is let end.",
        ),
        "env": {"ZPMAINT_HOME": run.home},
        "defaults": {"run": {"shell": "bash"}},
        "jobs": {
            "plan": _plan(data),
            "verify": _verify(data),
            "publish": _publish(data),
            "deploy": _deploy(data),
            "stay": _stay(data),
        },
    }


def _job(data: Data, name: str, *, on_host: bool = False) -> dict[str, Value]:
    job: dict[str, Value] = {"runs-on": data.run.runner}
    if not on_host:
        job["container"] = data.run.image
    job["timeout-minutes"] = data.minutes[name]
    job["permissions"] = dict(data.rights[name])
    return job


def _plan(data: Data) -> dict[str, Value]:
    return {
        **_job(data, "plan"),
        "outputs": {
            "matrix": "${{ steps.plan.outputs.matrix }}",
            "due": "${{ steps.plan.outputs.due }}",
        },
        "steps": [
            _checkout(data),
            _run(plan.install("gh", "ca-certificates")),
            _run(plan.fetch(LEDGER), env=_TOKEN),
            _run(plan.merge(plan.KEPT_LEDGERS)),
            _run(
                Script("Plan", _PLAN.format(due=plan.due(data.run.most))),
                id="plan",
                env={"ALL": "${{ inputs.all && '--all' || '' }}"},
            ),
        ],
    }


def _verify(data: Data) -> dict[str, Value]:
    told: dict[str, Value] = {name.upper(): f"${{{{ matrix.{name} }}}}" for name in HELD}
    restored = [_restored(data, cache) for cache in data.caches]
    saved = [_saved(data, cache) for cache in data.caches]
    names = "-".join(_part(name) for name in ("version", "arch", "patchset", "profile"))
    return {
        "needs": "plan",
        "if": Noted(
            "needs.plan.outputs.due == 'true'", above="An empty matrix is an error to GitHub."
        ),
        "name": " ".join(
            f"${{{{ matrix.{name} }}}}" for name in ("version", "arch", "patchset", "profile")
        ),
        **_job(data, "verify"),
        "strategy": {
            "fail-fast": Noted(False, beside="one kernel says nothing about another"),
            "max-parallel": Noted(data.run.side_by_side, beside="the mirrors are others' machines"),
            "matrix": "${{ fromJSON(needs.plan.outputs.matrix) }}",
        },
        "env": {**told, "OUT": _OUT},
        "steps": [
            _checkout(data),
            *restored,
            _run(Script("Verify", _VERIFY.format(verify=plan.verify())), id="verify"),
            *saved,
            _uses(
                data.actions["upload"],
                "Keep the record, the logs and the consoles",
                condition="always()",
                # Two that differ in their profile alone are two: a name may be taken once.
                given={
                    "name": f"record-{names}",
                    "path": f"{_OUT}/\n{data.run.home}/{plan.CONSOLES}/\n",
                    "if-no-files-found": "error",
                    "retention-days": data.run.keep_days,
                },
            ),
            Noted(
                {
                    "name": "The kernel's verdict",
                    "if": "steps.verify.outputs.status == '1'",
                    "continue-on-error": True,
                    "run": _SAID,
                },
                above="A note of the run, not its failure: red is the infrastructure's alone.",
            ),
        ],
    }


def _publish(data: Data) -> dict[str, Value]:
    return {
        "needs": ["plan", "verify"],
        "if": Noted(
            "${{ !cancelled() && needs.plan.result == 'success' }}",
            above="Failed kernels are what the pages are for.",
        ),
        **_job(data, "publish"),
        "steps": [
            _checkout(data),
            _run(plan.install("gh", "ca-certificates")),
            _uses(data.actions["configure-pages"], "Ask where the pages stand", id="pages"),
            _run(plan.fetch(LEDGER), env=_TOKEN),
            _uses(
                data.actions["download"],
                "Fetch the new records",
                given={"pattern": "record-*", "path": "records"},
            ),
            _run(
                plan.publish("site", "BASE_URL", "records/**/ledger.sqlite"),
                env={"BASE_URL": "${{ steps.pages.outputs.base_url }}"},
            ),
            _run(plan.keep(LEDGER), env=_TOKEN),
            _uses(data.actions["upload-pages"], "Hand on the pages", given={"path": "site"}),
        ],
    }


def _deploy(data: Data) -> dict[str, Value]:
    return {
        "needs": "publish",
        "if": "${{ !cancelled() && needs.publish.result == 'success' }}",
        **_job(data, "deploy", on_host=True),
        "environment": {"name": "github-pages", "url": "${{ steps.deploy.outputs.page_url }}"},
        "steps": [_uses(data.actions["deploy-pages"], "Put the pages up", id="deploy")],
    }


def _stay(data: Data) -> dict[str, Value]:
    stay = _run(Script("Switch the schedule on", _STAY), env=_TOKEN)
    return {
        "if": Noted(
            "github.event_name == 'schedule'",
            above="GitHub switches the schedule of a repository off in which nothing was committed "
            "for 60 days. Switched on anew each night, it counts them from there.",
        ),
        **_job(data, "stay", on_host=True),
        "steps": [stay],
    }


def _checkout(data: Data) -> Value:
    return _uses(data.actions["checkout"], "Check out", given={"persist-credentials": False})


def _restored(data: Data, cache: Cache) -> Value:
    key = _cache_key(cache)
    given: dict[str, Value] = {"path": _paths(data, cache), "key": key}
    if cache.by_run:
        # Its own former run, then another kernel of its series, then any profile of it.
        given["restore-keys"] = "".join(
            f"{prefix}\n" for prefix in (_prefix(cache, 1), _prefix(cache), _prefix(cache, -1))
        )
    return _uses(data.actions["restore"], f"Restore {cache.name}", id=cache.name, given=given)


def _saved(data: Data, cache: Cache) -> Value:
    # What grows is saved whatever became of the kernel; what is written once only when it is whole.
    condition = "${{ !cancelled() }}"
    if not cache.by_run:
        condition = f"steps.{cache.name}.outputs.cache-hit != 'true'"
    return _uses(
        data.actions["save"],
        f"Save {cache.name}",
        condition=condition,
        given={"path": _paths(data, cache), "key": _cache_key(cache)},
    )


def _cache_key(cache: Cache) -> str:
    """One that is written once: a cache of GitHub's never changes."""
    if not cache.by_run:
        return _prefix(cache)[:-1]
    return f"{_prefix(cache, 1)}${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}"


def _prefix(cache: Cache, more: int = 0) -> str:
    """What the keys begin with: all parts, the version too with `more`, less the last one where it
    is negative."""
    parts = cache.key if more >= 0 else cache.key[:more]
    named = "".join(f"{_part(name)}-" for name in (*parts, *(("version",) if more > 0 else ())))
    return f"{cache.name}-{named}"


def _part(name: str) -> str:
    default = " || 'default'" if name == "profile" else ""
    return f"${{{{ matrix.{name}{default} }}}}"


def _paths(data: Data, cache: Cache) -> str:
    return "".join(f"{data.run.home}/{path}\n" for path in cache.paths)


def _run(
    script: Script, *, id: str = "", env: Mapping[str, Value] | None = None
) -> dict[str, Value]:
    step: dict[str, Value] = {"name": script.name}
    if id:
        step["id"] = id
    step["run"] = script.text if script.text.count("\n") > 1 else script.text.rstrip("\n")
    if env:
        step["env"] = dict(env)
    return step


def _uses(
    action: Action,
    name: str,
    *,
    id: str = "",
    condition: str = "",
    given: Mapping[str, Value] | None = None,
) -> dict[str, Value]:
    step: dict[str, Value] = {"name": name}
    if id:
        step["id"] = id
    if condition:
        step["if"] = condition
    step["uses"] = Noted(action.uses, beside=action.tag)
    if given:
        step["with"] = dict(given)
    return step
