# SPDX-License-Identifier: GPL-2.0-only
"""docs/reference-states.md: every word for how something ended or stands, and the exit statuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from zpmaint.app.branch_news import Standing as BranchStanding
from zpmaint.build.evidence import Compiled
from zpmaint.cell.values import Isolation
from zpmaint.cli.manual import docstrings
from zpmaint.cli.manual.exits import EXITS
from zpmaint.cli.manual.table import MADE, escaped, table
from zpmaint.core.checked import State as Checked
from zpmaint.core.kernel_names import Exactness
from zpmaint.core.result import Result
from zpmaint.judge.values import Mark
from zpmaint.matrix.again import Trouble
from zpmaint.matrix.steps import Step
from zpmaint.matrix.track import Novelty
from zpmaint.mutation.values import State as MutantState
from zpmaint.port.fate import Word
from zpmaint.port.placed import Placed
from zpmaint.port.proof import Proof
from zpmaint.port.values import Fate, State
from zpmaint.publish.rows import Standing as RowStanding
from zpmaint.service.schedule import Outcome as RunOutcome
from zpmaint.timeline.regressions import RegressionKind, TurnedBy
from zpmaint.timeline.values import EpisodeKind, FreshnessState, TransitionKind
from zpmaint.vm.values import Outcome

STATES: tuple[tuple[str, str, type[StrEnum]], ...] = (
    ("A verification", "`verify`, `matrix run`, `results`, the pages", Result),
    ("A port", "`port`, `sweep`, `history`", State),
    ("A hunk", "`port`, `explain`, the head of a written patch", Placed),
    ("A file of a port that was compiled", "`port --compile`", Proof),
    ("A patch of a series", "`port --series`, `port` of a set that is a series", Fate),
    ("A patch of a queue", "`fate`", Word),
    ("A part of the change, in the build", "`build`, `verify`", Compiled),
    ("A guest", "`boot`, `verify`, `test`", Outcome),
    ("A case", "`verify`, `test`, JUnit", Mark),
    ("A run of kernels", "the pages, `status.json`", EpisodeKind),
    ("How fresh a line is", "the pages, `status.json`", FreshnessState),
    ("News of a line", "feeds, `notify`, `[service]`", TransitionKind),
    ("A regression", "`regressions`", RegressionKind),
    ("What turned it", "`regressions`, `bisect`", TurnedBy),
    ("A kernel that is out", "`track`", Novelty),
    ("A branch that a set was made from", "`track`", BranchStanding),
    ("A row of the page", "the pages, `status.json`", RowStanding),
    ("A step", "`matrix run`", Step),
    ("Why something is tried again", "`matrix plan`", Trouble),
    ("A run of the service", "`serve`, its `/status`", RunOutcome),
    ("A mutant", "`mutate`", MutantState),
    ("A downloaded file", "`check`", Checked),
    ("The answer of uname", "`works`, `show`", Exactness),
    ("What confines a build", "`doctor`, records", Isolation),
)
"""What is in a state, where the words are met, and the words."""


def states_page() -> str:
    """The whole text."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from ("# Exit statuses and states", "", MADE, "", "## Exit statuses", "")
    yield from table(
        ("status", "means", "then"), [(f"`{one.status}`", one.means, one.then) for one in EXITS]
    )
    yield from ("", "A command that did several things ends with 1 where any of them says so, else")
    yield "with 2, else with 3: what was found about a kernel outweighs the rest."
    for title, met, states in STATES:
        yield from (
            "",
            f"## {title}",
            "",
            f"{escaped(_in_words(docstrings.about(states), states))} Met in: {met}.",
            "",
        )
        yield from table(
            ("word", ""),
            [
                (f"`{states[field.name].value}`", escaped(_in_words(field.about, states)))
                for field in docstrings.fields(states)
            ],
        )


def _in_words(text: str, states: type[StrEnum]) -> str:
    """`text` with the words of members in the place of their names."""
    return re.sub(
        r"\b[A-Z][A-Z_]+\b",
        lambda found: f"`{states[found[0]]}`" if found[0] in states.__members__ else found[0],
        text,
    )
