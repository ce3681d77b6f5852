# SPDX-License-Identifier: GPL-2.0-only
"""A conflict's working folder as a git work tree with the conflict staged, as after a merge.

Stage 1 is the anchor's kernel, stage 2 ("ours", HEAD) the kernel that is ported to, stage 3
("theirs") the patch: `git mergetool`, `git diff` and editors that know git work in `merged/`. What
`git rerere` learns there is kept for all kernels of the project.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from zpmaint.app.resolve import BASE, MERGED, OURS, THEIRS, WorkingFolder
from zpmaint.core.errors import InfraError
from zpmaint.core.files import write_whole
from zpmaint.sources.git_run import GitError, Runner, on_view

_GIT = "git"
_RR_CACHE = "rr-cache"
_CONFIG = """\
[core]
	repositoryformatversion = 0
	bare = false
	worktree = ../merged
	autocrlf = false
[merge]
	conflictStyle = diff3
[rerere]
	enabled = true
[gc]
	auto = 0
"""
_STAGES = ((1, BASE), (2, THEIRS), (3, OURS))


def is_staged(work: WorkingFolder) -> bool:
    """Whether the folder is a work tree already."""
    return (work.folder / MERGED / ".git").is_file()


def stage(work: WorkingFolder) -> Path:
    """Make a work tree of what `lay_out` has laid out, and give it. Files that were edited since
    stay as they are. Raises InfraError."""
    tree = work.folder / MERGED
    if is_staged(work):
        return tree
    own = work.folder / _GIT
    for part in ("objects", "refs/heads"):
        (own / part).mkdir(parents=True, exist_ok=True)
    memory = work.folder.parent / _RR_CACHE
    memory.mkdir(exist_ok=True)
    link = own / _RR_CACHE
    if not link.is_symlink():
        link.symlink_to(memory.resolve())
    write_whole(own / "config", _CONFIG)
    write_whole(own / "HEAD", "ref: refs/heads/kernel\n")
    git = _runner(work)
    files = [str(path.relative_to(tree)) for path in work.files()]
    still = {str(path.relative_to(tree)) for path in work.open_conflicts()}
    try:
        (own / "index").unlink(missing_ok=True)
        _index(git, [_entry(git, work.folder / THEIRS / name, name, 0) for name in files])
        words = ("commit-tree", git.text("write-tree"), "-m", f"{work.job.version} as it is")
        git.run("update-ref", "refs/heads/kernel", git.text(*words))
        rows = []
        for name in files:
            if name not in still:
                rows.append(_entry(git, tree / name, name, 0))
                continue
            rows.append(f"0 {'0' * 40}\t{name}")
            for number, folder in _STAGES:
                if (place := work.folder / folder / name).is_file():
                    rows.append(_entry(git, place, name, number))
        _index(git, rows)
        # The pointer makes it a work tree: it comes last.
        write_whole(tree / ".git", f"gitdir: ../{_GIT}\n")
        git.run("rerere")
    except GitError as error:
        raise InfraError(f"{tree}: git cannot stage the conflict: {error.said}") from None
    return tree


def learn(work: WorkingFolder) -> None:
    """Have `git rerere` record what the person made of the conflict. Raises InfraError."""
    if is_staged(work) and not work.open_conflicts():
        try:
            _runner(work).run("rerere")
        except GitError as error:
            raise InfraError(f"{work.folder / MERGED}: git rerere: {error.said}") from None


def _entry(git: Runner, place: Path, name: str, number: int) -> str:
    blob = git.run("hash-object", "-w", "--no-filters", "--stdin", stdin=place.read_bytes())
    return f"100644 {blob.decode().strip()} {number}\t{name}"


def _index(git: Runner, rows: list[str]) -> None:
    text = "".join(f"{row}\n" for row in rows).encode("utf-8", "surrogateescape")
    git.run("update-index", "--index-info", stdin=text)


def _runner(work: WorkingFolder) -> Runner:
    """git in the working folder, which is ours but for the pointer and configuration that a person
    may have changed: so it runs in a cell, without hooks."""
    runner = on_view(work.folder / _GIT, ())
    environment = {
        **runner.environment,
        "GIT_WORK_TREE": str(work.folder / MERGED),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": "/dev/null",
        **{f"GIT_{who}_NAME": "zpmaint" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "zpmaint@zpmaint.invalid" for who in ("AUTHOR", "COMMITTER")},
    }
    assert runner.cell is not None
    writable = (work.folder, work.folder.parent / _RR_CACHE)
    cwd = work.folder / MERGED
    cell = replace(runner.cell, readable=(), writable=writable, environment=environment, cwd=cwd)
    return Runner(environment, cell)
