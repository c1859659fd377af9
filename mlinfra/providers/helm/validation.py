"""Validation: what is wrong with a release before anything is asked of a cluster.

Its values are rendered with the chart, which checks them against the chart's own schema and says what it requires. What
is not known yet cannot be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlinfra.core.value import Path, Properties, Secret, Value, expressions, path_text
from mlinfra.providers.helm.helm import HelmError
from mlinfra.providers.helm.rehearsal import Rehearsal
from mlinfra.providers.helm.work import Means

SECRET_HINT = (
    "Helm stores values in the cluster in the clear: let the chart read an existing Secret (most have a value like "
    "existingSecret), and have that made from your secret store, by External Secrets"
)

_OFFENCE = re.compile(r"^- at '(?P<pointer>[^']*)': (?P<said>.*)$")
_CHART = re.compile(r"^(?P<chart>[A-Za-z0-9._-]+):$")


def complaints(means: Means, properties: Properties) -> Iterator[str]:
    """What is wrong with the properties of a release, each in a sentence."""
    for path in secret_paths(properties.get("values") or {}):
        yield f"{path_text(('values', *path))} is a secret. {SECRET_HINT}"
    rehearsal = Rehearsal(means, properties)
    try:
        rehearsal.render()
    except HelmError as error:
        offences = list(_offences(str(error), rehearsal.chart))
        if not offences and not rehearsal.unknown:
            yield " ".join(str(error).split())
        for path, said in offences:
            if not rehearsal.covers(path):
                yield f"{path_text(('values', *path))}: {said}"


def secret_paths(value: Value, path: Path = ()) -> Iterator[Path]:
    """Where in some values something secret stands."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from secret_paths(item, (*path, str(key) if isinstance(key, str) else "?"))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from secret_paths(item, (*path, index))
    elif any(isinstance(one, Secret) for one in expressions(value)):
        yield path


def _offences(words: str, chart: str) -> Iterator[tuple[Path, str]]:
    """What a schema says is wrong, in Helm's words: a line for each, under the name of the chart or subchart."""
    above: Path = ()
    for line in words.splitlines():
        if heading := _CHART.match(line):
            above = () if heading["chart"] == chart else (heading["chart"],)
        elif offence := _OFFENCE.match(line):
            parts = [part.replace("~1", "/").replace("~0", "~") for part in offence["pointer"].split("/")[1:]]
            yield (*above, *(int(part) if part.isdigit() else part for part in parts)), offence["said"]
