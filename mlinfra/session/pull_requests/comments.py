"""Comments on pull requests, as a session posts them: the environment says where, and with which token."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlinfra.core.clock import Clock, SystemClock
from mlinfra.forge.surroundings import place_of, thread_of
from mlinfra.forge.thread import keep, mark_of


class Posted(msgspec.Struct, frozen=True):
    """What was done with the comment, `posted`, `updated` or `as it was`, and on which pull request."""

    done: str
    place: str


def post_comment(
    body: str,
    environ: Mapping[str, str],
    *,
    forge: str = "",
    repository: str = "",
    number: int | None = None,
    clock: Clock | None = None,
) -> Posted:
    """Let a pull request bear `body` as the one comment with its mark. Raises `ProviderError`."""
    mark_of(body)
    place = place_of(environ, forge=forge, repository=repository, number=number)
    kept = keep(thread_of(place, environ), body, clock or SystemClock())
    return Posted(kept.value, str(place))
