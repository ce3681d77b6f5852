# SPDX-License-Identifier: GPL-2.0-only
"""Toy histories: a mainline of commits, and a stable branch with backports of some."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sources_fixtures import git

Files = Mapping[str, str | None]


def commit(repo: Path, subject: str, files: Files) -> str:
    """Write the files (None: delete), commit them, and name the commit."""
    for path, text in files.items():
        place = repo / path
        if text is None:
            place.unlink()
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", subject)
    return git(repo, "rev-parse", "HEAD").strip()


def repository(place: Path) -> Path:
    """An empty one, with its branch called main."""
    place.mkdir(parents=True)
    git(place, "init", "-q", "-b", "main")
    return place


def numbered(count: int, **changed: str) -> str:
    """Lines "line 1" .., some of them put otherwise: l3="other"."""
    return "".join(f"{changed.get(f'l{n}', f'line {n}')}\n" for n in range(1, count + 1))


USER = "int user(void)\n{\n\treturn first() + second();\n}\n"
MOVED = "int mover(void)\n{\n\tint n = start();\n\n\tn += middle();\n\treturn n;\n}\n"
HELPERS = "int fresh_helper(void);\nint old_helper(void);\n"


def toy_pairs(top: Path) -> Path:
    """Histories below `top`, and beside them the list of their pairs: toy.csv.

    The pairs by the subject of the mainline commit: same (nothing drifted), offset, adapted (the
    maintainers changed another line), named (the target lacks a name), moved (what the patch
    changes is in another file of the target), more (the backport changes a file more)."""
    main, stable = repository(top / "toy/mainline"), repository(top / "toy/stable")
    base = {
        "same.c": numbered(30), "off.c": numbered(30), "adapted.c": numbered(30),
        "user.c": USER, "lib.h": HELPERS, "new_home.c": MOVED, "more.c": numbered(30),
    }  # fmt: skip
    old = base | {
        "off.c": "top\n" + numbered(30), "adapted.c": numbered(30, l3="drifted"),
        "lib.h": HELPERS.replace("int fresh_helper(void);\n", ""), "user.c": "top\n" + USER,
        "old_home.c": "int other(void)\n{\n\treturn 1;\n}\n\n" + MOVED,
        "more.c": "top\n" + numbered(30),
    }  # fmt: skip
    commit(main, "first", {"readme": "first\n"})
    commit(main, "Linux 2.6.30", base)
    commit(stable, "Linux 2.6.29", {p: t for p, t in old.items() if p != "new_home.c"})
    mine = {"l10": "mine"}
    calls = ("second()", "fresh_helper()")
    middle = ("middle()", "middle_of(n)")
    fixes: list[tuple[str, Files, Files]] = [
        ("same", {"same.c": numbered(30, **mine)}, {"same.c": numbered(30, **mine)}),
        ("offset", {"off.c": numbered(30, **mine)}, {"off.c": "top\n" + numbered(30, **mine)}),
        (
            "adapted",
            {"adapted.c": numbered(30, **mine)},
            {"adapted.c": numbered(30, l3="drifted", l10="ours")},
        ),
        (
            "named",
            {"user.c": USER.replace(*calls)},
            {"user.c": "top\n" + USER.replace("second()", "old_helper()")},
        ),
        (
            "moved",
            {"new_home.c": MOVED.replace(*middle)},
            {"old_home.c": str(old["old_home.c"]).replace(*middle)},
        ),
        (
            "more",
            {"more.c": numbered(30, **mine)},
            {"more.c": "top\n" + numbered(30, **mine), "extra.c": "extra\n"},
        ),
    ]
    rows = ["set,mainline_repository,mainline_commit,stable_repository,stable_commit"]
    for number, (subject, ours, theirs) in enumerate(fixes):
        first = commit(main, subject, ours)
        second = commit(stable, f"{subject}: backport", theirs)
        line = "2.6.29" if number % 2 else "2.6.28"
        rows.append(f"{line},toy/mainline,{first},toy/stable,{second}")
    place = top / "toy.csv"
    place.write_text("\n".join(rows) + "\n")
    return place
