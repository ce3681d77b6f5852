# SPDX-License-Identifier: GPL-2.0-only
"""Who uses what of the cache: marks that end with their holder, and keep who frees it out."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from zpmaint.core.in_use import alone, is_used, last_used, mark, scope


def free(path: Path) -> bool:
    with alone(path) as is_alone:
        return is_alone


def test_a_mark_ends_with_its_scope(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    assert not is_used(tree) and last_used(tree) is None and not list(tmp_path.iterdir())
    with scope():
        mark(tree)
        mark(tree)
        assert is_used(tree) and not free(tree)
        with scope():
            mark(tree)
        assert is_used(tree), "the inner scope had not marked it first"
    assert not is_used(tree) and free(tree)
    assert last_used(tree) is not None


def test_what_another_thread_marked_stays(tmp_path: Path) -> None:
    with scope():
        other = threading.Thread(target=mark, args=(tmp_path / "tree",))
        other.start()
        other.join()
    assert is_used(tmp_path / "tree")


def test_another_process_holds_it_as_long_as_it_lives(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from zpmaint.core.in_use import mark\n" \
        "mark(Path(sys.argv[1])); print('marked', flush=True); sys.stdin.read()"  # fmt: skip
    top = Path(__file__).parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "tree")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(top)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"marked\n"
        assert is_used(tmp_path / "tree") and not free(tmp_path / "tree")
        process.kill()
        process.wait()
    assert not is_used(tmp_path / "tree") and free(tmp_path / "tree")


def test_who_frees_is_waited_for(tmp_path: Path) -> None:
    tree, seen = tmp_path / "tree", []
    tree.mkdir()

    def use() -> None:
        mark(tree)
        seen.append(tree.is_dir())

    with alone(tree) as is_alone:
        assert is_alone
        user = threading.Thread(target=use)
        user.start()
        tree.rmdir()
    user.join()
    assert seen == [False], "it sees it gone, never half"
