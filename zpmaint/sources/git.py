# SPDX-License-Identifier: GPL-2.0-only
"""Kernels of a git repository, read by their tags without a checkout.

A repository on this disk is read where it is and never written to. A URL is cloned bare into the
cache, without file contents where the server can leave them out; these come as they are asked for.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

# GitPython would refuse to be imported where git is missing; need() says it better, and doctor
# has to run there.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import git
from git.cmd import Git
from git.exc import GitCommandError, GitCommandNotFound

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.files import landing, locked
from zpmaint.core.progress import SILENT, Reporter, Step
from zpmaint.core.provenance import Provenance
from zpmaint.core.tools import need
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.commit import Commit
from zpmaint.sources.download import disk_error
from zpmaint.sources.git_objects import UnreadableError, files_of
from zpmaint.sources.git_tags import tag_provenance
from zpmaint.sources.series import newest_of, not_served
from zpmaint.sources.source import SourceFailedError
from zpmaint.sources.tree_names import TreeNames

_BY_GREP = 8
"""Names that are looked for in a tree one by one, before all of its names are indexed."""
_WORDS = 1 << 20
"""Bytes of file names that a program is given at most; Linux takes twice as many."""
_URL = re.compile(r"[a-z][a-z0-9+.-]*://|[^/\s]+@[^/\s]+:")

# What of git's environment may reach our git: how to reach a server, never which repository.
_HARMLESS = frozenset(
    {
        "GIT_ASKPASS",
        "GIT_EXEC_PATH",
        "GIT_HTTP_PROXY_AUTHMETHOD",
        "GIT_HTTP_USER_AGENT",
        "GIT_PROXY_COMMAND",
        "GIT_PYTHON_GIT_EXECUTABLE",
        "GIT_PYTHON_REFRESH",
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_SSL_CAINFO",
        "GIT_SSL_CAPATH",
        "GIT_SSL_NO_VERIFY",
    }
)


def clean_environment() -> None:
    """Take out of this process's environment what would turn git to another repository.

    A git hook or `git rebase --exec` sets GIT_DIR and its kin for whoever runs inside it, and
    each of them beats the folder that git is run in. No part of zpmaint wants them.
    """
    for name in [n for n in os.environ if n.startswith("GIT_") and n not in _HARMLESS]:
        del os.environ[name]


class GitSource:
    """A repository with the kernel's tags: a path, file://PATH or a URL."""

    def __init__(self, where: str, cache: Path, reporter: Reporter = SILENT) -> None:
        """Raises UserError where a path is no repository; a URL is not asked before it is
        needed."""
        need("git")
        clean_environment()
        self.name = f"git:{where}"
        self.cache = cache
        self.reporter = reporter
        self._url = ""
        self._lock = threading.RLock()
        self._opened: git.Repo | None = None
        self._tags: dict[KernelVersion, str] = {}
        self._names: dict[KernelVersion, TreeNames] = {}
        self._asked: Counter[KernelVersion] = Counter()
        self._told: dict[tuple[KernelVersion, str], bool] = {}
        if where.startswith("file://"):
            self._folder = Path(unquote(urlsplit(where).path))
        elif _URL.match(where):
            self._url = where
            digest = hashlib.sha256(where.encode()).hexdigest()[:12]
            self._folder = cache / "git" / f"{digest}.git"
        else:
            self._folder = Path(where).expanduser().resolve()
        if not self._url:
            self._open()

    def close(self) -> None:
        """End the git processes that serve this source."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def versions(self) -> list[KernelVersion]:
        """Every tag that names a kernel, of the repository as it is known here."""
        with self._lock:
            return sorted(self._known_tags())

    def newest(self, series: str) -> KernelVersion:
        with self._lock:
            if self._url:
                self._fetch_tags()
            return newest_of(series, self._known_tags(), self.name)

    def blobs(self, version: KernelVersion, paths: Iterable[str]) -> dict[str, bytes | None]:
        with self._lock:
            return self.contents(self._tag(version), paths)

    def blob_ids(self, version: KernelVersion, paths: Iterable[str]) -> dict[str, str | None]:
        """git's name of each file's contents at `version`, None where there is no such file.

        Two versions with the same name have the same bytes; costs no reading of contents."""
        with self._lock:
            commit = self._tag(version)
            repo = self._open()
            return {path: self._blob_id(repo, commit, path) for path in paths}

    def contents(self, revision: str, paths: Iterable[str]) -> dict[str, bytes | None]:
        """The files at a commit; None where it has no such file."""
        with self._lock:
            repo = self._open()
            shas = {path: self._blob_id(repo, revision, path) for path in paths}
            return {p: None if sha is None else self._object(repo, sha) for p, sha in shas.items()}

    def speaks_of(self, version: KernelVersion, name: str) -> bool:
        """See Source.speaks_of. The first few questions to a tree are put to `git grep`, whose
        answer is there before an index would be; a sweep asks hundreds of trees once or twice."""
        with self._lock:
            if (version, name) in self._told:
                return self._told[version, name]
            names = self._names_of(version)
            if names.is_made or self._asked[version] >= _BY_GREP:
                return names.speaks_of(name)
            self._asked[version] += 1
            self._told[version, name] = self._greps(version, name)
            return self._told[version, name]

    def _greps(self, version: KernelVersion, name: str) -> bool:
        tag = self._tag(version)
        repo = self._open()
        self._bring_contents(repo, f"{tag}^{{tree}}")
        for where in (["include"], []):  # where names are declared is looked at first
            try:
                repo.git.grep("-qwF", "-e", name, tag, "--", *where)
            except GitCommandError as error:
                if error.status != 1:
                    raise self._broken(error) from None
            else:
                return True
        return False

    def speaking_of(self, version: KernelVersion, name: str) -> list[str] | None:
        with self._lock:
            return self._names_of(version).speaking_of(name)

    def files_called(self, version: KernelVersion, name: str) -> list[str]:
        with self._lock:
            return self._names_of(version).files_called(name)

    def _names_of(self, version: KernelVersion) -> TreeNames:
        if version not in self._names:
            tree = self._tree_id(self._open(), version)
            place = self.cache / "names" / f"git-{tree[:24]}"
            files = partial(self._files, tree)
            self._names[version] = TreeNames(place, str(version), files, self.reporter)
        return self._names[version]

    def _files(self, tree: str, step: Step) -> Iterator[tuple[str, bytes]]:
        repo = self._open()
        self._bring_contents(repo, tree)
        try:
            count, files = files_of(self._folder, {**os.environ, **repo.git.environment()}, tree)
            for number, file in enumerate(files):
                if number % 256 == 0:
                    step.advance(number, count)
                yield file
        except UnreadableError as error:
            raise self._broken(error) from None

    def renamed(
        self, older: KernelVersion, newer: KernelVersion, paths: Iterable[str]
    ) -> dict[str, tuple[str, int]]:
        """What became of those of `paths` that `newer` no longer has: by the old name the new one
        and how much alike the two are, in percent, as git finds it. A file that is more like
        another one that went has come from there. Takes a second."""
        with self._lock:
            pair = [self._tag(older), self._tag(newer)]
            repo = self._open()
            try:
                went, came = (_paths(repo, mark, pair) for mark in "DA")
                wanted = [path for path in paths if path in set(went)]
                kinds = {PurePosixPath(path).suffix for path in wanted}
                went, came = (
                    [path for path in some if PurePosixPath(path).suffix in kinds]
                    for some in (went, came)
                )
                if not came or sum(map(len, [*went, *came])) > _WORDS:
                    return {}  # kernels so far apart that few files are alike any more
                # All pairs of a release's files would take minutes; one against all does not.
                to = _renames(repo, pair, [*wanted, *came])
                back = _renames(repo, pair, [*went, *(new for new, _ in to.values())])
            except GitCommandError as error:
                raise self._broken(error) from None
        return {old: new for old, new in to.items() if back.get(old, ("", 0))[0] == new[0]}

    @property
    def is_here(self) -> bool:
        """Whether all contents are on this disk: a clone of a URL fetches them as it goes."""
        return not self._url

    def _tree_id(self, repo: git.Repo, version: KernelVersion) -> str:
        tag = self._tag(version)
        try:
            return str(repo.git.rev_parse("--verify", "--end-of-options", f"{tag}^{{tree}}"))
        except GitCommandError as error:
            raise self._broken(error) from None

    def commit(self, sha: str) -> Commit | None:
        """The commit that `sha` (shortened or not) names; None where the repository has none."""
        with self._lock:
            if self._named_commit(sha) is None:
                return None
            return self._log("--no-walk", sha)[0]

    def holds(self, version: KernelVersion, sha: str) -> bool:
        """Whether the commit `sha`, which the repository must have, is in the history of
        `version`."""
        with self._lock:
            tag = self._tag(version)
            try:
                self._open().git.merge_base("--is-ancestor", sha, tag)
            except GitCommandError as error:
                # git says "no" so, and in the same way that it could not read all of the history;
                # only then does it complain.
                if error.status == 1 and not error.stderr:
                    return False
                raise self._broken(error) from None
            return True

    def commits(
        self, older: KernelVersion, newer: KernelVersion, paths: Iterable[str], *, most: int
    ) -> list[Commit] | None:
        """The commits that `newer` has and `older` has not and that made `paths` what they are
        in `newer`, parents first; the newest `most` of them.

        None where one of the two tags names no commit (v2.6.11 is a tree without a history)."""
        with self._lock:
            tags = [self._tag(older), self._tag(newer)]
            if not all(map(self._named_commit, tags)):
                return None
            repo = self._open()
            between = [f"^{tags[0]}", tags[1], "--", *paths]
            # Who asks for these commits reads the files next.
            self._bring_contents(repo, *between)
            return self._log("--topo-order", "--reverse", f"--max-count={most}", *between)

    def between(
        self, older: str, newer: str, paths: Iterable[str], *, most: int
    ) -> list[Commit] | None:
        """The same between two revisions, in `paths` or, where there are none, in all files; their
        contents are not fetched. None where one of the two names no commit."""
        with self._lock:
            if not all(map(self._named_commit, (older, newer))):
                return None
            limit = f"--max-count={most}"
            return self._log("--topo-order", "--reverse", limit, f"^{older}", newer, "--", *paths)

    def _named_commit(self, revision: str) -> str | None:
        try:
            sha, kind, _size = self._open().git.get_object_header(f"{revision}^{{commit}}")
        except ValueError as error:
            if "missing" in str(error):
                return None
            raise self._broken(error) from None
        except (OSError, GitCommandError) as error:
            raise self._broken(error) from None
        return _text(sha) if _text(kind) == "commit" else None

    def _log(self, *words: str) -> list[Commit]:
        """What rev-list names: unlike git log it heeds no user's configuration. With a path, a
        merge that brings nothing of its own is left out."""
        try:
            listed = self._open().git.rev_list(
                "--encoding=UTF-8", "--date=short", "--format=%H%x00%P%x00%ad%x00%an%x00%s", *words
            )
        except GitCommandError as error:
            raise self._broken(error) from None
        rows = (line.split("\0") for line in listed.split("\n") if "\0" in line)
        return [
            Commit(sha, tuple(of.split()), day, _clean(subject), _clean(author))
            for sha, of, day, author, subject in rows
        ]

    def first_tags(self, shas: Iterable[str]) -> dict[str, KernelVersion]:
        """By commit the kernel whose tag `git describe --contains` would name it by: the oldest
        that holds it. A commit that no kernel's tag holds is left out."""
        wanted = list(dict.fromkeys(shas))
        if not wanted:
            return {}
        with self._lock:
            try:
                named = self._open().git.name_rev(
                    "--refs=refs/tags/v*", "--refs=refs/tags/next-*", *wanted
                )
            except GitCommandError as error:
                raise self._broken(error) from None
            tags = {ref.removeprefix("refs/"): v for v, ref in self._known_tags().items()}
        found = {}
        for line in named.splitlines():
            sha, _, name = line.partition(" ")
            version = tags.get(re.split(r"[~^]", name, maxsplit=1)[0])
            if version is not None:
                found[sha] = version
        return found

    def tree(self, version: KernelVersion, keep: Iterable[str] = ()) -> Path:
        """The whole tree (`keep` is there anyhow), archived once into cache/trees."""
        need("tar")
        with self._lock:
            repo = self._open()
            commit = self._tree_id(repo, version)
            place = self.cache / "trees" / f"git-{version}-{commit[:12]}"
            with locked(place, self.reporter):
                if not place.is_dir():
                    self._archive(repo, commit, place)
            return place

    def provenance(self, version: KernelVersion) -> Provenance:
        """See HasProvenance: what the signature of the kernel's tag proves."""
        with self._lock:
            ref = self._tag(version)
            repo = self._open()
            try:
                _sha, kind, _size, data = repo.git.get_object_data(ref)
                target = str(repo.git.rev_parse("--verify", "--end-of-options", f"{ref}^{{}}"))
            except (ValueError, OSError, GitCommandError) as error:
                raise self._broken(error) from None
            name = ref.removeprefix("refs/tags/")
            return tag_provenance(self.name, name, _text(kind), bytes(data), target)

    def is_unpacked(self, version: KernelVersion) -> bool:
        """See HasTrees."""
        return any(p.is_dir() for p in (self.cache / "trees").glob(f"git-{version}-*"))

    def _archive(self, repo: git.Repo, commit: str, place: Path) -> None:
        with self.reporter.step(f"unpack {place.name}"):
            self._bring_contents(repo, commit)
            try:
                with landing(place) as fresh:
                    _git_archive(self._folder, repo, commit, fresh)
            except OSError as error:
                raise disk_error(place, error) from None

    def _bring_contents(self, repo: git.Repo, *revisions: str) -> None:
        """In a clone without contents: all that a tree (or some commits and paths, as rev-list
        takes them) needs, in one request instead of one for each file."""
        if not self._url:
            return
        try:
            listed = repo.git.rev_list("--objects", "--missing=print", *revisions).splitlines()
            missing = [line[1:] for line in listed if line.startswith("?")]
            if missing:
                with self.reporter.step(f"fetch {len(missing)} files of {self.name}"):
                    repo.git(c="fetch.negotiationAlgorithm=noop").fetch(
                        "origin", "--no-tags", "--no-write-fetch-head", "--filter=blob:none",
                        "--stdin", istream=_lines(missing),
                    )  # fmt: skip
        except GitCommandError as error:
            raise self._broken(error) from None

    def _open(self) -> git.Repo:
        with self._lock:
            if self._opened is not None:
                return self._opened
            if self._url:
                self._clone()
            try:
                # git refuses a repository that another user owns, which a shared mirror is.
                # Reading tags and blobs of a folder that was named to us runs nothing of it.
                repo = git.Repo(self._folder)
            except (git.InvalidGitRepositoryError, git.NoSuchPathError):
                raise UserError(
                    f"{self.name}: no git repository at {self._folder}",
                    "name a clone of the kernel, with its tags",
                ) from None
            except GitCommandNotFound:
                raise InfraError("not installed: git", "apt-get install git") from None
            repo.git.update_environment(**_trusting(Path(repo.git_dir)))
            self._opened = repo
            try:
                self._tags = self._read_tags(repo)
            except InfraError:
                self.close()
                raise
            if not self._tags and not self._url:
                self.close()
                raise UserError(
                    f"{self.name}: no tag in this repository names a kernel",
                    "fetch its tags: git fetch --tags",
                )
            return repo

    def _known_tags(self) -> dict[KernelVersion, str]:
        self._open()
        return self._tags

    def _tag(self, version: KernelVersion) -> str:
        """The full name of the tag of `version`; a clone asks its server once for new ones."""
        if version not in self._known_tags() and self._url:
            self._fetch_tags()
        try:
            return self._tags[version]
        except KeyError:
            raise not_served(self.name, version, self._tags) from None

    def _read_tags(self, repo: git.Repo) -> dict[KernelVersion, str]:
        try:
            listed = repo.git.for_each_ref("--format=%(refname:lstrip=2)", "refs/tags")
        except GitCommandError as error:
            raise self._broken(error) from None
        tags: dict[KernelVersion, str] = {}
        for name in listed.splitlines():
            try:
                version = KernelVersion.parse(name)
            except UserError:
                continue  # a tag of another kind, v2.6.11-tree or a maintainer's pull request
            if version.debian is None and (name == version.tag or version not in tags):
                tags[version] = f"refs/tags/{name}"
        return tags

    def _clone(self) -> None:
        with locked(self._folder, self.reporter):
            if self._folder.is_dir():
                return
            with self.reporter.step(f"clone {self._url}") as step:
                try:
                    with landing(self._folder) as fresh:
                        fresh.rmdir()  # clone wants to make it; git leaves nothing on a failure
                        try:
                            clone(self._url, fresh, contents=False)
                        except GitCommandError as error:
                            if "filter" not in str(error.stderr):
                                raise
                            step.note(f"{self._url}: cannot leave out contents, cloning all")
                            shutil.rmtree(fresh, ignore_errors=True)
                            clone(self._url, fresh, contents=True)
                except GitCommandError as error:
                    raise SourceFailedError(
                        f"{self.name}: {_said(error)}", "is the URL right, the network up?"
                    ) from None

    def _fetch_tags(self) -> None:
        repo = self._open()
        with locked(self._folder, self.reporter), self.reporter.step(f"fetch tags of {self._url}"):
            try:
                repo.git.fetch("origin", "--tags", "--no-write-fetch-head", "--no-auto-gc")
            except GitCommandError as error:
                raise SourceFailedError(
                    f"{self.name}: {_said(error)}", "is the network up?"
                ) from None
            self._tags = self._read_tags(repo)

    def _blob_id(self, repo: git.Repo, tag: str, path: str) -> str | None:
        if "\n" in path or not path:
            raise UserError(f"{path!r} is not a path inside a kernel tree")
        try:
            sha, kind, _size = repo.git.get_object_header(f"{tag}:{path}")
        except ValueError as error:
            if "missing" in str(error):
                self._check_missing(repo, tag, path)
                return None
            raise self._broken(error) from None
        except (OSError, GitCommandError) as error:
            raise self._broken(error) from None
        # Whether these are str or bytes differs between GitPython's types and its doing.
        return _text(sha) if _text(kind) == "blob" else None

    def _check_missing(self, repo: git.Repo, tag: str, path: str) -> None:
        """cat-file says "missing" of a path that the kernel lacks, and of one whose contents or
        folder are lost from a broken repository; ls-tree lists the former of these and fails on
        the latter."""
        try:
            listed = repo.git.ls_tree(tag, "--", path)
        except GitCommandError as error:
            raise self._broken(error) from None
        if listed.split(maxsplit=2)[1:2] == ["blob"]:
            raise self._broken(ValueError(f"{tag} has {path}, and its contents are lost"))

    def _object(self, repo: git.Repo, sha: str) -> bytes:
        try:
            _sha, _kind, _size, data = repo.git.get_object_data(sha)
        except (ValueError, OSError, GitCommandError) as error:
            raise self._broken(error) from None
        return bytes(data)

    def _broken(self, error: Exception) -> SourceFailedError:
        self.close()
        said = _said(error) if isinstance(error, GitCommandError) else str(error)
        return SourceFailedError(
            f"{self.name}: git could not read {self._folder}: {said}",
            f"git -C {self._folder} fsck shows what is broken",
        )


def clone(url: str, folder: Path, *, contents: bool) -> None:
    """A bare clone of `url`; without `contents`, these are fetched when they are asked for.

    Raises GitCommandError."""
    options = [] if contents else ["--filter=blob:none"]
    Git().clone("--bare", "--quiet", *options, "--", url, str(folder))


def _paths(repo: git.Repo, mark: str, pair: list[str]) -> list[str]:
    """The files that came (A) or went (D) between two kernels."""
    words = ["-r", "-z", f"--diff-filter={mark}", "--name-only", "--no-renames", *pair]
    return [path for path in repo.git.diff_tree(*words).split("\0") if path]


def _renames(repo: git.Repo, pair: list[str], paths: list[str]) -> dict[str, tuple[str, int]]:
    """By old name the new one and the likeness in percent, of these files alone."""
    words = ["-r", "-z", "-M", "-l0", "--diff-filter=R", "--name-status", *pair]
    told = repo.git.diff_tree(*words, "--", *paths).split("\0")
    rows = zip(told[0::3], told[1::3], told[2::3], strict=False)
    return {old: (new, int(how[1:])) for how, old, new in rows}


def _text(word: str | bytes) -> str:
    return word.decode("ascii") if isinstance(word, bytes) else word


def _clean(text: str) -> str:
    """A text that can be printed: a subject that is no UTF-8 came as surrogate escapes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _trusting(folder: Path) -> Mapping[str, str]:
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        # What a mirror's own configuration would run on a fetch is not run.
        "GIT_CONFIG_KEY_1": "core.fsmonitor",
        "GIT_CONFIG_VALUE_1": "false",
        "GIT_DIR": str(folder),
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _lines(words: Iterable[str]) -> object:
    """A readable file that holds one word per line."""
    reading, writing = os.pipe()
    text = "".join(f"{word}\n" for word in words).encode()
    threading.Thread(target=_pour, args=(writing, text), daemon=True).start()
    return os.fdopen(reading, "rb")


def _pour(handle: int, data: bytes) -> None:
    with os.fdopen(handle, "wb") as out:
        try:
            out.write(data)
        except BrokenPipeError:
            return


def _said(error: GitCommandError) -> str:
    text = str(error.stderr or error).replace("stderr: '", "").strip().rstrip("'")
    lines = [line for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (fatal or lines or ["git failed"])[0]


def _git_archive(folder: Path, repo: git.Repo, commit: str, fresh: Path) -> None:
    """`git archive | tar x`, as pipes: the tree of a kernel is a gigabyte and more."""
    env = {**os.environ, **repo.git.environment(), "LC_ALL": "C"}
    with subprocess.Popen(
        ["git", "archive", "--format=tar", commit],
        cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as source:  # fmt: skip
        assert source.stdout is not None and source.stderr is not None
        tar = subprocess.run(
            ["tar", "--extract", "--file=-", "--no-same-owner", f"--directory={fresh}"],
            stdin=source.stdout, env=env, capture_output=True, check=False,
        )  # fmt: skip
        source.stdout.close()
        said = source.stderr.read().decode("utf-8", "replace").strip()
    text = "; ".join(filter(None, [said, tar.stderr.decode("utf-8", "replace").strip()]))
    if "No space left" in text:
        raise OSError(28, "No space left on device")
    if source.returncode or tar.returncode:
        raise SourceFailedError(
            f"{folder}: git archive of {commit} failed: {text.splitlines()[0] if text else ''}",
            f"git -C {folder} fsck shows what is broken",
        )
