# SPDX-License-Identifier: GPL-2.0-only
"""Every source file says its licence; what adds the line leaves the rest as it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINE = "SPDX-License-Identifier: GPL-2.0-only"


def spdx(*words: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, ROOT / "ci/spdx", *words], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_every_source_file_of_the_project_says_its_licence() -> None:
    assert spdx() == (0, []), "ci/spdx --add adds the line"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("zpmaint/a.py", '"""Doc."""\n', f'# {LINE}\n"""Doc."""\n'),
        ("zpmaint/__init__.py", "", f"# {LINE}\n"),
        ("zpmaint/c/a.c", "#define X\n", f"// {LINE}\n#define X\n"),
        ("zpmaint/c/a.h", "#ifndef X\n", f"/* {LINE} */\n#ifndef X\n"),
        ("zpmaint/a.config", "# why\nCONFIG_X=y\n", f"# {LINE}\n# why\nCONFIG_X=y\n"),
        ("zpmaint/a.sql", "-- one\n", f"-- {LINE}\n-- one\n"),
        ("zpmaint/a.xml.j2", "<?xml?>\n", f"{{# {LINE} #}}\n<?xml?>\n"),
        ("patches/x/patch.toml", "a = 1\n", f"# {LINE}\na = 1\n"),
        ("ci/run", "#!/bin/sh\nset -e\n", f"#!/bin/sh\n# {LINE}\nset -e\n"),
    ],
)
def test_adding(tmp_path: Path, name: str, before: str, after: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(before)
    top = f"--top={tmp_path}"
    assert spdx(top) == (1, [name])
    assert path.read_text() == before, "a check changes nothing"
    assert spdx(top, "--add") == (0, [name])
    assert path.read_text() == after
    assert spdx(top) == (0, []) and spdx(top, "--add") == (0, [])
    assert path.read_text() == after


@pytest.mark.parametrize(
    "name", ["patches/x/v1.patch", "tests/faults/x/patch.toml", "ci/README.md", "docs/a.py"]
)
def test_left_alone(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text("x\n")
    assert spdx(f"--top={tmp_path}", "--add") == (0, [])
    assert path.read_text() == "x\n"
