"""Endpoints: a stack's models as services, and how each is now. The session makes them, renderers show them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Standing(StrEnum):
    """How an endpoint is."""

    READY = "ready"  # all its replicas answer
    ASLEEP = "asleep"  # it has none while nobody asks; the first request starts one
    PARTLY = "partly"  # some of them do
    DOWN = "down"  # none does
    ABSENT = "not made"  # it stands in the stack file, and was not applied
    UNKNOWN = "unknown"  # nobody could be asked


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint. ready, wanted: its replicas. url: within the cluster; empty while it has none.

    traffic: the share of each model, in percent; empty where there is only `model`. why: what `status` says of it.
    """

    name: str
    kind: str
    runtime: str
    model: str = ""
    ready: int = 0
    wanted: int = 0
    url: str = ""
    traffic: Mapping[str, int] = {}
    standing: Standing = Standing.UNKNOWN
    why: str = ""
