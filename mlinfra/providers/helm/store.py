"""The store of charts: `.mlinfra/charts/`, where every archive lies under its digest.

A chart that is there is never fetched again, and what is there is believed only as far as its digest goes: so the
folder can be filled where there is a network, carried to where there is none, and kept by anybody. What a reference
without a digest stood for when it was first fetched is remembered beside it, and holds until it is fetched anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from mlinfra.core.errors import InvalidRequest, NotFound, ProviderError
from mlinfra.core.value import Secret
from mlinfra.providers.helm.chart import Chart, read_chart
from mlinfra.providers.helm.codes import Code
from mlinfra.providers.helm.files import write_whole
from mlinfra.providers.helm.reference import Reference
from mlinfra.providers.helm.registry import fetch_from_registry
from mlinfra.providers.helm.repository import fetch_from_repository
from mlinfra.providers.helm.web import PATIENCE, Credentials

FOLDER = Path(".mlinfra/charts")
SecretSource = Callable[[Secret], str]  # reads one secret; raises ProviderError where it cannot


class ChartStore:
    """See `ChartSource`. Safe to share between threads and processes.

    folder: where archives lie; made when the first one comes. secrets: reads passwords of repositories. patience: the
    seconds that a server is waited for.
    """

    def __init__(self, folder: Path, secrets: SecretSource, *, patience: float = PATIENCE) -> None:
        self._folder, self._secrets, self._patience = folder, secrets, patience

    def chart(self, reference: Reference) -> Chart:
        """The chart that a reference names, fetched where it is not at hand."""
        if reference.path is not None:
            return _matching(read_chart(reference.path), reference)
        return self.at_hand(reference) or self.fetched(reference)

    def at_hand(self, reference: Reference) -> Chart | None:
        """The chart, if nothing need be fetched for it."""
        if reference.path is not None:
            return _matching(read_chart(reference.path), reference)
        digest = reference.digest or self._remembered(reference)
        path = self._folder / f"{digest}.tgz"
        if not digest or not path.exists():
            return None
        chart = read_chart(path)
        if chart.digest != digest:
            path.unlink()  # cut short, or somebody changed it: it is of no use to anybody
            return None
        return _matching(chart, reference)

    def fetched(self, reference: Reference) -> Chart:
        """The chart, fetched anew and kept. Raises `ProviderError` or one of its kinds."""
        fetch = fetch_from_registry if reference.is_oci else fetch_from_repository
        archive = fetch(reference, self._credentials(reference))
        digest = hashlib.sha256(archive).hexdigest()
        if reference.digest not in ("", digest):
            raise _other(reference, digest)
        path = self._folder / f"{digest}.tgz"
        write_whole(path, archive)
        try:
            chart = _matching(read_chart(path), reference)
        except ProviderError:
            path.unlink(missing_ok=True)
            raise
        if not reference.digest:
            write_whole(self._note(reference), json.dumps({"chart": str(reference), "digest": digest}).encode())
        return chart

    def _remembered(self, reference: Reference) -> str:
        try:
            digest = json.loads(self._note(reference).read_text())["digest"]
        except (OSError, ValueError, LookupError, TypeError):
            return ""
        return digest if isinstance(digest, str) and len(digest) == 64 and digest.isalnum() else ""

    def _note(self, reference: Reference) -> Path:
        text = "\n".join((reference.repository, reference.chart, reference.version))
        return self._folder / "versions" / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"

    def _credentials(self, reference: Reference) -> Credentials:
        given = {
            name: self._secrets(value) if isinstance(value, Secret) else str(value)
            for name, value in reference.options.items()
            if value is not None
        }
        return Credentials(
            username=given.get("username", ""),
            password=given.get("password", ""),
            authority=given.get("caFile", ""),
            certificate=given.get("certFile", ""),
            key=given.get("keyFile", ""),
            patience=self._patience,
        )


def _matching(chart: Chart, reference: Reference) -> Chart:
    """The chart, if it is what the reference says. Raises `NotFound` or `InvalidRequest` (MLI5161)."""
    if reference.digest not in ("", chart.digest):
        raise _other(reference, chart.digest)
    if reference.version and reference.version.removeprefix("v") != chart.version.removeprefix("v"):
        raise NotFound(
            f"{reference.chart} is version {chart.version}, not {reference.version}",
            code=Code.NO_CHART,
            hint="change the version in the stack, or the chart",
        )
    return chart


def _other(reference: Reference, found: str) -> InvalidRequest:
    return InvalidRequest(
        f"{reference} is another chart than the one that is pinned: its digest is sha256:{found}, "
        f"not sha256:{reference.digest}",
        code=Code.OTHER_DIGEST,
        hint="nothing is installed of it: find out who changed it; pin the new digest only if it is to be trusted",
    )
