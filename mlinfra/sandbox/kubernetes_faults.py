"""The rules and the log of a simulated account, as they act on the Kubernetes APIs of its clusters.

To rules and log, such a call is one of the service `kubernetes`; its operation is `patch:deployments.apps/scale`, or
`get:` for a path that is no resource. What a cluster does by itself can be kept from it too: `call:webhook` and
`finalize:services`. Composed by `kubernetes_endpoints`.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence

from mlinfra.core.clock import Clock
from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.connection import process_of
from mlinfra.sandbox.calls import CallRecord
from mlinfra.sandbox.faults import FaultKind, FaultRule, Occasion
from mlinfra.sandbox.garbling import garbled
from mlinfra.sandbox.kubernetes.faults import DROPPED, Attendant, Call, Effect, Fault, Obstacles, Serve
from mlinfra.sandbox.kubernetes.requests import Response

SERVICE = "kubernetes"
_READING = ("get", "head", "list", "options", "watch")
_ASKING = ("authentication.k8s.io", "authorization.k8s.io")  # creating a review changes nothing
_HINDERING = frozenset(
    {FaultKind.THROTTLE, FaultKind.ERROR, FaultKind.DENIED, FaultKind.QUOTA, FaultKind.TIMEOUT, FaultKind.RESET}
)


def attendant(account: Account, cluster: str) -> Attendant:
    """Lets the account's rules strike each call to a cluster, and its log take note of it."""

    def attend(call: Call, serve: Serve) -> Response:
        mutating = not (call.dry_run or call.verb in _READING or call.resource.endswith(_ASKING))
        rules = account.faults(Occasion(SERVICE, call.operation, mutating, _detail(call, cluster)))
        began, status = account.clock.monotonic(), 0
        try:
            response = _damaged(account.clock, rules, call, serve)
            status = response.status
            return response
        finally:
            account.calls.add(
                CallRecord(
                    service=SERVICE,
                    operation=call.operation if call.resource else f"{call.verb}:{call.path}",
                    mutating=mutating,
                    began=began,
                    seconds=account.clock.monotonic() - began,
                    status=status,
                    fault=",".join(f"{rule.kind}-{rule.when}" for rule in rules),
                )
            )

    return attend


def obstacles(account: Account, cluster: str) -> Obstacles:
    """Lets the account's rules keep a cluster from what it does by itself."""

    def ask(operation: str, detail: Mapping[str, str]) -> str | None:
        rule = account.fault(_HINDERING, SERVICE, operation, {**detail, "cluster": cluster})
        return None if rule is None else rule.message

    return ask


def _detail(call: Call, cluster: str) -> dict[str, str]:
    told = {"cluster": cluster, "namespace": call.namespace, "name": call.name, "path": call.path}
    return {**told, "resource": call.resource, "subresource": call.subresource}


def _damaged(clock: Clock, rules: Sequence[FaultRule], call: Call, serve: Serve) -> Response:
    """What the caller gets; status 0 where that is nothing."""
    for rule in rules:
        if not rule.comes_after and (instead := _strike(clock, rule, call)) is not None:
            return instead
    response = serve()
    for rule in rules:
        if rule.comes_after and (instead := _strike(clock, rule, call, response)) is not None:
            response.close()
            return instead
    return response


def _strike(clock: Clock, rule: FaultRule, call: Call, answered: Response | None = None) -> Response | None:
    if rule.kind is FaultKind.RESET:
        return DROPPED
    if rule.kind is FaultKind.GARBLED:
        body, content_type = garbled(rule, None if answered is None else answered.body)
        status = rule.status or (200 if answered is None else answered.status)
        return Response(status, body, content_type or "application/json")
    if rule.kind is FaultKind.KILL:
        return _kill(rule.pid or process_of(call.port))
    if rule.kind is FaultKind.LATENCY:
        clock.sleep(rule.seconds)
    if rule.kind is FaultKind.TIMEOUT:
        time.sleep(rule.seconds)  # whatever the clock of the account says, as for calls to AWS
    fault = _refusal(rule)
    return None if fault is None else fault.strike(lambda: DROPPED)


def _kill(victim: int) -> Response:
    if victim and victim != os.getpid():
        os.kill(victim, signal.SIGKILL)
    return DROPPED


def _refusal(rule: FaultRule) -> Fault | None:
    """What the API says of a call that it does not serve; None for rules that refuse nothing."""
    code, message, reason = {
        FaultKind.THROTTLE: (429, "the server has received too many requests and has asked us to try again later", ""),
        FaultKind.DENIED: (403, "access denied", "Forbidden"),
        FaultKind.QUOTA: (403, "exceeded quota", "Forbidden"),
        FaultKind.ERROR: (500, "an internal error has occurred", "InternalError"),
        FaultKind.TIMEOUT: (504, "request did not complete within the requested timeout", "Timeout"),
    }.get(rule.kind, (0, "", ""))
    if not code:
        return None
    wait = 1 if rule.kind is FaultKind.THROTTLE else None
    plain = rule.status in (0, code)  # another status has another reason, which follows from it
    told = rule.code or (reason if plain else "") or None
    return Fault(Effect.STATUS, rule.status or code, rule.message or message, told, wait)
