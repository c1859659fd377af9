"""Revisions: what a git repository held at two points in its history, as files to read a stack from.

`comparison` calls it. It reads objects alone: no hook, filter or attribute of the repository runs, nothing is checked
out, and the repository is left as it is.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import msgspec

from mlinfra.core.errors import PlanError
from mlinfra.session.codes import Code

_READ = (".yaml", ".yml", ".json")  # what stacks are made of, and what they extend
_FOLDERS = ("modules", "policies")  # of the project, read whole
_LARGEST = 32 * 1024 * 1024  # the loader reads no larger file
_LINK, _FILE = "120000", "100"


class Revision(msgspec.Struct, frozen=True):
    """One commit: `name` as the user said it, `commit` its full hash; both empty for the files as they stand."""

    name: str = ""
    commit: str = ""

    @property
    def label(self) -> str:
        """For people."""
        return f"{self.name} ({self.commit[:12]})" if self.commit else "the files as they stand"


class Tree(msgspec.Struct, frozen=True):
    """The files of one revision. `top` is the repository's root, `here` the directory that the command runs in."""

    revision: Revision
    top: Path
    here: Path


class Repository:
    """The repository around a directory. Raises `PlanError` where there is none, or git cannot read it."""

    def __init__(self, here: Path) -> None:
        self._here = here
        top, prefix = self._git("rev-parse", "--show-toplevel", "--show-prefix", code=Code.NO_REPOSITORY).split("\n")[
            :2
        ]
        self._top, self._prefix = Path(top), PurePosixPath(prefix)

    def find(self, name: str) -> Revision:
        """The commit that `name` names: a branch, a tag, a hash, `main~2`."""
        try:
            commit = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except PlanError as error:
            raise PlanError(
                f"{self._top} has no revision {name!r}", code=Code.NO_REVISION, hint=self._meant(name)
            ) from error
        return Revision(name, commit.strip())

    def fork(self, base: Revision, head: Revision) -> Revision:
        """Where `head` left the history of `base`."""
        other = head.commit or "HEAD"
        try:
            commit = self._git("merge-base", base.commit, other).strip()
        except PlanError as error:
            hint = (
                "fetch more of the history: git fetch --unshallow" if self._is_shallow() else "leave --merge-base out"
            )
            raise PlanError(
                f"{base.name} and {head.name or 'HEAD'} have no commit in common", code=Code.NO_REVISION, hint=hint
            ) from error
        return Revision(f"merge base with {base.name}", commit)

    def place_of(self, file: str) -> PurePosixPath:
        """Where a file named on the command line stands in the repository."""
        full = os.path.normpath(os.path.join(self._top / self._prefix, _resolved(file, self._here)))  # noqa: PTH118
        if not Path(full).is_relative_to(self._top):
            hint = f"the repository is {self._top}"
            raise PlanError(f"{file} lies outside the repository", code=Code.NO_REPOSITORY, hint=hint)
        return PurePosixPath(Path(full).relative_to(self._top).as_posix())

    @contextmanager
    def tree(self, revision: Revision, further: Iterable[PurePosixPath] = ()) -> Iterator[Tree]:
        """The files of a revision that a stack can be made of, and `further` ones, for as long as the context lasts."""
        if not revision.commit:
            yield Tree(revision, self._top, self._here)
            return
        with tempfile.TemporaryDirectory(prefix="mlinfra-diff-") as folder:
            top = Path(folder).resolve()
            here = top / self._prefix
            here.mkdir(parents=True, exist_ok=True)
            self._write(revision, top, frozenset(map(str, further)))
            yield Tree(revision, top, here)

    def _write(self, revision: Revision, top: Path, further: frozenset[str]) -> None:
        wanted = [entry for entry in self._entries(revision) if self._is_wanted(entry, further)]
        contents = self._contents([entry.hash for entry in wanted])
        # Links last, so that nothing is ever written through one.
        for entry, content in sorted(zip(wanted, contents, strict=True), key=lambda pair: pair[0].mode == _LINK):
            path = top / entry.path
            path.parent.mkdir(parents=True, exist_ok=True)
            if entry.mode == _LINK:
                path.symlink_to(os.fsdecode(content))
            else:
                path.write_bytes(content)

    def _entries(self, revision: Revision) -> Iterator[_Entry]:
        for line in self._git("ls-tree", "-r", "-l", "-z", "--full-tree", revision.commit).split("\0"):
            if line:
                about, _, path = line.partition("\t")
                mode, kind, name, size = about.split()
                if kind == "blob" and not {"..", ".", ".git", ""} & set(path.split("/")):
                    yield _Entry(mode, name, int(size), path)

    def _is_wanted(self, entry: _Entry, further: frozenset[str]) -> bool:
        if not (entry.mode == _LINK or entry.mode.startswith(_FILE)) or entry.size > _LARGEST:
            return False
        path = PurePosixPath(entry.path)
        own = any(path.is_relative_to(self._prefix / folder) for folder in _FOLDERS)
        return own or path.suffix in _READ or entry.path in further

    def _contents(self, names: list[str]) -> list[bytes]:
        """What the objects hold, asked for all at once."""
        answer = self._run(("cat-file", "--batch"), "\n".join(names).encode() + b"\n") if names else b""
        contents, at = [], 0
        for _ in names:
            end = answer.index(b"\n", at)
            size = int(answer[at:end].rsplit(b" ", 1)[1])
            contents.append(answer[end + 1 : end + 1 + size])
            at = end + 1 + size + 1
        return contents

    def _meant(self, name: str) -> str:
        if self._is_shallow():
            return f"only a part of the history is here; fetch it: git fetch origin {name}"
        known = self._git("for-each-ref", "--count=8", "--sort=-committerdate", "--format=%(refname:short)").split()
        return f"there is {', '.join(known)}" if known else "nothing has been committed yet"

    def _is_shallow(self) -> bool:
        return self._git("rev-parse", "--is-shallow-repository").strip() == "true"

    def _git(self, *arguments: str, code: Code = Code.GIT_FAILED) -> str:
        return os.fsdecode(self._run(arguments, code=code))

    def _run(self, arguments: tuple[str, ...], given: bytes = b"", code: Code = Code.GIT_FAILED) -> bytes:
        environ = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
        try:
            done = subprocess.run(
                ["git", *arguments], cwd=self._here, env=environ, input=given, capture_output=True, check=False
            )
        except OSError as error:
            hint = "install git, or run where it is"
            raise PlanError("git cannot be run", code=Code.GIT_FAILED, hint=hint) from error
        if done.returncode:
            raise _failed(self._here, os.fsdecode(done.stderr), code)
        return done.stdout


class _Entry(msgspec.Struct, frozen=True):
    """One file of a revision."""

    mode: str
    hash: str
    size: int
    path: str


def _failed(here: Path, said: str, code: Code) -> PlanError:
    words = next((line for line in said.splitlines() if line.startswith("fatal:")), said.strip())
    words = words.removeprefix("fatal: ")
    if code is Code.NO_REPOSITORY and "not a git repository" in words:
        hint = "two revisions are compared: run it within a clone of the repository that the stack is in"
        return PlanError(f"{here.resolve()} is in no git repository", code=code, hint=hint)
    return PlanError(
        f"git: {words or 'failed, and did not say why'}", code=code, hint="mend what git says, and try again"
    )


def _resolved(file: str, here: Path) -> str:
    """A path below the directory that git calls by another name, where it is reached through links."""
    return str(Path(file).resolve()) if Path(file).is_absolute() else file
