"""JSON merge patch, RFC 7386. Called by the store and by the PATCH verb."""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.values import Json


def merge_patch(target: Json, patch: Json) -> Json:
    """Give the target with the patch merged in: null removes a key, maps merge, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
