"""The JSON paths of printer columns: `.spec.ports[0].port`, `.status.conditions[?(@.type=="Ready")].status`.

Called by `tables`. Pure. It is the subset that CustomResourceDefinitions use; what it cannot read finds nothing.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from mlinfra.sandbox.kubernetes.values import Json

_STEP = re.compile(
    r"""\.(?P<field>(?:\\.|[^.\[\]\\])+)
      | \[(?P<index>-?\d+)\]
      | \[(?P<star>\*)\]
      | \['(?P<quoted>[^']*)'\]
      | \[\?\(@\.(?P<key>[\w./-]+)\s*==\s*(?P<value>"[^"]*"|'[^']*'|[\w.-]+)\)\]""",
    re.VERBOSE,
)


def find_first(value: Json, path: str) -> Json:
    """Give the first value at a path, or None."""
    found = [value]
    for name, text in _steps(path):
        found = [item for parent in found for item in _step(parent, name, text)]
    return found[0] if found else None


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[tuple[str, str], ...]:
    steps: list[tuple[str, str]] = []
    for match in _STEP.finditer(path if path.startswith((".", "[")) else f".{path}"):
        if match["key"]:
            steps.append(("filter", f"{match['key']}={match['value']}"))
        else:
            name = next(name for name in ("field", "index", "star", "quoted") if match[name] is not None)
            steps.append((name, match[name].replace("\\.", ".")))
    return tuple(steps)


def _step(parent: Json, name: str, text: str) -> list[Json]:
    if name in ("field", "quoted"):
        return [parent[text]] if isinstance(parent, dict) and text in parent else []
    if not isinstance(parent, list):
        return list(parent.values()) if name == "star" and isinstance(parent, dict) else []
    if name == "index":
        return parent[int(text) :][:1]
    if name == "star":
        return parent
    key, _, value = text.partition("=")
    wanted = value[1:-1] if value[0] in "'\"" else json.loads(value) if value in ("true", "false") else value
    return [item for item in parent if isinstance(item, dict) and _matches(item.get(key), wanted)]


def _matches(found: Json, wanted: Json) -> bool:
    return found == wanted or (not isinstance(found, bool) and str(found) == str(wanted))
