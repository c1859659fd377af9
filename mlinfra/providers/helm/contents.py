"""Contents: the objects that a chart renders to with a release's values, for those who judge what would run.

Hooks are among them: their pods run too. Values that are not known yet come out as expressions, wherever they show.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.address import Address
from mlinfra.core.errors import ProviderError
from mlinfra.core.value import Properties, Ref
from mlinfra.documents.stream import UnreadableError
from mlinfra.providers.helm.helm import HelmError
from mlinfra.providers.helm.manifest import read_templates
from mlinfra.providers.helm.rehearsal import Rehearsal
from mlinfra.providers.helm.unknown import is_stand_in
from mlinfra.providers.helm.work import Means

_UNKNOWN = Ref(Address("values"), ("value",))


def objects_of(means: Means, properties: Properties) -> list[Properties]:
    """Every object, with the namespace that it will stand in; none if the chart fails, which is told elsewhere."""
    rehearsal = Rehearsal(means, properties)
    try:
        pieces = read_templates(rehearsal.render(check=False).templates, rehearsal.namespace)
    except (HelmError, UnreadableError, ProviderError):
        return []
    found = []
    for piece in pieces:
        metadata = {**(piece.content.get("metadata") or {}), "namespace": piece.namespace}
        found.append(_opened({**piece.content, "metadata": metadata}))
    return found


def _opened(value: Any) -> Any:
    """The same, with an expression in the place of each stand-in."""
    if isinstance(value, dict):
        return {_UNKNOWN if is_stand_in(name) else name: _opened(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_opened(item) for item in value]
    return _UNKNOWN if is_stand_in(value) else value
