"""JSON patch, RFC 6902. Called by the PATCH verb. Pure."""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.values import Json, Object, clone

_ABSENT = object()


def json_patch(document: Json, operations: Json) -> Json:
    """Give the document after all operations; 422 when one cannot be done, 400 when it is no patch."""
    if not isinstance(operations, list) or not all(isinstance(item, dict) for item in operations):
        raise ApiError(400, "a JSON patch is a list of operations")
    document = clone(document)
    for operation in operations:
        document = _apply(document, operation)
    return document


def _apply(document: Json, operation: Object) -> Json:
    name, path = operation.get("op"), _pointer(operation.get("path", ""))
    if name == "test":
        found = _get(document, path)
        if found is _ABSENT or found != operation.get("value"):
            raise _impossible(f"testing value {operation.get('path')} failed")
        return document
    if name == "remove":
        return _remove(document, path)
    if name in ("move", "copy"):
        source = _pointer(operation.get("from", ""))
        value = _get(document, source)
        if value is _ABSENT:
            raise _impossible(f"{name} operation does not apply: doc is missing from path: {operation.get('from')}")
        return _add(_remove(document, source) if name == "move" else document, path, clone(value))
    if name == "add":
        return _add(document, path, operation.get("value"))
    if name == "replace":
        if _get(document, path) is _ABSENT:
            raise _impossible(f"replace operation does not apply: doc is missing key: {operation.get('path')}")
        return operation.get("value") if not path else _set(document, path, operation.get("value"))
    raise ApiError(400, f'"{name}" is not an operation of JSON patch')


def _pointer(text: Json) -> list[str]:
    if not isinstance(text, str):
        raise ApiError(400, "the path of a JSON patch is text")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _get(document: Json, path: list[str]) -> Json:
    for step in path:
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        else:
            return _ABSENT
    return document


def _parent(document: Json, path: list[str]) -> Json:
    parent = _get(document, path[:-1])
    if not isinstance(parent, (dict, list)):
        raise _impossible(f"doc is missing path: /{'/'.join(path)}")
    return parent


def _set(document: Json, path: list[str], value: Json) -> Json:
    parent = _parent(document, path)
    parent[int(path[-1]) if isinstance(parent, list) else path[-1]] = value
    return document


def _add(document: Json, path: list[str], value: Json) -> Json:
    if not path:
        return value
    parent, last = _parent(document, path), path[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif last == "-":
        parent.append(value)
    elif last.isdigit() and int(last) <= len(parent):
        parent.insert(int(last), value)
    else:
        raise _impossible(f"add operation does not apply: invalid index {last}")
    return document


def _remove(document: Json, path: list[str]) -> Json:
    if not path or _get(document, path) is _ABSENT:
        raise _impossible(f"remove operation does not apply: doc is missing path: /{'/'.join(path)}")
    parent = _parent(document, path)
    del parent[int(path[-1]) if isinstance(parent, list) else path[-1]]
    return document


def _impossible(why: str) -> ApiError:
    return ApiError(422, f"the server rejected our request due to an error in our request: {why}", "Invalid")
