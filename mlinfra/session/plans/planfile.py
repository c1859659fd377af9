"""Plan files: a plan on disk, and all that is needed to apply it.

A plan file holds no secret and needs no stack file; where the stack file is at hand, it must not have changed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from mlinfra.core import codec
from mlinfra.core.errors import PlanError
from mlinfra.core.plan import PLAN_FORMAT, Plan
from mlinfra.core.stack import Stack
from mlinfra.session.codes import Code
from mlinfra.session.connections.road import Road, road_of

_BEGINNING = b'{"capacity":'  # of a plan that is written out: the first of its names


def settings_of(stack: Stack, sets: tuple[str, ...], inputs: tuple[str, ...]) -> dict[str, Any]:
    """What a plan must remember of its stack, so that it can be applied without it."""
    return {
        "target": msgspec.to_builtins(stack.target),
        "state": stack.state,
        "road": msgspec.to_builtins(road_of(stack)),
        "ttl": stack.lifecycle.get("ttl"),
        "extendOnApply": bool(stack.lifecycle.get("extendOnApply")),
        "sets": list(sets),
        "inputs": list(inputs),
    }


def road_of_settings(settings: Mapping[str, Any]) -> Road:
    """How clusters are reached, as a plan remembers it; plans of earlier versions remember less."""
    return msgspec.convert(settings.get("road") or {}, Road)


def write_plan(plan: Plan, path: str) -> None:
    """Write `plan`, readable by its owner alone. Raises `PlanError` where that is not possible.

    What is there and is no plan stays: a slip of the hand must not cost a stack file.
    """
    _spare(path)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            content = codec.encode(plan)
            file.write(content + b"\n" + _digest(content) + b"\n")
    except OSError as error:
        raise PlanError(f"{path} cannot be written: {error.strerror}", code=Code.PLAN_UNWRITABLE) from error


def _spare(path: str) -> None:
    """What an interrupted run left half-written begins like a plan all the same."""
    there = Path(path)
    if there.is_file() and there.stat().st_size and not there.read_bytes().startswith(_BEGINNING):
        raise PlanError(
            f"{path} is there and is no plan file, so it is not overwritten",
            code=Code.PLAN_UNWRITABLE,
            hint="give the plan another name, or remove that file first",
        )


def read_plan(path: str) -> Plan:
    """Read a plan. Raises `PlanError` for what is none, or one of another version's."""
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise PlanError(f"{path} cannot be read: {error.strerror}", code=Code.PLAN_UNREADABLE) from error
    content, _, digest = text.rstrip(b"\n").rpartition(b"\n")
    try:
        plan = codec.decode(content, Plan)
    except (msgspec.MsgspecError, ValueError, LookupError, TypeError, RecursionError) as error:
        hint = "make one with: mlinfra plan STACK --out FILE"
        raise PlanError(f"{path} is no plan file, or a damaged one", code=Code.NO_PLAN, hint=hint) from error
    if plan.format_version != PLAN_FORMAT:
        raise PlanError(
            f"{path} was written by a version of mlinfra with another format of plans ({plan.format_version})",
            code=Code.OTHER_PLAN_FORMAT,
            hint="plan again with this version",
        )
    if digest != _digest(content):
        raise PlanError(
            f"{path} is not as it was written: a plan that was changed is not the plan that was reviewed",
            code=Code.NO_PLAN,
            hint="plan again: mlinfra plan STACK --out FILE",
        )
    return plan


def _digest(content: bytes) -> bytes:
    return b"sha256:" + hashlib.sha256(content).hexdigest().encode()
