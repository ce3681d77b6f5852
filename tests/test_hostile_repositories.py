# SPDX-License-Identifier: GPL-2.0-only
"""Repositories that mean harm: whatever in one of them has git run a command is planted, each key
with a command that leaves a witness; every way into a repository is walked, and none appears."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from history_fixtures import PATH, Past, make_past, make_project
from sources_fixtures import Notes, V, add_kernel, git, kernel_repo
from test_cli import ROOT, zpmaint

from zpmaint.cell import means as cells
from zpmaint.core.errors import InfraError, UserError
from zpmaint.evaluate.histories import History
from zpmaint.sources import git_objects, git_view
from zpmaint.sources.git import GitSource
from zpmaint.sources.git_objects import Objects, UnreadableError
from zpmaint.sources.git_run import GitError, of_ours
from zpmaint.sources.source import SourceFailedError

CONFIG = """
[core]
	fsmonitor = {w}-fsmonitor
	sshCommand = {w}-ssh
	gitProxy = {w}-proxy
	pager = {w}-pager
	editor = {w}-editor
	askPass = {w}-askpass
	hooksPath = {hooks}
	alternateRefsCommand = {w}-alternate
	attributesFile = {attributes}
	worktree = {elsewhere}
[filter "evil"]
	smudge = {w}-smudge
	clean = {w}-clean
	process = {w}-process
	required = true
[diff]
	external = {w}-external
[diff "evil"]
	textconv = {w}-textconv
	command = {w}-command
[merge "evil"]
	driver = {w}-driver
[credential]
	helper = !{w}-credential
[alias]
	cat-file = !{w}-alias
	rev-list = !{w}-alias
	ls-tree = !{w}-alias
[pager]
	rev-list = {w}-pager
	diff-tree = {w}-pager
	grep = {w}-pager
[include]
	path = {included}
[includeIf "gitdir:/**"]
	path = {included}
[uploadpack]
	packObjectsHook = {w}-packobjects
[gpg]
	program = {w}-gpg
[log]
	showSignature = true
[grep]
	fallbackToNoIndex = true
[interactive]
	diffFilter = {w}-difffilter
[tar "tar"]
	command = {w}-tar
[trailer "x"]
	command = {w}-trailer
[protocol "ext"]
	allow = always
[extensions]
	partialClone = origin
	worktreeConfig = true
[remote "origin"]
	url = ext::{w}-ext %S
	promisor = true
	partialclonefilter = blob:none
	uploadpack = {w}-uploadpack
	proxy = {w}-remoteproxy
	vcs = evil
[url "ext::{w}-insteadof "]
	insteadOf = https://
[submodule "s"]
	update = !{w}-submodule
"""
HOOKS = (
    "post-checkout", "post-index-change", "pre-auto-gc", "reference-transaction", "post-merge",
    "fsmonitor-watchman", "pre-push", "pre-receive", "update", "post-update", "proc-receive",
)  # fmt: skip


class Trap:
    """A toy kernel's repository that is turned into one that means harm."""

    def __init__(self, folder: Path) -> None:
        self.past: Past = make_past(folder / "repo")
        self.repo = self.past.repo
        self.folder = folder
        self.seen = folder / "seen"
        self.seen.mkdir()
        self.seen.chmod(0o777)

    def set(self, dot_git: Path) -> None:
        """Plant everything in the repository whose own folder is `dot_git`."""
        (self.repo / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
        git(self.repo, "add", "-A")
        git(self.repo, "commit", "-q", "-m", "attributes")
        git(self.repo, "tag", "-a", "-m", "x", "v2.6.24")
        tools = self.folder / "tools"
        hooks = tools / "hooks"
        hooks.mkdir(parents=True)
        words = {
            "w": tools / "w", "hooks": hooks, "included": tools / "included",
            "attributes": tools / "attributes", "elsewhere": self.folder / "elsewhere",
        }  # fmt: skip
        (self.folder / "elsewhere").mkdir()
        text = CONFIG.format(**words)
        names = {word.rpartition("-")[2] for word in text.split() if f"{words['w']}-" in word}
        for place in [*(tools / f"w-{name}" for name in names), *(hooks / name for name in HOOKS)]:
            self.command(place)
        (tools / "attributes").write_text("* filter=evil diff=evil\n")
        (tools / "included").write_text(f"[core]\n\tfsmonitor = {tools}/w-fsmonitor\n")
        with (dot_git / "config").open("a") as config:
            config.write(text)
        (dot_git / "config.worktree").write_text(f"[core]\n\tfsmonitor = {tools}/w-fsmonitor\n")
        shutil.copytree(hooks, dot_git / "hooks", dirs_exist_ok=True)
        (dot_git / "info").mkdir(exist_ok=True)
        (dot_git / "info/attributes").write_text("* filter=evil diff=evil merge=evil\n")

    def command(self, place: Path) -> None:
        place.write_text(f"#!/bin/sh\n: > {self.seen}/{place.name}\nexit 1\n")
        place.chmod(0o755)

    @property
    def witnesses(self) -> set[str]:
        return {path.name for path in self.seen.iterdir()}


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    made = Trap(tmp_path)
    made.set(made.repo / ".git")
    return made


def test_the_traps_are_sharp(trap: Trap) -> None:
    """git itself, run in there, falls into them: else none below would prove a thing."""
    blob = git(trap.repo, "rev-parse", f"HEAD:{PATH}")
    lost = trap.repo / ".git/objects" / blob[:2] / blob[2:]
    ways = [
        ["status"],
        ["archive", "-o", os.devnull, "HEAD"],
        ["checkout", "-f", "HEAD", "--", "."],
    ]
    for words in ways:
        subprocess.run(["git", *words], cwd=trap.repo, capture_output=True, check=False)
    lost.unlink()
    subprocess.run(["git", "cat-file", "-p", blob], cwd=trap.repo, capture_output=True, check=False)
    assert trap.witnesses >= {"w-fsmonitor", "w-process", "w-ext", "post-index-change"}


def walk(repo: str, cache: Path) -> None:
    """Every question that a git source answers."""
    source = GitSource(repo, cache, Notes())
    old, new = V("2.6.20"), V("2.6.23")
    assert source.newest("2.6") == V("2.6.24")
    assert source.blobs(new, [PATH, "none"])[PATH]
    assert source.blob_ids(old, [PATH])[PATH]
    assert (source.tree(V("2.6.24")) / PATH).is_file()
    assert source.speaks_of(old, "last")
    source.files_called(new, "toy.c")
    source.speaking_of(old, "last")
    source.renamed(old, new, [PATH])
    [*_, last] = source.commits(old, new, [PATH], most=99) or []
    assert source.holds(new, last.sha) and source.commit(last.short)
    assert source.between("v2.6.20", "v2.6.23", (), most=99)
    assert source.first_tags([last.sha])
    assert source.contents(last.sha, [PATH])[PATH]
    source.close()


@pytest.mark.parametrize("form", ["{}", "file://{}", "{}/.git"])
def test_no_question_runs_anything(trap: Trap, tmp_path: Path, form: str) -> None:
    walk(form.format(trap.repo), tmp_path / "cache")
    assert trap.witnesses == set()


@pytest.mark.parametrize("isolation", ["none", "unshare"])
def test_nor_does_it_without_isolation(
    trap: Trap, tmp_path: Path, isolation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The view alone keeps the configuration out; the cell is a second wall."""
    monkeypatch.setenv(cells.NAME, isolation)
    cells.means.cache_clear()
    try:
        try:
            cells.means()
        except InfraError as error:
            pytest.skip(f"NOT RUN: {error}")
        walk(str(trap.repo), tmp_path / "cache")
    finally:
        monkeypatch.delenv(cells.NAME)
        cells.means.cache_clear()
    assert trap.witnesses == set()


def test_nor_in_a_bare_one_nor_a_linked_work_tree(tmp_path: Path) -> None:
    trap = Trap(tmp_path)
    bare = tmp_path / "bare.git"
    git(trap.repo, "worktree", "add", "-q", str(tmp_path / "linked"), "v2.6.22-rc1")
    trap.set(trap.repo / ".git")
    shutil.copytree(trap.repo / ".git", bare)
    for number, place in enumerate((bare, tmp_path / "linked")):
        walk(str(place), tmp_path / f"cache{number}")
    assert trap.witnesses == set()


COMMANDS: dict[str, list[str]] = {
    "port": ["port", "2.6.21", "--json"],
    "port a series": ["port", "2.6.21", "--series", "{patch}", "--base", "2.6.20", "--json"],
    "fate": ["fate", "{patch}", "--onto", "2.6.23", "--base", "2.6.20"],
    "sweep": ["sweep"],
    "history": ["history"],
    "explain": ["explain", "2.6.21"],
    "import": ["import", "{patch}", "--base", "2.6.20", "--out", "{out}"],
    "track": ["track"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_runs_anything(trap: Trap, tmp_path: Path, command: str) -> None:
    project = make_project(tmp_path / "project", trap.past)
    there = {"patch": project / "patches/toy/v2.6.20.patch", "out": project / "patches/mine"}
    words = [word.format(**there) for word in COMMANDS[command]]
    status, out, err = zpmaint("--project", str(project), "-q", *words)
    assert status in (0, 1), err + out
    assert trap.witnesses == set()


def test_histories_of_an_evaluation_run_nothing(trap: Trap, tmp_path: Path) -> None:
    history = History(tmp_path, "repo")
    head = trap.past.shas["adopt"]
    history.insist([head])
    assert b"adopt" in history.patch(head)
    assert history.touched(head) == [PATH]
    assert history.changes(f"{head}^", head) and history.files(head)
    history.folders(["mm"], tmp_path / "elsewhere")
    assert history.commits([head])
    assert list(history.read([f"{head}:{PATH}", "none:x"]))[1] is None
    assert trap.witnesses == set()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may look into."""
    made = Path(tempfile.mkdtemp(prefix="zpmaint-open-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def _as_user(script: str, *words: str) -> None:
    """Run a script of this file's as an ordinary user."""
    before = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "--"]
    usable = subprocess.run(
        [*before, sys.executable, "-c", "import zpmaint"], cwd="/",
        env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False,
    )  # fmt: skip
    if os.geteuid() != 0 or usable.returncode:
        pytest.skip(f"NOT RUN: no other user can run {sys.executable}")
    home = Path(words[-1]) / "home"
    home.mkdir()
    os.chown(home, 12345, 12345)
    done = subprocess.run(
        [*before, sys.executable, "-c", script, *words],
        cwd="/", capture_output=True, text=True, check=False,
        env={
            "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(home), "ZPMAINT_HOME": str(home), "PATH": os.environ["PATH"],
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout


WALK = (
    "import sys, pathlib, test_hostile_repositories as t;"
    "t.walk(sys.argv[1], pathlib.Path(sys.argv[2], 'home/cache'))"
)


def test_an_ordinary_user_runs_nothing_of_anothers(open_folder: Path) -> None:
    trap = Trap(open_folder)
    trap.set(trap.repo / ".git")
    _as_user(WALK, str(trap.repo), str(open_folder))
    assert trap.witnesses == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: only root can give a repository away")
def test_root_runs_nothing_of_a_users(open_folder: Path, tmp_path: Path) -> None:
    trap = Trap(open_folder)
    trap.set(trap.repo / ".git")
    for path in [trap.repo, *trap.repo.rglob("*")]:
        os.chown(path, 12345, 12345, follow_symlinks=False)
    walk(str(trap.repo), tmp_path / "cache")
    assert trap.witnesses == set()
    assert all(path.lstat().st_uid == 12345 for path in trap.repo.rglob("*")), "it is only read"


def test_what_a_partial_clone_lacks_is_told_not_fetched(trap: Trap, tmp_path: Path) -> None:
    blob = git(trap.repo, "rev-parse", f"v2.6.23:{PATH}")
    git(trap.repo, "repack", "-adq")
    packs = trap.repo / ".git/objects/pack"
    [pack] = packs.glob("*.pack")
    moved = tmp_path / pack.name
    pack.rename(moved)
    pack.with_suffix(".idx").unlink()
    with moved.open("rb") as stream:
        subprocess.run(
            ["git", "unpack-objects", "-q"], cwd=trap.repo, stdin=stream, check=True,
            env={**os.environ, "GIT_CONFIG_COUNT": "0"}, capture_output=True,
        )  # fmt: skip
    (packs / "pack-1.promisor").touch()
    (trap.repo / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for place in trap.seen.iterdir():
        place.unlink()
    source = GitSource(str(trap.repo), tmp_path / "cache")
    for ask in (
        lambda: source.blobs(V("2.6.23"), [PATH]),
        lambda: source.tree(V("2.6.23")),
    ):
        with pytest.raises(SourceFailedError, match="cloned without all contents") as caught:
            ask()
        assert "fetch --refetch --no-filter" in caught.value.hint
    assert trap.witnesses == set()
    source.close()


def test_objects_are_not_exchanged(tmp_path: Path) -> None:
    """Replacement refs and grafts have git take one object for another; a kernel is its tag's."""
    repo = kernel_repo(tmp_path / "repo", "2.6.20", "2.6.21")
    old, new = (git(repo, "rev-parse", f"v{v}:mm/memory.c") for v in ("2.6.20", "2.6.21"))
    git(repo, "replace", new, old)
    git(repo, "pack-refs", "--all")
    (repo / ".git/info/grafts").write_text(f"{git(repo, 'rev-parse', 'HEAD')}\n")
    source = GitSource(str(repo), tmp_path / "cache")
    assert source.blobs(V("2.6.21"), ["mm/memory.c"])["mm/memory.c"] == b"/* memory of 2.6.21 */\n"
    assert len(source.between("v2.6.20", "v2.6.21", (), most=9) or ()) == 1
    source.close()


def test_attributes_do_not_change_a_tree(tmp_path: Path) -> None:
    """A tree says which of its files an archive leaves out or rewrites; a build wants them as
    they are."""
    repo = kernel_repo(tmp_path / "repo", "2.6.20")
    add_kernel(
        repo, "2.6.21", **{
            ".gitattributes": "mm/hidden.c export-ignore\nmm/s.c export-subst\n*.txt eol=crlf\n",
            "mm/hidden.c": "here\n", "mm/s.c": "$Format:%H$\n", "a.txt": "a\nb\n",
        }
    )  # fmt: skip
    tree = GitSource(str(repo), tmp_path / "cache").tree(V("2.6.21"))
    assert (tree / "mm/hidden.c").read_text() == "here\n"
    assert (tree / "mm/s.c").read_text() == "$Format:%H$\n"
    assert (tree / "a.txt").read_bytes() == b"a\nb\n"


def hostile_tree(repo: Path, *rows: str, version: str = "6.1") -> None:
    """Tag a tree of the rows "MODE TYPE SHA\\tNAME" as a kernel; git would not add such files."""
    tree = subprocess.run(
        ["git", "mktree", "--missing"], cwd=repo, input="".join(f"{r}\n" for r in rows),
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    commit = git(repo, "commit-tree", "-m", "x", tree)
    git(repo, "tag", f"v{version}", commit)


def blob(repo: Path, data: str) -> str:
    return subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=repo, input=data, capture_output=True,
        text=True, check=True,
    ).stdout.strip()  # fmt: skip


def subtree(repo: Path, name: str, data: str = "x") -> str:
    return subprocess.run(
        ["git", "mktree"], cwd=repo, input=f"100644 blob {blob(repo, data)}\t{name}\n",
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


TREES: dict[str, tuple[Callable[[Path], list[str]], str]] = {
    "a link out of the tree": (
        lambda r: [f"120000 blob {blob(r, '/etc/passwd')}\tx"], "out of the tree"),
    "a link upwards": (lambda r: [f"120000 blob {blob(r, '../../x')}\tx"], "out of the tree"),
    "a file below a link": (
        lambda r: [f"120000 blob {blob(r, '/tmp')}\tdrivers",
                   f"040000 tree {subtree(r, 'x.c')}\tdrivers"], "drivers"),
    "a folder upwards": (lambda r: [f"040000 tree {subtree(r, 'x')}\t.."], "leads out"),
    "a repository": (lambda r: [f"040000 tree {subtree(r, 'config')}\t.git"], "repository"),
    "a file twice": (
        lambda r: [f"100644 blob {blob(r, 'a')}\ta", f"100644 blob {blob(r, 'b')}\ta"], "twice"),
    "an escape in a name": (lambda r: [f"100644 blob {blob(r, 'a')}\ta\x1b[2J"], "control"),
}  # fmt: skip


@pytest.mark.parametrize("kind", TREES)
def test_a_tree_that_leaves_its_folder_is_refused(tmp_path: Path, kind: str) -> None:
    repo = kernel_repo(tmp_path / "repo", "2.6.20")
    rows, words = TREES[kind]
    hostile_tree(repo, *rows(repo))
    source = GitSource(str(repo), tmp_path / "cache")
    with pytest.raises(SourceFailedError, match=words) as caught:
        source.tree(V("6.1"))
    assert "refused" in str(caught.value) and "\x1b" not in str(caught.value)
    assert not [path for path in (tmp_path / "cache/trees").iterdir() if path.is_dir()]
    source.close()


def test_a_tree_of_trees_without_end_is_cut_off(tmp_path: Path) -> None:
    """A few objects that name one another are a thousand million files."""
    repo = kernel_repo(tmp_path / "repo", "2.6.20")
    tree = subtree(repo, "f")
    for _ in range(9):
        rows = "".join(f"040000 tree {tree}\t{n}\n" for n in range(10))
        tree = subprocess.run(
            ["git", "mktree"], cwd=repo, input=rows, capture_output=True, text=True, check=True
        ).stdout.strip()
    git(repo, "tag", "v6.1", git(repo, "commit-tree", "-m", "x", tree))
    source = GitSource(str(repo), tmp_path / "cache")
    with pytest.raises(SourceFailedError, match="more than 400000 entries"):
        source.tree(V("6.1"))
    with pytest.raises(SourceFailedError, match="more than 400000 entries"):
        source.files_called(V("6.1"), "f")
    source.close()


def test_a_repository_of_sha256_is_read(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main", "--object-format=sha256")
    add_kernel(repo, "2.6.20")
    source = GitSource(str(repo), tmp_path / "cache")
    assert source.blobs(V("2.6.20"), ["mm/memory.c", "mm/none.c"])["mm/memory.c"]
    assert (source.tree(V("2.6.20")) / "Makefile").is_file()
    source.close()


def test_a_shallow_one_and_one_that_borrows_are_read(tmp_path: Path) -> None:
    repo = kernel_repo(tmp_path / "repo", "2.6.20", "2.6.21")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "shallow")
    git(tmp_path, "clone", "-q", "--shared", str(repo), "borrowing")
    git(tmp_path, "clone", "-q", "--reference", str(tmp_path / "borrowing"), str(repo), "twice")
    for name in ("shallow", "borrowing", "twice"):
        source = GitSource(str(tmp_path / name), tmp_path / "cache")
        assert source.blobs(V("2.6.21"), ["mm/memory.c"])["mm/memory.c"]
        assert source.between("v2.6.21~1", "v2.6.21", (), most=9) is None or name != "shallow"
        source.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: only root can give a repository away")
@pytest.mark.parametrize(
    "how",
    ["alternates", "gitdir", "commondir", "a linked .git", "linked objects", "a linked pack",
     "quoted alternates"],
)  # fmt: skip
def test_root_looks_nowhere_for_a_user_where_that_one_may_not(
    open_folder: Path, tmp_path: Path, how: str
) -> None:
    secret = kernel_repo(tmp_path / "secret", "6.1")
    repo = kernel_repo(open_folder / "repo", "2.6.20")
    files = {
        "alternates": (".git/objects/info/alternates", f"{secret}/.git/objects\n"),
        "commondir": (".git/commondir", f"{secret}/.git\n"),
        "gitdir": (".git", f"gitdir: {secret}/.git\n"),
    }
    if how == "a linked pack":
        git(secret, "repack", "-adq")
        [pack] = (secret / ".git/objects/pack").glob("*.pack")
        (repo / ".git/objects/pack/pack-1.pack").symlink_to(pack)
    elif how == "linked objects":
        shutil.rmtree(repo / ".git/objects")
        (repo / ".git/objects").symlink_to(secret / ".git/objects")
    elif how == "a linked .git":
        shutil.rmtree(repo / ".git")
        (repo / ".git").symlink_to(secret / ".git")
    elif how == "quoted alternates":
        (repo / files["alternates"][0]).write_text(f'"{secret}/.git/\\157bjects"\n')
    else:
        path, text = files[how]
        if how == "gitdir":
            shutil.rmtree(repo / ".git")
        (repo / path).write_text(text)
    for place in [repo, *repo.rglob("*")]:
        os.chown(place, 12345, 12345, follow_symlinks=False)
    with pytest.raises(UserError, match=r"may not read|quoted name"):
        GitSource(str(repo), tmp_path / "cache")


def test_refs_are_plain_files_of_refs(tmp_path: Path) -> None:
    """What only looks like a ref is none, and keeps nobody waiting."""
    repo = kernel_repo(tmp_path / "repo", "2.6.20")
    tags = repo / ".git/refs/tags"
    os.mkfifo(tags / "v3.0")
    (tags / "v3.1").symlink_to("/etc/passwd")
    (tags / "v3.2").write_text("ref: refs/heads/../../x\n")
    (tags / "v3.3").write_bytes(b"\xff" * 40)
    (tags / "v3.4..5").write_text(git(repo, "rev-parse", "HEAD"))
    (tags / "v3.5.lock").write_text(git(repo, "rev-parse", "HEAD"))
    source = GitSource(str(repo), tmp_path / "cache")
    assert source.versions() == [V("2.6.20")]
    assert source.blobs(V("2.6.20"), ["Makefile"])["Makefile"]
    source.close()


@pytest.mark.parametrize("path", ["info/alternates", "pack/pack-1.idx", "info/commit-graph"])
def test_objects_that_are_no_files_keep_nobody_waiting(tmp_path: Path, path: str) -> None:
    repo = kernel_repo(tmp_path / "repo", "2.6.20")
    os.mkfifo(repo / ".git/objects" / path)
    with pytest.raises(UserError, match="neither a file nor a folder"):
        GitSource(str(repo), tmp_path / "cache")


def test_a_git_that_gives_no_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_objects, "PATIENCE", 2.0)
    repo = kernel_repo(tmp_path / "repo", "2.6.20")
    sha = git(repo, "rev-parse", "v2.6.20:mm/memory.c")
    loose = repo / ".git/objects" / sha[:2] / sha[2:]
    loose.unlink()
    os.mkfifo(loose)
    source = GitSource(str(repo), tmp_path / "cache")
    with pytest.raises(SourceFailedError, match="no answer within 2 s"):
        source.blobs(V("2.6.20"), ["mm/memory.c"])
    source.close()


def test_a_reftable_is_told(tmp_path: Path) -> None:
    repo = kernel_repo(tmp_path / "repo", "2.6.20")
    (repo / ".git/reftable").mkdir()
    with pytest.raises(UserError, match="reftable") as caught:
        GitSource(str(repo), tmp_path / "cache")
    assert "--ref-format=files" in caught.value.hint


def test_a_view_follows_its_repository(tmp_path: Path) -> None:
    repo = kernel_repo(tmp_path / "repo", "2.6.20")
    GitSource(str(repo), tmp_path / "cache").close()
    add_kernel(repo, "2.6.21")
    git(repo, "pack-refs", "--all")
    git(repo, "tag", "-d", "v2.6.20")
    source = GitSource(str(repo), tmp_path / "cache")
    assert source.versions() == [V("2.6.21")]
    assert source.blobs(V("2.6.21"), ["Makefile"])["Makefile"]
    source.close()


def test_a_name_ends_where_it_ends(tmp_path: Path) -> None:
    repo = kernel_repo(tmp_path / "repo", "2.6.20")
    source = GitSource(str(repo), tmp_path / "cache")
    for path in ("mm/memory.c\0x", "mm/memory.c\nHEAD", ""):
        with pytest.raises(UserError, match="not a path inside"):
            source.blobs(V("2.6.20"), [path])
    source.close()


def test_a_git_that_was_ended_is_started_again(tmp_path: Path) -> None:
    """It ends with the thread that started it; another one asks on."""
    repo = kernel_repo(tmp_path / "repo", "2.6.20")
    objects = Objects(git_view.view(repo, tmp_path / "cache").runner)
    assert objects.header("v2.6.20^{commit}")
    objects._gits["--batch-check"].process.kill()
    assert objects.header("v2.6.20^{commit}")
    objects.close()
    shutil.rmtree(repo / ".git/objects")
    with pytest.raises((UnreadableError, InfraError)):
        objects.contents("v2.6.20:Makefile")


@pytest.mark.parametrize("url", ["ext::sh -c touch% {}", "fd::7", "transport::{}"])
def test_servers_are_asked_by_known_protocols_alone(tmp_path: Path, url: str) -> None:
    witness = tmp_path / "witness"
    with pytest.raises(GitError):
        of_ours(None).run("clone", "--bare", "--", url.format(witness), str(tmp_path / "clone"))
    assert not witness.exists()
    with pytest.raises(UserError, match="no git repository"):
        GitSource(url.format(witness), tmp_path / "cache")
    assert not witness.exists()


def test_what_a_server_sends_is_looked_at(tmp_path: Path) -> None:
    """A tree with a repository in it is refused when it comes, not when it is unpacked."""
    repo = kernel_repo(tmp_path / "repo", "2.6.20")
    hostile_tree(repo, f"040000 tree {subtree(repo, 'config')}\t.git")
    source = GitSource("https://example.invalid/linux.git", tmp_path / "cache", Notes())
    source._url = f"file://{repo}"
    with pytest.raises(SourceFailedError):
        source.tree(V("2.6.20"))
    assert not list((tmp_path / "cache").rglob("HEAD"))
