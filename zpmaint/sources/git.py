# SPDX-License-Identifier: GPL-2.0-only
"""Kernels of a git repository, read by their tags without a checkout.

A repository on this disk is read where it is, through a view (git_view.py), and never written to.
A URL is asked for its tags (git_remote.py), and cloned bare into the cache when the first of its
kernels is read: without file contents where the server can leave them out; these come as they are
asked for.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from zpmaint.core.errors import UserError
from zpmaint.core.files import landing, locked
from zpmaint.core.in_use import mark
from zpmaint.core.progress import SILENT, Reporter, Step
from zpmaint.core.provenance import Provenance
from zpmaint.core.tools import need
from zpmaint.core.versions import KernelVersion
from zpmaint.sources import manifest
from zpmaint.sources.ages import lists_age
from zpmaint.sources.commit import Commit
from zpmaint.sources.download import disk_error
from zpmaint.sources.git_objects import Objects, UnreadableError, entries_of, files_of
from zpmaint.sources.git_remote import remote_tags
from zpmaint.sources.git_run import GitError, Runner, clean_environment, of_ours
from zpmaint.sources.git_tags import kernels_of, tag_provenance
from zpmaint.sources.git_view import view
from zpmaint.sources.series import newest_of, not_served
from zpmaint.sources.source import Answer, SourceFailedError
from zpmaint.sources.tree_names import TreeNames
from zpmaint.sources.tree_rules import RefusedError
from zpmaint.sources.tree_writer import TreeWriter

_BY_GREP = 8
"""Names that are looked for in a tree one by one, before all of its names are indexed."""
_WORDS = 1 << 20
"""Bytes of file names that a program is given at most; Linux takes twice as many."""
_TAGS = "refs/tags/"
_MODULE = "160000"
"""The mode of what is another repository's."""
_URL = re.compile(r"[a-z][a-z0-9+.-]*://|[^/\s]+@[^/\s]+:")


@dataclass(frozen=True)
class Opened:
    """A repository that is being read."""

    git: Runner
    objects: Objects
    refs: Iterable[str] | None = None
    """The names of its refs, where they are known."""
    is_partial: bool = False
    """Whether contents may be missing that its own git would fetch."""


class GitSource:
    """A repository with the kernel's tags: a path, file://PATH or a URL."""

    def __init__(
        self, where: str, cache: Path, reporter: Reporter = SILENT, *, max_age: float | None = None
    ) -> None:
        """The tags of a URL are asked for again after `max_age` seconds. Raises UserError where a
        path is no repository; a URL is not asked before it is needed."""
        need("git")
        clean_environment()
        self.name = f"git:{where}"
        self.cache = cache
        self._sound: set[Path] = set()
        self.reporter = reporter
        self._url = ""
        self._lock = threading.RLock()
        self._opened: Opened | None = None
        self._tags: dict[KernelVersion, str] = {}
        self._max_age = lists_age(max_age)
        self._answer: Answer | None = None
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
                self._opened.objects.close()
                self._opened = None

    def versions(self) -> list[KernelVersion]:
        """Every kernel that a tag names: of a repository on this disk as it was when it was opened,
        of a URL as its server lists them."""
        return sorted(self._listed())

    def newest(self, series: str) -> KernelVersion:
        return newest_of(series, self._listed(), self.name)

    def answers(self) -> list[Answer]:
        """See HasAnswers."""
        return [self._answer] if self._answer else []

    def _listed(self) -> Collection[KernelVersion]:
        with self._lock:
            if not self._url:
                return self._known_tags()
            place = self._folder.with_suffix(".tags.json")
            names, given, why = remote_tags(
                self._url, place, max_age=self._max_age, reporter=self.reporter
            )
            tags, left_out = kernels_of(names)
            self._answer = Answer(self._url, given, why, left_out)
            return tags

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
                repo.git.run("grep", "-qwF", "-e", name, tag, "--", *where)
            except GitError as error:
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
            count, files = files_of(repo.git, tree)
            for number, file in enumerate(files):
                if number % 256 == 0:
                    step.advance(number, count)
                yield file
        except RefusedError as error:
            raise self._refused(tree, error) from None
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
            except GitError as error:
                raise self._broken(error) from None
        return {old: new for old, new in to.items() if back.get(old, ("", 0))[0] == new[0]}

    @property
    def is_here(self) -> bool:
        """Whether all contents are on this disk: a clone of a URL fetches them as it goes."""
        return not self._url

    def _tree_id(self, repo: Opened, version: KernelVersion) -> str:
        tag = self._tag(version)
        try:
            return repo.git.text("rev-parse", "--verify", "--end-of-options", f"{tag}^{{tree}}")
        except GitError as error:
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
                self._open().git.run("merge-base", "--is-ancestor", sha, tag)
            except GitError as error:
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
            found = self._open().objects.header(f"{revision}^{{commit}}")
        except UnreadableError as error:
            raise self._broken(error) from None
        return found[0] if found and found[1] == "commit" else None

    def _log(self, *words: str) -> list[Commit]:
        """What rev-list names: unlike git log it heeds no user's configuration. With a path, a
        merge that brings nothing of its own is left out."""
        try:
            listed = self._open().git.text(
                "rev-list",
                "--encoding=UTF-8",
                "--date=short",
                "--format=%H%x00%P%x00%ad%x00%an%x00%s",
                *words,
            )
        except GitError as error:
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
                named = self._open().git.text(
                    "name-rev", "--refs=refs/tags/v*", "--refs=refs/tags/next-*", *wanted
                )
            except GitError as error:
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
        with self._lock:
            repo = self._open()
            commit = self._tree_id(repo, version)
            place = self.cache / "trees" / f"git-{version}-{commit[:12]}"
            mark(place)
            with locked(place, self.reporter):
                is_sound = place in self._sound and place.is_dir()  # it may have been freed
                if not is_sound and not manifest.is_sound(place, self.reporter):
                    self._archive(repo, commit, place)
                self._sound.add(place)
            return place

    def provenance(self, version: KernelVersion) -> Provenance:
        """See HasProvenance: what the signature of the kernel's tag proves."""
        with self._lock:
            ref = self._tag(version)
            objects = self._open().objects
            try:
                tag, target = objects.header(ref), objects.header(f"{ref}^{{}}")
                if tag is None or target is None:
                    raise UnreadableError(f"{ref} is missing")
                data = objects.contents(tag[0])
            except UnreadableError as error:
                raise self._broken(error) from None
            return tag_provenance(self.name, ref.removeprefix(_TAGS), tag[1], data, target[0])

    def is_unpacked(self, version: KernelVersion) -> bool:
        """See HasTrees."""
        return any(p.is_dir() for p in (self.cache / "trees").glob(f"git-{version}-*"))

    def _archive(self, repo: Opened, tree: str, place: Path) -> None:
        with self.reporter.step(f"unpack {place.name}", "files") as step:
            self._bring_contents(repo, tree)
            try:
                with landing(place) as fresh:
                    self._write(repo, tree, fresh, step)
                    manifest.write(fresh, place)
            except OSError as error:
                raise disk_error(place, error) from None

    def _write(self, repo: Opened, tree: str, folder: Path, step: Step) -> None:
        """The files as they are, without what attributes of the repository would make of them."""
        writer = TreeWriter(folder)
        try:
            count, entries = entries_of(repo.git, tree)
            for number, entry in enumerate(entries):
                if number % 256 == 0:
                    step.advance(number, count)
                if entry.is_link:
                    writer.link(entry.path, entry.data.decode("utf-8", "surrogateescape"))
                else:
                    writer.file(entry.path, entry.data, executable=entry.mode == b"100755")
            writer.finish()
        except RefusedError as error:
            raise self._refused(tree, error) from None
        except UnreadableError as error:
            raise self._broken(error) from None

    def _bring_contents(self, repo: Opened, *revisions: str) -> None:
        """In a clone without contents: all that a tree (or some commits and paths, as rev-list
        takes them) needs, in one request instead of one for each file."""
        if not self._url:
            return
        try:
            listed = repo.git.text("rev-list", "--objects", "--missing=print", *revisions)
            missing = [line[1:] for line in listed.splitlines() if line.startswith("?")]
            if missing:
                with self.reporter.step(f"fetch {len(missing)} files of {self.name}"):
                    repo.git.run(
                        "-c", "fetch.negotiationAlgorithm=noop", "fetch", "origin", "--no-tags",
                        "--no-write-fetch-head", "--filter=blob:none", "--stdin",
                        stdin="".join(f"{sha}\n" for sha in missing).encode(),
                    )  # fmt: skip
        except GitError as error:
            raise self._broken(error) from None

    def _open(self) -> Opened:
        with self._lock:
            if self._opened is None:
                self._opened = self._reach()
                try:
                    self._tags = self._read_tags(self._opened)
                except SourceFailedError:
                    self.close()
                    raise
                if not self._tags and not self._url:
                    self.close()
                    raise UserError(
                        f"{self.name}: no tag in this repository names a kernel",
                        "fetch its tags: git fetch --tags",
                    )
            return self._opened

    def _reach(self) -> Opened:
        if self._url:
            self._clone()
            ours = of_ours(self._folder)
            return Opened(ours, Objects(ours))
        try:
            found = view(self._folder, self.cache, self.reporter)
        except UserError as error:
            raise UserError(f"{self.name}: {error.what}", error.hint) from None
        return Opened(found.runner, Objects(found.runner), found.refs, found.is_partial)

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

    def _read_tags(self, repo: Opened) -> dict[KernelVersion, str]:
        refs = repo.refs
        if refs is None:
            try:
                refs = repo.git.text("for-each-ref", "--format=%(refname)", _TAGS).splitlines()
            except GitError as error:
                raise self._broken(error) from None
        tags, left_out = kernels_of(
            ref.removeprefix(_TAGS) for ref in refs if ref.startswith(_TAGS)
        )
        if not self._url:
            self._answer = Answer(self.name, time.time(), left_out=left_out)
        return {version: f"{_TAGS}{name}" for version, name in tags.items()}

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
                        except GitError as error:
                            if "filter" not in error.stderr:
                                raise
                            step.note(f"{self._url}: cannot leave out contents, cloning all")
                            shutil.rmtree(fresh, ignore_errors=True)
                            clone(self._url, fresh, contents=True)
                except GitError as error:
                    raise SourceFailedError(
                        f"{self.name}: {error.said}", "is the URL right, the network up?"
                    ) from None

    def _fetch_tags(self) -> None:
        repo = self._open()
        with locked(self._folder, self.reporter), self.reporter.step(f"fetch tags of {self._url}"):
            try:
                repo.git.run("fetch", "origin", "--tags", "--no-write-fetch-head", "--no-auto-gc")
            except GitError as error:
                raise SourceFailedError(
                    f"{self.name}: {error.said}", "is the network up?"
                ) from None
            self._tags = self._read_tags(repo)

    def _blob_id(self, repo: Opened, tag: str, path: str) -> str | None:
        if not path or "\n" in path or "\0" in path:
            raise UserError(f"{path!r} is not a path inside a kernel tree")
        try:
            found = repo.objects.header(f"{tag}:{path}")
            if found is None:
                self._check_missing(repo, tag, path)
                return None
        except UnreadableError as error:
            raise self._broken(error) from None
        return found[0] if found[1] == "blob" else None

    def _check_missing(self, repo: Opened, tag: str, path: str) -> None:
        """git says "missing" of a path that the kernel lacks, and of one whose contents or folder
        are lost from a broken repository; the folder that it should stand in tells which."""
        folder, _, name = path.rpartition("/")
        if folder and repo.objects.header(f"{tag}:{folder}") is None:
            self._check_missing(repo, tag, folder)
            return
        mode, _ = self._folder_of(repo, f"{tag}:{folder}").get(name, (_MODULE, ""))
        if mode != _MODULE:
            raise UnreadableError(f"{tag} has {path}, and its contents are lost")

    def _folder_of(self, repo: Opened, name: str) -> dict[str, tuple[str, str]]:
        found = repo.objects.header(name)
        if found and found[1] != "tree":
            return {}
        return repo.objects.tree(name)

    def _object(self, repo: Opened, sha: str) -> bytes:
        try:
            return repo.objects.contents(sha)
        except UnreadableError as error:
            raise self._broken(error) from None

    def _refused(self, tree: str, error: RefusedError) -> SourceFailedError:
        return SourceFailedError(
            f"{self.name}: tree {tree}: refused: {error}",
            "no kernel's tree has that: where does this repository come from?",
        )

    def _broken(self, error: GitError | UnreadableError) -> SourceFailedError:
        is_partial = self._opened is not None and self._opened.is_partial
        self.close()
        said = error.said if isinstance(error, GitError) else error.what
        hint = f"git -C {self._folder} fsck shows what is broken"
        if is_partial:
            said += "; it was cloned without all contents, and zpmaint runs nothing to fetch them"
            hint = f"git -C {self._folder} fetch --refetch --no-filter origin"
        return SourceFailedError(f"{self.name}: git could not read {self._folder}: {said}", hint)


def clone(url: str, folder: Path, *, contents: bool) -> None:
    """A bare clone of `url`; without `contents`, these are fetched when they are asked for.

    Raises GitError."""
    options = [] if contents else ["--filter=blob:none"]
    of_ours(None).run("clone", "--bare", "--quiet", *options, "--", url, str(folder))


def _paths(repo: Opened, mark: str, pair: list[str]) -> list[str]:
    """The files that came (A) or went (D) between two kernels."""
    words = ["-r", "-z", f"--diff-filter={mark}", "--name-only", "--no-renames", *pair]
    return [path for path in repo.git.text("diff-tree", *words).split("\0") if path]


def _renames(repo: Opened, pair: list[str], paths: list[str]) -> dict[str, tuple[str, int]]:
    """By old name the new one and the likeness in percent, of these files alone."""
    words = ["-r", "-z", "-M", "-l0", "--diff-filter=R", "--name-status", *pair]
    told = repo.git.text("diff-tree", *words, "--", *paths).split("\0")
    rows = zip(told[0::3], told[1::3], told[2::3], strict=False)
    return {old: (new, int(how[1:])) for how, old, new in rows}


def _clean(text: str) -> str:
    """A text that can be printed: a subject that is no UTF-8 came as surrogate escapes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
