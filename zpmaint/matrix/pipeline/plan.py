# SPDX-License-Identifier: GPL-2.0-only
"""The one plan of which each service's pipeline is a spelling: which jobs, and what each runs.

What is done stands in the programs of `zpmaint matrix job`, which any other service, or cron, calls
as well. A service adds when, on what, side by side, and what is carried from job to job.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zpmaint.matrix.pipeline.data import HELD

ZPMAINT = "ci/zpmaint"
"""The one program of a project that its pipeline calls: it installs zpmaint where that is missing,
and runs it. `zpmaint init --ci` writes it; zpmaint's own project has one that runs the checkout."""
_JOB = f"{ZPMAINT} matrix job"
KEPT = "kept"
"""The folder in which a job finds the ledgers of earlier runs."""
KEPT_LEDGERS = f"{KEPT}/*.sqlite"
CONSOLES = "state/consoles"
"""Below the home: what the guests of a job said."""


@dataclass(frozen=True)
class Script:
    """A step: what a shell of bash runs."""

    name: str
    text: str
    """Lines, with the last one's end."""


_PUBLISH = """\
shopt -s nullglob globstar
{job} publish {site} "${url}" {kept}/*.sqlite {records}
"""


def install(*packages: str) -> Script:
    """What the image lacks, and zpmaint does not install."""
    words = " ".join(packages)
    return Script(
        f"Install {' and '.join(packages)}",
        f"apt-get update -q && apt-get install -qy --no-install-recommends {words}\n",
    )


def fetch(ledger: str) -> Script:
    """The ledgers of earlier runs, by the service's script."""
    return Script("Fetch the ledger", f"{_JOB} {ledger} fetch {KEPT}\n")


def merge(*places: str) -> Script:
    """Take over the ledgers that there are at `places` (globs)."""
    return Script(
        "Merge what was found",
        "shopt -s nullglob\n"
        f"found=({' '.join(places)})\n"
        "if [ ${#found[@]} -gt 0 ]; then "
        f'{ZPMAINT} matrix merge "${{found[@]}}"; fi\n',
    )


def keep(ledger: str) -> Script:
    """The merged ledger for later runs, by the service's script."""
    merged = '"$ZPMAINT_HOME/state/ledger.sqlite"'
    return Script("Keep the ledger", f"{_JOB} {ledger} keep {merged} {KEPT}\n")


def verify() -> str:
    """The words that verify the kernel of a job's variables, into the folder $OUT."""
    return f'{_JOB} one "$VERSION" "$ARCH" "$PATCHSET" "$OUT" "$PROFILE"'


def due(most: int) -> str:
    """The words that print what is due, `most` kernels of it; $ALL may hold --all."""
    return f"{_JOB} plan --most {most} $ALL"


def child(dues: str, out: str) -> str:
    """The words that write GitLab's child pipeline of the file `dues`."""
    return f"{ZPMAINT} matrix ci gitlab --dues {dues} --out {out}"


def publish(site: str, url: str, records: str = "") -> Script:
    """Merge what was kept and the `records`, and write the pages; `url` is the variable that says
    where they will stand."""
    text = _PUBLISH.format(job=_JOB, site=site, url=url, kept=KEPT, records=records)
    return Script("Merge and write the pages", text.replace(" \n", "\n"))


def row(due: Mapping[str, str]) -> dict[str, str]:
    """The variables of one kernel's job, of a row of `matrix job plan`. Raises KeyError."""
    return {name: due[name] for name in HELD}
