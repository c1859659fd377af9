"""Composed documents: JSON that is written as one text, with outputs of resources in it.

Rules look into such texts, since people write policies so in stack files. It takes for granted that an output, an id,
an ARN or an address, holds no quotation mark and no backslash, so that it stays within the string that it stands in.
"""

from __future__ import annotations

import json
import re

from mlinfra.core.value import Concat, Ref, Value

# Characters of private use: where one stands outside of a string, the text is no JSON.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}")


def composed_document(text: Concat) -> Value | None:
    """The document, with an expression wherever an output stands; `None` where it cannot be read yet."""
    written = []
    for index, part in enumerate(text.parts):
        if isinstance(part, Ref):
            written.append(f"{_OPEN}{index}{_CLOSE}")
        elif isinstance(part, str) and _OPEN not in part:
            written.append(part)
        else:
            return None
    try:
        document = json.loads("".join(written))
    except (ValueError, RecursionError):
        return None
    return _restored(document, text.parts)


def _restored(value: Value, parts: tuple[Value, ...]) -> Value:
    match value:
        case str() if _OPEN in value:
            pieces = _MARK.split(value)
            made = [parts[int(piece)] if index % 2 else piece for index, piece in enumerate(pieces)]
            kept = tuple(piece for piece in made if piece != "")
            return kept[0] if len(kept) == 1 else Concat(kept)
        case dict():
            return {_restored(key, parts): _restored(item, parts) for key, item in value.items()}
        case list():
            return [_restored(item, parts) for item in value]
    return value
