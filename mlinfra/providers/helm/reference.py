"""References: which chart a release is of, as its properties say it.

A chart comes from a folder or archive on this machine, from a repository (`repositoryOpts.repo` and a name), or from an
OCI registry (`oci://HOST/PATH/NAME`). Pulumi's schema has no place for a digest, so the version carries it:
`1.16.2@sha256:...`, as image references do.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from mlinfra.core.errors import InvalidRequest
from mlinfra.core.value import Properties, Secret, is_known
from mlinfra.providers.helm.codes import Code

OCI = "oci://"
_PIN = re.compile(r"(?P<version>[^@\s]*)(?:@sha256:(?P<digest>[0-9a-f]{64}))?")


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Which chart. One of `path`, `repository` and an `oci` chart says where from.

    digest: hexadecimal, empty where nothing is pinned. options: `repositoryOpts` without `repo`; a password may be a
    reference to a secret.
    """

    chart: str
    version: str = ""
    digest: str = ""
    repository: str = ""
    path: Path | None = None
    options: Properties = {}

    @property
    def is_oci(self) -> bool:
        """Whether a registry has it."""
        return self.chart.startswith(OCI)

    def __str__(self) -> str:
        """What people call it."""
        where = f" of {self.repository}" if self.repository else ""
        version = f" {self.version}" if self.version else ""
        return f"{self.chart}{version}{where}"


def reference_of(properties: Properties, root: Path) -> Reference:
    """The chart that a release names; relative paths are below `root`. Raises `InvalidRequest` (MLI5164)."""
    chart, options = properties.get("chart"), dict(properties.get("repositoryOpts") or {})
    if not isinstance(chart, str) or not chart:
        raise _bad(
            "chart has to say which chart it is", "name a folder, an archive, a chart of a repository, or oci://"
        )
    version, digest = _pin(properties.get("version") or "")
    repository = options.pop("repo", None) or ""
    if not all(is_known(value) or isinstance(value, Secret) for value in [repository, *options.values()]):
        raise _bad(f"where {chart} comes from is not known before the apply", "write it out in the stack")
    if repository.startswith(OCI):
        chart, repository = f"{repository.rstrip('/')}/{chart}", ""
    found = Reference(chart=chart, version=version, digest=digest, repository=repository, options=options)
    if repository or found.is_oci:
        if not version:
            raise _bad(f"{chart} has no version", "pin it: version: 1.2.3, or 1.2.3@sha256:... for that very archive")
        return found
    path = root / chart
    if not path.exists():
        hint = "name an existing folder or archive, give repositoryOpts.repo, or a reference that begins with oci://"
        raise _bad(f"{chart} is no folder and no archive in {root.resolve()}, and no repository is named", hint)
    return msgspec.structs.replace(found, path=path)


def _pin(text: Any) -> tuple[str, str]:
    match = _PIN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise _bad(f"{text} is no version", "a version is like 1.2.3, or 1.2.3@sha256: and 64 hexadecimal digits")
    return match["version"], match["digest"] or ""


def _bad(what: str, hint: str) -> InvalidRequest:
    return InvalidRequest(what, code=Code.BAD_REFERENCE, hint=hint)
