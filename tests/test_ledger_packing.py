# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zpmaint.ledger.packing import packed, unpacked

TEXTS = st.one_of(
    st.binary(max_size=200),
    st.integers(0, 70_000).map(lambda n: random.Random(n).randbytes(n)),
    st.integers(0, 3_000).map(lambda n: b"".join(b'{"case":%d}' % i for i in range(n))),
)


@given(TEXTS, TEXTS)
def test_what_is_packed_is_unpacked(text: bytes, base: bytes) -> None:
    assert unpacked(packed(text, base), base) == text


def test_a_text_that_resembles_another_takes_little_room_wherever_they_agree() -> None:
    base = random.Random(1).randbytes(100_000)
    text = base[:40_000] + b"something else" + base[40_000:]
    assert len(packed(text, base)) < 2_000


@pytest.mark.parametrize(
    "body",
    [
        packed(b"text" * 9_000)[:-1],
        packed(b"text") + b"\0",
        b"\xff" * 20,
        zlib.compress(b"0" * 1_000_000)[2:-4],  # a piece that is no piece
    ],
)
def test_a_damaged_body_is_told(body: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        unpacked(body)
