"""Concealing: the fields of a change without the secrets that are written out in them.

The planner, and whoever tells what a change carries with it, shows no reviewer what a rule would refuse: a comment, a
log and a page would hold it for ever. What is applied is in the steps, which nobody reads.
"""

from __future__ import annotations

import msgspec

from mlinfra.core.plan import Field
from mlinfra.core.value import Path, Properties
from mlinfra.core.written_secrets import concealed, is_secret_at, written_secrets


def concealed_fields(fields: tuple[Field, ...], desired: Properties, observed: Properties) -> tuple[Field, ...]:
    """The fields, each without the secrets in it: by its text, by its name, or by what stands beside it."""
    if not fields:
        return fields
    paths = {*written_secrets(desired), *written_secrets(observed)}
    return tuple(_concealed(field, paths) for field in fields)


def _concealed(field: Field, paths: set[Path]) -> Field:
    before, after = concealed(field.before), concealed(field.after)
    untouched = before is field.before and after is field.after
    named = is_secret_at(field.path, field.before) or is_secret_at(field.path, field.after)
    within = any(field.path[: len(path)] == path for path in paths if len(path) < len(field.path))
    if named or within or (untouched and field.path in paths):  # what is beside it says what it is
        return msgspec.structs.replace(field, secret=True)
    return field if untouched else msgspec.structs.replace(field, before=before, after=after)
