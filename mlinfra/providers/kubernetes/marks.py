"""Marks: how an object in a cluster says whose it is.

Labels carry what objects are found by, in the form that labels must have; annotations say it in full, and which very
object they were written on: controllers copy the labels and annotations of an object to what they make of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from mlinfra.core import ownership
from mlinfra.core.ownership import Owner, owner_of

PREFIX = "mlinfra.io/"
STACK = PREFIX + "stack"
LINEAGE = PREFIX + "lineage"
ADDRESS = PREFIX + "address"
OBJECT = PREFIX + "object"
MANAGED_BY = "app.kubernetes.io/managed-by"

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
# What clients keep for themselves; it repeats the object, the data of a Secret included.
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def label_value(text: str) -> str:
    """`text` where it may be the value of a label, else a digest of it (at most 63 characters)."""
    return text if _LABEL.fullmatch(text) else _digest(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def selector(stack: str) -> str:
    """Selects what says that it is of a stack, whichever its lineage."""
    return f"{STACK}={label_value(stack)}"


def labels_of(owner: Owner) -> dict[str, str]:
    """The labels that say whose an object is."""
    return {
        STACK: label_value(owner.stack),
        LINEAGE: label_value(owner.lineage),
        ADDRESS: _digest(str(owner.address)),
    }


def notes_of(owner: Owner, token: str, id: str) -> dict[str, str]:
    """The annotations that say it in full, of the object `id` of type `token`."""
    tags = {PREFIX + key.removeprefix(ownership.PREFIX): value for key, value in owner.tags().items()}
    return {**tags, OBJECT: f"{token} {id}"}


def marked_as(metadata: Mapping[str, Any]) -> tuple[str, str]:
    """The type and the id that an object's own annotation names; empty where there is none."""
    token, _, identity = str((metadata.get("annotations") or {}).get(OBJECT, "")).partition(" ")
    return token, identity


def owner_in(metadata: Mapping[str, Any], id: str) -> Owner | None:
    """Whom an object's marks name. Marks that are incomplete, contradict each other or were copied name nobody."""
    written = metadata.get("annotations") or {}
    tags = {ownership.PREFIX + key.removeprefix(PREFIX): value for key, value in written.items() if _is_ours(key)}
    owner = owner_of(tags)
    if owner is None or marked_as(metadata)[1] != id:
        return None
    shown = metadata.get("labels") or {}
    return owner if all(shown.get(key) == value for key, value in labels_of(owner).items()) else None


def others(written: Mapping[str, str]) -> dict[str, str]:
    """Labels or annotations without ours, and without what repeats the object."""
    return {key: value for key, value in written.items() if not _is_ours(key) and key != _LAST_APPLIED}


def _is_ours(key: str) -> bool:
    return key.startswith(PREFIX)
