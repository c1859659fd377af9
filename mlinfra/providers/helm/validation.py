"""Validation: what is wrong with a release before anything is asked of a cluster.

Its values are rendered with the chart, which checks them against the chart's own schema and says what it requires. What
is not known yet cannot be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlinfra.core.address import Address
from mlinfra.core.ownership import Owner
from mlinfra.core.provider import Target
from mlinfra.core.value import Path, Properties, Secret, Value, expressions, path_text
from mlinfra.providers.helm.helm import Capabilities, HelmError
from mlinfra.providers.helm.release_type import RELEASE
from mlinfra.providers.helm.silent import Silent
from mlinfra.providers.helm.unknown import stood_in
from mlinfra.providers.helm.work import Means, Work

SECRET_HINT = (
    "Helm stores values in the cluster in the clear: let the chart read an existing Secret (most have a value like "
    "existingSecret), and have that made from your secret store, by External Secrets"
)

_OFFENCE = re.compile(r"^- at '(?P<pointer>[^']*)': (?P<said>.*)$")
_CHART = re.compile(r"^(?P<chart>[A-Za-z0-9._-]+):$")
_NOBODY = Owner("none", "none", Address("none"))


def complaints(means: Means, properties: Properties) -> Iterator[str]:
    """What is wrong with the properties of a release, each in a sentence."""
    for path in secret_paths(properties.get("values") or {}):
        yield f"{path_text(('values', *path))} is a secret. {SECRET_HINT}"
    values, unknown = stood_in(properties.get("values") or {})
    named = {"name": "release", **{name: value for name, value in properties.items() if not expressions(value)}}
    target = Target(address=_NOBODY.address, type=RELEASE, owner=_NOBODY, properties=named)
    work = Work(target, means, Silent(), Capabilities())
    try:
        work.helm.render(work.wish(0, values=values), work.capabilities, upgrade=False)
    except HelmError as error:
        offences = list(_offences(str(error), work.chart.name))
        if not offences and not unknown:
            yield " ".join(str(error).split())
        for path, said in offences:
            if not any(path[: len(one)] == one or one[: len(path)] == path for one in unknown):
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
