# SPDX-License-Identifier: GPL-2.0-only
"""What others make of a written patch, and of one that was made the wrong way round."""

from __future__ import annotations

from pathlib import Path

import pytest
from series_fixtures import call, git_am, lay, ported, program, quilt_folder, write
from test_forms import BODY, GIT, NEW, OLD, TREE, P, diff, mail

from zpmaint.diffs.others import misread, quoted

RYE = "--- a/lib/rye.h\n+++ b/lib/rye.h\n@@ -1 +1 @@\n-int rye;\n+int spoilt;\n"
EXAMPLES = {
    "blanks": "".join(f"    {line}\n" for line in RYE.split("\n")),
    "a tab": "".join(f"\t{line}\n" for line in RYE.split("\n")),
    "X": "".join(f"X{line}\n" for line in RYE.split("\n")),
    "an index line": "  Index: lib/rye.h\n  @@ -1 +1 @@\n  -int rye;\n  +int spoilt;\n",
    "a rename": "  diff --git a/lib/rye.h b/lib/r.h\n  rename from lib/rye.h\n"
    "  rename to lib/r.h\n",
}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_example_in_a_message_changes_nothing(kind: str, tmp_path: Path) -> None:
    program("patch")
    text = mail(GIT).replace("Husks count, too.", f"As in:\n\n{EXAMPLES[kind]}\nHusks.")
    folder = quilt_folder(tmp_path / "in", {"1.patch": text})
    ports = ported(folder, TREE, TREE)
    assert [port.goes_in for port in ports] == [True]
    assert any("quoted" in note for note in ports[0].notes)
    out = write(tmp_path / "out", folder, ports)
    lay(tmp_path / "tree", TREE)
    call("patch", "-p1", "-F0", "-s", "-f", "-i", out / "1.patch", cwd=tmp_path / "tree")
    assert (tmp_path / "tree/lib/rye.h").read_bytes() == TREE["lib/rye.h"]
    assert (tmp_path / "tree" / P).read_bytes() == NEW.encode()
    assert (git_am(out, TREE, tmp_path / "am").folder / P).read_bytes() == NEW.encode()


def test_only_what_acts_is_quoted() -> None:
    text = "From 0 Mon Sep 17 00:00:00 2001\nwords\n--- no\n+ a\n@@ here\n 5c of them\n"
    assert quoted(text, is_first=True) == (text, 0)
    assert quoted(text, is_first=False)[0].startswith(">From 0")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (GIT, ""),
        (EXAMPLES["blanks"] + GIT, "another diff"),
        (GIT + GIT, "not those"),
        (GIT + "diff --cc x\n", "combined"),
        (diff().replace("+7,8", "+7,9"), "ends early"),
    ],
)
def test_what_is_read_otherwise_is_told(text: str, why: str) -> None:
    assert why in misread(text, [GIT], "x", 1)
    assert bool(why) == bool(misread(text, [GIT], "x", 1))


def turned(head: str) -> str:
    swapped = BODY.replace("\n-", "\n~").replace("\n+", "\n-").replace("\n~", "\n+")
    return head + swapped.replace("-7,7 +7,8", "-7,8 +7,7")


HEADS = {
    "b before a": f"diff --git b/{P} a/{P}\n--- b/{P}\n+++ a/{P}\n",
    "the copy is new": f"--- linux/{P}\n+++ linux.orig/{P}\n",
    "nothing says so": f"--- a/{P}\n+++ b/{P}\n",
}


@pytest.mark.parametrize("head", HEADS)
def test_a_patch_made_the_wrong_way_round(head: str, tmp_path: Path) -> None:
    folder = quilt_folder(tmp_path, {"1.patch": turned(HEADS[head])})
    [port] = ported(folder, TREE, TREE)
    assert port.fate == "reversed" and "reversed" in port.why
    assert not port.goes_in
    # Upstream has moved on elsewhere: what the names do not say is only asked.
    target = {**TREE, P: b"// x\n" + OLD.encode()}
    [port] = ported(folder, TREE, target)
    assert "reversed" in port.why
    assert port.fate == ("upstream" if head == "nothing says so" else "reversed")


def test_what_upstream_has_is_not_called_reversed(tmp_path: Path) -> None:
    folder = quilt_folder(tmp_path, {"1.patch": diff()})
    [port] = ported(folder, TREE, {**TREE, P: NEW.encode()})
    assert port.fate == "upstream" and "reversed" not in port.why
