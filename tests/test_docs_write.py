# SPDX-License-Identifier: GPL-2.0-only
"""The pages "write your own", each done from its text alone in a copy of the sources."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from guest_fixtures import needs_linux
from page_steps import Step, steps, walk

ROOT = Path(__file__).parent.parent
PAGES = ("write-strategy", "write-source", "write-case", "write-fixup", "write-suite")
_TESTS = ".venv/bin/pytest "
_AS_BEFORE = ("port_strategies", "sources_chain", "suites_registry")
"""Named by pages beside their own tests; run in the checkout as it is, they cost seconds here."""
_LEFT_OUT = tuple(f"test_{name}.py" for name in _AS_BEFORE)

_ACROSS = """
from pathlib import Path
from guest_fixtures import ran
from zpmaint.suites.cases import read_cases, select
from zpmaint.suites.fault_path import suite
from zpmaint.suites.guest.compile import Program, compiled

def test_read_across_runs(tmp_path):
    table = (Path(suite.__file__).parent / "cases.toml").read_text()
    case = select(read_cases(table), "read.across")
    source = suite.SOURCES / "cases_across.c"
    program = compiled(Program("across", case, (source,)), "x86_64", cache=tmp_path)
    assert "ok 1 read.across" in ran(program, "--run", "zp.bench=0")
"""
"""In the place of `zpmaint test`, which boots a real kernel with it."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A checkout in which all the pages were followed, and the tests that they have one run."""
    top = tmp_path_factory.mktemp("checkout")
    for folder in ("zpmaint", "tests", "patches"):
        shutil.copytree(ROOT / folder, top / folder)
    for file in ("pyproject.toml", "kernels.toml"):
        shutil.copy2(ROOT / file, top / file)
    tests: list[str] = []

    def typed(step: Step) -> None:
        if step.text.startswith(_TESTS):
            files = step.text.removeprefix(_TESTS).split()
            assert all((top / file).is_file() for file in files)
            tests.extend(file for file in files if not file.endswith(_LEFT_OUT))
        else:  # on a real kernel: what it would run there is run here as a process
            assert step.text.startswith("ci/zpmaint test 6.12.y ")

    for page in PAGES:
        walk(page, lambda: top, typed)
    (top / "tests/test_read_across.py").write_text(_ACROSS)
    tests.append("tests/test_read_across.py")
    return top, tests


@needs_linux
def test_what_the_pages_have_one_write_does_what_they_say(copy: tuple[Path, list[str]]) -> None:
    top, tests = copy
    assert {Path(name).stem for name in tests} >= {
        "test_port_included", "test_sources_folder", "test_guest_cases", "test_build_fixups",
        "test_suites_proc",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly",
         "-m", "not mirror", *dict.fromkeys(tests)],
        cwd=top, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_pages_have_one_write_is_as_the_linter_wants_it(
    copy: tuple[Path, list[str]],
) -> None:
    files = [step.file for page in PAGES for step in steps(page) if step.file.endswith(".py")]
    for words in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache", *files],
            cwd=copy[0], capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
