"""Charts of a session: as they come, and in the sandbox as their modules' contracts describe them, where none comes.

A rehearsal needs no network. What stands in for a chart is said in the plan.
"""

from __future__ import annotations

import threading
from pathlib import Path

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import ProviderError
from mlinfra.library.library import Library
from mlinfra.library.stand_in import stand_in
from mlinfra.providers.helm.chart import Chart, read_chart
from mlinfra.providers.helm.codes import Code as Unreachable
from mlinfra.providers.helm.reference import Reference
from mlinfra.providers.helm.store import FOLDER, ChartStore, SecretSource
from mlinfra.providers.helm.web import PATIENCE
from mlinfra.session.codes import Code

_STAND_INS = "stand-ins"
_BRIEF = 5.0  # seconds for whoever has a chart to answer, where something else will do


class Charts:
    """A `ChartSource`. `rehearsed`: what cannot be fetched is stood in for, if a contract of `library` tells of it."""

    def __init__(self, library: Library, root: Path, secrets: SecretSource, *, rehearsed: bool) -> None:
        self._library, self._rehearsed = library, rehearsed
        self._store = ChartStore(root / FOLDER, secrets, patience=_BRIEF if rehearsed else PATIENCE)
        self._folder = root / FOLDER / _STAND_INS
        self._lock = threading.Lock()
        self._stood_in: set[str] = set()

    def chart(self, reference: Reference) -> Chart:
        """The chart, or what stands in for it. Raises `ProviderError` or one of its kinds."""
        if not self._rehearsed or reference.path is not None:
            return self._store.chart(reference)
        found = self._store.at_hand(reference) or self._rehearsal(reference)
        if found is not None:
            return found
        try:
            return self._store.fetched(reference)
        except ProviderError as error:
            # One that can be had and is not the right one is a mistake also in a rehearsal.
            made = self._make(reference) if error.code == Unreachable.NO_REPOSITORY else None
            if made is None:
                raise
            return made

    def notes(self) -> tuple[Diagnostic, ...]:
        """What stood in for charts so far."""
        if not self._stood_in:
            return ()
        return (
            Diagnostic(
                severity=Severity.NOTE,
                code=Code.STOOD_IN,
                summary=f"stood in for by objects made from contracts: {', '.join(sorted(self._stood_in))}",
                detail="These charts are not at hand and cannot be fetched; what they do besides is not rehearsed.",
                hint="mlinfra charts pull STACK fetches them, where there is a network",
            ),
        )

    def _rehearsal(self, reference: Reference) -> Chart | None:
        """A stand-in that was made before, as its contract is by now."""
        path = self._path(reference)
        if not (path / "Chart.yaml").is_file():
            return None
        return self._make(reference) or self._noted(read_chart(path))

    def _make(self, reference: Reference) -> Chart | None:
        files = stand_in(self._library, _name(reference), reference.version)
        if files is None:
            return None
        path = self._path(reference)
        with self._lock:
            # The chart's own description last: whoever sees it sees all.
            for name, text in sorted(files.items(), key=lambda pair: pair[0] == "Chart.yaml"):
                if not (path / name).is_file() or (path / name).read_text() != text:
                    (path / name).parent.mkdir(parents=True, exist_ok=True)
                    (path / name).write_text(text)
        return self._noted(read_chart(path))

    def _noted(self, chart: Chart) -> Chart:
        self._stood_in.add(f"{chart.name} {chart.version}")
        return chart

    def _path(self, reference: Reference) -> Path:
        return self._folder / f"{_name(reference)}-{reference.version}"


def _name(reference: Reference) -> str:
    return reference.chart.rpartition("/")[2]
