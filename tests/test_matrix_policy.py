# SPDX-License-Identifier: GPL-2.0-only
"""What the rules of kernels.toml come to: tables of what is out, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_fixtures import SET

from zpmaint.core.config import Config, PolicyKernel, load_config
from zpmaint.core.errors import InfraError, UserError, ZpmaintError
from zpmaint.core.releases import UNSEEN, Outlook, Release
from zpmaint.core.versions import KernelVersion
from zpmaint.matrix.outlook import listed
from zpmaint.matrix.plan import plan
from zpmaint.matrix.policy import Expansion, expanded
from zpmaint.matrix.track import Listing

V = KernelVersion.parse


def ruled(*rules: dict[str, Any], kernels: tuple[dict[str, Any], ...] = ()) -> Config:
    return Config.model_validate(
        {
            "patch": SET,
            "sources": {"org": {"kind": "kernel.org"}, "git": {"kind": "git", "where": "/x"}},
            "kernel": [{"sources": ["org"], **line} for line in kernels],
            "track": [{"sources": ["org", "git"], **rule} for rule in rules],
        }
    )


def head(version: str, moniker: str, *, eol: bool = False) -> Listing:
    is_served = V(version).is_release
    return Listing("kernel.org", V(version), moniker, eol, is_served=is_served)


def tags(*versions: str) -> list[Listing]:
    return [Listing("git:/x", V(version)) for version in versions]


HEADS = [
    head("7.3-rc7", "mainline"), head("7.2.8", "stable"), head("7.1.20", "stable", eol=True),
    head("6.12.107", "longterm"), head("6.6.140", "longterm"), head("next-20261126", "linux-next"),
]  # fmt: skip
TAGS = tags(
    "2.6.20", "6.6", "6.7", "6.12-rc3", "6.12", "6.12.106", "6.12.107", "6.12.107-rc2",
    "6.12.108-rc1", "6.12.108-rc2", "6.12.106-rt33", "6.12.107-rt34", "7.2-rc5", "7.2", "7.2.8",
    "7.3-rc6", "7.3-rc7", "7.3-rc7-rt1", "next-20261125", "next-20261126",
)  # fmt: skip


def come_to(config: Config, *looks: list[Listing]) -> Expansion:
    """What the rules come to after the sources were looked at once or several times."""
    seen = UNSEEN
    for number, listings in enumerate(looks, 1):
        seen = listed(seen, listings, expanded(config, seen.releases).config, 1000.0 * number)
    return expanded(config, seen.releases)


def lines(expansion: Expansion) -> list[str]:
    return [
        line.version if line.points == "newest" else f"{line.version} {line.points}"
        for line in expansion.config.kernel
        if isinstance(line, PolicyKernel)
    ]


@pytest.mark.parametrize(
    ("rule", "want"),
    [
        ({"longterm": "newest"}, ["6.12.*", "6.6.*"]),
        ({"stable": "newest"}, ["7.2.*"]),
        ({"stable": "all", "longterm": 3}, ["7.2.* all", "6.12.* 3", "6.6.* 3"]),
        ({"mainline_since": "6.7"}, ["7.2", "6.12", "6.7"]),
        ({"mainline_since": "2.6.20"}, ["7.2", "6.12", "6.7", "6.6", "2.6.20"]),
        ({"mainline_since": "7.3"}, []),
        ({"mainline_candidates": "newest"}, ["7.3-rc7"]),
        ({"mainline_candidates": "all"}, ["7.3-rc7", "7.3-rc6"]),
        ({"stable_candidates": "newest"}, ["6.12.108-rc2"]),
        ({"stable_candidates": 2}, ["6.12.108-rc2", "6.12.108-rc1"]),
        ({"rt": "newest"}, ["6.12.107-rt34"]),
        ({"rt": "all"}, ["6.12.107-rt34", "6.12.106-rt33"]),
        ({"next": "newest"}, ["next-20261126"]),
        ({"next": 2}, ["next-20261126", "next-20261125"]),
    ],
    ids=str,
)
def test_each_kind_comes_to(rule: dict[str, Any], want: list[str]) -> None:
    made = come_to(ruled(rule), [*HEADS, *TAGS])
    assert lines(made) == want and made.missing == ()


def test_a_release_takes_the_place_of_its_candidates() -> None:
    rule = {"mainline_candidates": "newest", "stable_candidates": "newest", "stable": "newest"}
    out = [*HEADS, *TAGS]
    later = [
        head("7.3", "mainline"), head("7.2.8", "stable"), head("6.12.108", "longterm"),
        *tags("7.3-rc7", "7.3", "6.12.108-rc2", "6.12.108"),
    ]  # fmt: skip
    assert lines(come_to(ruled(rule), out)) == ["7.2.*", "7.3-rc7", "6.12.108-rc2"]
    assert lines(come_to(ruled(rule), out, later)) == ["7.2.*"]
    newer = [head("7.4-rc1", "mainline"), head("7.3.1", "stable"), *tags("7.3.1", "7.4-rc1")]
    assert lines(come_to(ruled(rule), out, later, newer)) == ["7.3.*", "7.4-rc1"]


def test_a_series_that_ended_is_no_longer_due() -> None:
    config = ruled({"longterm": "newest", "mainline_since": "6.6"})
    extras = [Listing("kernel.org", V(v), is_head=False) for v in ("6.6", "6.12", "6.6.140")]
    assert lines(come_to(config, [*HEADS, *extras]))[-2:] == ["6.12.*", "6.6.*"]
    said = [head("6.12.107", "longterm"), head("6.6.140", "longterm", eol=True)]
    assert lines(come_to(config, HEADS, said))[-1] == "6.12.*"
    dropped = [head("6.12.107", "longterm"), *extras]
    after = come_to(config, HEADS, dropped)
    assert "6.6.*" not in lines(after), "what a source has of old says nothing of what goes on"
    assert "6.6" in lines(after), "a mainline release stays"


def test_clocks_that_jump_say_nothing_of_which_head_is_newest() -> None:
    config = ruled({"longterm": "newest"})
    ahead = listed(UNSEEN, HEADS, config, 1e9)  # and then the clock is right again
    now = [head("6.12.108", "longterm", eol=True), head("6.6.140", "longterm")]
    assert lines(expanded(config, listed(ahead, now, config, 1000.0).releases)) == ["6.6.*"]


def test_a_list_that_could_be_read_in_part_ends_no_series() -> None:
    config = ruled({"longterm": "newest"})
    seen = listed(UNSEEN, HEADS, config, 1000.0)
    less = [head("6.6.140", "longterm")]
    partly = listed(seen, less, config, 2000.0, partly=["kernel.org"])
    assert lines(expanded(config, partly.releases)) == ["6.12.*", "6.6.*"]
    whole = listed(seen, less, config, 2000.0)
    assert lines(expanded(config, whole.releases)) == ["6.6.*"]


def test_what_nobody_looked_for_is_kept_to() -> None:
    """A source that does not answer has no listing: what was known goes on."""
    config = ruled({"longterm": "newest", "next": "newest"})
    assert lines(come_to(config, HEADS + TAGS, [])) == ["6.12.*", "6.6.*", "next-20261126"]
    assert lines(come_to(config, HEADS + TAGS, tags("6.12.107"))) == [
        "6.12.*", "6.6.*", "next-20261126",
    ]  # fmt: skip


def test_what_is_told_of_and_nobody_has_is_missing() -> None:
    rule = {"mainline_candidates": "newest", "next": "newest", "longterm": "newest"}
    made = come_to(ruled(rule), HEADS)
    assert lines(made) == ["6.12.*", "6.6.*"]
    assert [one.what for one in made.missing] == [
        "track[1].mainline_candidates", "track[1].next",
    ]  # fmt: skip
    assert all("git source" in one.error.hint for one in made.missing)
    behind = come_to(ruled({"mainline_candidates": "newest"}), [*HEADS, *tags("7.3-rc6")])
    assert lines(behind) == ["7.3-rc6"], "the newest that is to be had"
    assert "7.3-rc7" in behind.missing[0].error.what


def test_who_knows_no_moniker_says_so() -> None:
    made = come_to(ruled({"rt": "all", "longterm": "newest"}), TAGS)
    assert lines(made) == []
    [missing] = made.missing
    assert missing.what == "track[1].longterm" and "kernel.org" in missing.error.hint
    assert isinstance(missing.error, InfraError)


def test_named_lines_and_earlier_rules_come_first() -> None:
    config = ruled(
        {"longterm": "newest", "note": "one"},
        {"longterm": "all", "mainline_since": "7.2", "note": "two", "arch": ["i386"]},
        {"longterm": "newest", "profile": "kasan"},
        kernels=({"version": "6.12.*"}, {"version": "7.2", "note": "mine"}),
    )
    made = come_to(config, [*HEADS, *TAGS]).config
    assert [(line.version, line.note, line.profile) for line in made.kernel] == [
        ("6.12.*", "", ""), ("7.2", "mine", ""),
        ("6.6.*", "one", ""), ("6.12.*", "", "kasan"), ("6.6.*", "", "kasan"),
    ]  # fmt: skip
    again = expanded(made, [])
    assert again.config.kernel == config.kernel, "what an expansion added goes with the next"


def test_odd_names_that_are_remembered_are_passed_over() -> None:
    odd = [Release(name, "x", "longterm", seen=1.0) for name in ("garbage", "7.2-rc3-dontuse", "")]
    assert lines(expanded(ruled({"longterm": "newest"}), odd)) == []


_versions = st.builds(
    lambda a, b, c, tail: V(f"{a}.{b}" + (f".{c}" if c else "") + tail),
    st.integers(5, 7), st.integers(0, 3), st.integers(0, 4),
    st.sampled_from(["", "-rc1", "-rc2", "-rt3"]),
)  # fmt: skip
_listings = st.builds(
    Listing,
    st.sampled_from(["kernel.org", "git:/x"]), _versions,
    st.sampled_from(["", "stable", "longterm", "mainline"]), st.booleans(),
    is_served=st.booleans(),
)  # fmt: skip
_RULE = {"longterm": "newest", "stable": 2, "mainline_since": "5.1", "mainline_candidates": "all",
         "stable_candidates": "newest", "rt": "newest", "next": "newest"}  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(_listings, max_size=12), min_size=1, max_size=3))
def test_whatever_was_seen(looks: list[list[Listing]]) -> None:
    """Each kernel once; of what is no series, only what a source has; candidates of nothing that
    is released."""
    made = come_to(ruled(_RULE), *looks)
    found = [line.version for line in made.config.kernel]
    assert len(set(found)) == len(found)
    had = {one.version for look in looks for one in look if one.is_served}
    released = {one.version for one in looks[-1] if one.version.is_release}
    for name in found:
        if not name.endswith(".*"):
            assert V(name) in had or V(name).is_release
            if V(name).rc is not None and V(name).rt is None:
                assert not any(one.numbers == V(name).numbers for one in released)
    assert come_to(ruled(_RULE), *looks).config == made.config


GOOD = 'patch = "mine"\n[sources.org]\nkind = "kernel.org"\n[[track]]\nsources = ["org"]\n'


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("", ["track[1]", "tracks nothing", "mainline_since", "longterm"]),
        ("longterm = 0", ["track[1].longterm", "0 is no amount", "newest"]),
        ("longterm = true", ["track[1].longterm", "True is no amount"]),
        ('stable = "some"', ["track[1].stable", "'some'", '"all"']),
        ("rt = 1.5", ["track[1].rt", "1.5"]),
        ('mainline_since = "6.6.1"', ["track[1].mainline_since", "'6.6.1'", "6.6 or 2.6.20"]),
        ('mainline_since = "6.6-rc1"', ["track[1].mainline_since", "no mainline release"]),
        ('mainline_since = "six"', ["track[1].mainline_since", "'six'"]),
        ('mainline-since = "6.6"', ["track[1].mainline-since", "unknown key"]),
        ('longterm = "newest"\nsources = ["nosuch"]', ["track[1].sources", "'nosuch'", "org"]),
        ('longterm = "newest"\narch = ["m68k"]', ["track[1].arch[1]", "i386"]),
        ('longterm = "newest"\npatches = ["none"]', ["track.patches", "'none'"]),
        ('longterm = "newest"\n[[kernel]]\nversion = "6.6"\nsources = ["org"]\npoints = 2',
         ["kernel[1]", "points", "6.6 is one kernel"]),
    ],
)  # fmt: skip
def test_faults_of_a_rule_name_their_key(tmp_path: Path, rule: str, says: list[str]) -> None:
    (tmp_path / "patches/mine").mkdir(parents=True)
    (tmp_path / "patches/mine/patch.toml").touch()
    path = tmp_path / "kernels.toml"
    base = GOOD.replace('sources = ["org"]\n', "") if 'sources = ["nosuch' in rule else GOOD
    path.write_text(base + rule + "\n")
    with pytest.raises(UserError) as caught:
        load_config(path)
    for word in (str(path), *says):
        assert word in str(caught.value)


class Nothing:
    """A ledger that knows nothing."""

    def tries(self, key: str) -> list[Any]:
        return []

    def known_summary(self, key: str) -> None: ...

    def latest_summary(self, *name: Any) -> None: ...


def test_all_point_releases_are_due() -> None:
    config = ruled({"longterm": "all"}, {"stable": 2}, kernels=({"version": "6.6.*", "points": 2},))
    asked = come_to(config, [*HEADS, *TAGS])
    points = {"6.12": 3, "6.6": 5, "7.2": 4}

    def releases(series: str, sources: tuple[str, ...]) -> list[KernelVersion]:
        return [V(f"{series}.{point}") for point in range(points[series], 0, -1)]

    def newest(series: str, sources: tuple[str, ...]) -> KernelVersion:
        raise AssertionError("nobody asks for one")

    made = plan(
        asked.config, newest, Nothing(), lambda due: {}, str, releases=releases,
        missing=asked.missing,
    )  # fmt: skip
    assert [str(due.version) for due in made.dues] == [
        "7.2.4", "7.2.3", "6.12.3", "6.12.2", "6.12.1", "6.6.5", "6.6.4",
    ]  # fmt: skip


def test_what_is_missing_is_unresolved_and_the_rest_planned() -> None:
    asked = come_to(ruled({"next": "newest", "longterm": "newest"}), HEADS)
    errors: list[ZpmaintError] = [one.error for one in asked.missing]
    made = plan(
        asked.config, lambda series, sources: V(f"{series}.1"), Nothing(), lambda due: {}, str,
        missing=asked.missing,
    )  # fmt: skip
    assert [str(due.version) for due in made.dues] == ["6.12.1", "6.6.1"]
    assert [one.series for one in made.unresolved] == ["track[1].next"]
    assert [one.error for one in made.unresolved] == errors


def test_end_of_life_moniker_and_day_are_kept() -> None:
    config = ruled({"longterm": "newest"})
    day = Listing("kernel.org", V("6.12.107"), "longterm", released=7.0)
    seen: Outlook = listed(UNSEEN, [day], config, 1000.0)
    seen = listed(seen, [Listing("git:/x", V("6.12.107"))], config, 2000.0)
    [kept] = seen.releases
    assert (kept.moniker, kept.released, kept.eol, kept.first_seen) == (
        "longterm", 7.0, False, 1000.0,
    )  # fmt: skip
