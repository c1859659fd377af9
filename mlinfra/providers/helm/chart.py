"""Charts on this machine: what a folder or an archive says that it is, and the digest that pins it.

An archive is pinned by the SHA-256 of its bytes, as in the indexes of chart repositories and in the layers of OCI
registries. A folder has no archive: its digest is that of the names and contents of its files. Nothing is unpacked
here, and nothing is believed of an archive that is larger than charts are.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from mlinfra.core.errors import InvalidRequest
from mlinfra.documents.stream import UnreadableError, read_stream
from mlinfra.providers.helm.codes import Code

STAND_IN = "mlinfra.io/stand-in"
LARGEST = 64 * 1024 * 1024  # bytes, packed; the largest public charts have some 2 MiB
_LARGEST_FILE = 16 * 1024 * 1024
_ASKS = b".Capabilities.KubeVersion"


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A chart at hand.

    digest: hexadecimal. kubernetes: the versions that it runs on, in Helm's own notation. is_stand_in: whether it only
    stands in for what could not be fetched.
    """

    name: str
    version: str
    digest: str
    path: Path
    app_version: str = ""
    kubernetes: str = ""
    is_stand_in: bool = False

    @property
    def pin(self) -> str:
        """The version that means this very chart and no other."""
        return f"{self.version}@sha256:{self.digest}"


def read_chart(path: Path) -> Chart:
    """The chart in a folder or archive. Raises `InvalidRequest` (MLI5163) where there is none."""
    try:
        about = _about(path)
        digest = _folder_digest(path) if path.is_dir() else _file_digest(path)
    except (OSError, tarfile.TarError, EOFError, UnreadableError, UnicodeDecodeError) as error:
        raise broken(path, str(error)) from error
    name, version = about.get("name"), about.get("version")
    if not isinstance(name, str) or not name or not isinstance(version, str | int | float):
        raise broken(path, "its Chart.yaml has no name, or no version")
    return Chart(
        name=name,
        version=str(version),
        digest=digest,
        path=path,
        app_version=str(about.get("appVersion") or ""),
        kubernetes=str(about.get("kubeVersion") or ""),
        is_stand_in=STAND_IN in (about.get("annotations") or {}),
    )


def adapts(chart: Chart) -> bool:
    """Whether what a chart renders to hangs on the version of Kubernetes, as far as its templates say."""
    if chart.path.is_dir():
        return any(_ASKS in file.read_bytes() for _, file in _files(chart.path))
    with tarfile.open(chart.path, "r:gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isreg() and member.size <= _LARGEST_FILE else None
            if file is not None and _ASKS in file.read():
                return True
    return False


def brings_crds(chart: Chart) -> bool:
    """Whether a crds/ folder stands anywhere in a chart, or in one packed within it."""
    if chart.path.is_dir():
        names = [name for name, _ in _files(chart.path)]
    else:
        with tarfile.open(chart.path, "r:gz") as archive:
            names = archive.getnames()
    return any("crds" in name.split("/")[:-1] or name.endswith((".tgz", ".tar.gz")) for name in names)


def broken(path: Path | str, why: str) -> InvalidRequest:
    """What is said of something that should be a chart."""
    hint = "a chart is a folder with a Chart.yaml, or an archive of one as `helm package` makes it"
    return InvalidRequest(f"{path} is no chart: {why}", code=Code.BROKEN_CHART, hint=hint)


def _about(path: Path) -> Mapping[str, Any]:
    text = (path / "Chart.yaml").read_text() if path.is_dir() else _member(path)
    documents = read_stream(text, budget=10_000)
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise UnreadableError("its Chart.yaml is no mapping")
    return documents[0]


def _member(path: Path) -> str:
    """The Chart.yaml of an archive: the one right below its one folder."""
    if path.stat().st_size > LARGEST:
        raise UnreadableError(f"it has more than {LARGEST} bytes")
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            parts = PurePosixPath(member.name).parts
            if member.isreg() and len(parts) == 2 and parts[1] == "Chart.yaml":
                file = archive.extractfile(member)
                assert file is not None  # of a regular file there always is one
                return file.read(_LARGEST_FILE).decode()
    raise UnreadableError("it holds no Chart.yaml")


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder_digest(path: Path) -> str:
    whole = hashlib.sha256()
    for name, file in sorted(_files(path)):
        content = file.read_bytes()
        whole.update(f"{name}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """The files that make a chart what it is: hidden ones and what editors leave behind are not among them."""
    for file in path.rglob("*"):
        parts = file.relative_to(path).parts
        if file.is_file() and not any(part.startswith(".") or part.endswith("~") for part in parts):
            yield "/".join(parts), file
