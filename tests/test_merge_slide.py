# SPDX-License-Identifier: GPL-2.0-only
"""Changes that read the same one line further do not conflict with what they only happen to
touch."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zpmaint.merge import diff3, slide


def merged(base: str, ours: str, theirs: str) -> str | None:
    """Three texts whose lines are letters; '_' is an empty line."""
    chunks = diff3.slid(list(base), list(ours), list(theirs))
    return "".join(diff3.result(chunks)) if diff3.is_clean(chunks) else None


APART = {
    # base, ours, theirs, merged
    "an addition behind an empty line": ("ab_c", "a_c", "ab_X_c", "a_X_c"),
    "an addition ahead of one": ("a_bc", "a_c", "a_X_bc", "a_X_c"),
    "lines that go between like ones": ("a}b}c", "A}b}c", "a}c", "A}c"),
}


@pytest.mark.parametrize("case", APART)
def test_what_may_stand_a_line_further_does(case: str) -> None:
    base, ours, theirs, wanted = APART[case]
    assert merged(base, ours, theirs) == wanted


STUCK = {
    "both add there": ("ab", "aXb", "aYb"),
    "what it is added behind is gone from the target": ("ab_c", "abXb_c", "a_c"),
    "nothing like it stands beside it": ("abc", "ac", "abXc"),
    "what replaces a line stays": ("ab_c", "a_c", "aB_c"),
    "the line beside it is the other side's, too": ("ab_c", "ac", "ab_X_c"),
}


@pytest.mark.parametrize("case", STUCK)
def test_what_has_one_place_stays_there(case: str) -> None:
    assert merged(*STUCK[case]) is None


TEXTS = st.text(alphabet="ab_}", max_size=8)


@settings(max_examples=60)
@given(TEXTS, TEXTS, TEXTS)
def test_a_slid_edit_makes_the_same_text(base: str, ours: str, theirs: str) -> None:
    mine, yours = diff3.edits(list(base), list(ours)), diff3.edits(list(base), list(theirs))
    now = slide.apart(list(base), mine, yours)
    text = "".join(diff3.spliced(list(base), now))
    assert text == theirs
    assert all(one[1] < other[0] for one, other in pairwise(now))
