"""The rules of a load balancer that is its own gateway: which requests go to whose pods.

Hosts tell services apart, so that the order in which rules are asked means nothing; each needs a number of its own all
the same. It follows from the rule's name, so that one that comes or goes leaves the others what they have.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from mlinfra.core.value import Properties, Value
from mlinfra.library import Scope
from mlinfra.library.outputs import Exposure

_RULE = "aws:lb/listenerRule:ListenerRule"
# Elastic Load Balancing, "Listener rules" (November 2026): numbers from 1 to 50,000, three patterns in a condition.
_NUMBERS = 50_000
_PATTERNS = 3


def add_rules(scope: Scope, listener: Value, exposed: Iterable[Exposure]) -> None:
    """Add one for each, or several where there are many paths."""
    parts = {
        f"rule.{one.name}{f'.{index}' if index else ''}": (one, one.paths[index : index + _PATTERNS])
        for one in exposed
        for index in range(0, max(len(one.paths), 1), _PATTERNS)
    }
    numbers = _numbers(parts)
    for name, (one, paths) in parts.items():
        conditions: list[Properties] = [{"hostHeader": {"values": [one.host]}}]
        if paths:
            conditions.append({"pathPattern": {"regexValues": list(paths)}})
        properties: Properties = {
            "listenerArn": listener,
            "priority": numbers[name],
            "conditions": conditions,
            "actions": _actions(one),
        }
        scope.add(name, _RULE, properties)


def _numbers(names: Iterable[str]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for name in sorted(names):
        number = int.from_bytes(sha256(name.encode()).digest()[:4]) % _NUMBERS + 1
        while number in numbers.values():
            number = number % _NUMBERS + 1
        numbers[name] = number
    return numbers


def _actions(one: Exposure) -> list[Properties]:
    if one.sign_in is None:
        return [_forward(one)]
    asking: Properties = {"type": "authenticate-oidc", "order": 1, "authenticateOidc": one.sign_in}
    return [asking, {**_forward(one), "order": 2}]


def _forward(one: Exposure) -> Properties:
    if len(one.targets) == 1:
        ((arn, _),) = one.targets
        return {"type": "forward", "targetGroupArn": arn}
    groups = [{"arn": arn, "weight": weight} for arn, weight in one.targets]
    return {"type": "forward", "forward": {"targetGroups": groups}}
