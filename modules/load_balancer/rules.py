"""The rules of a load balancer that is its own gateway: which requests go to whose pods.

Hosts tell services apart, so that the order in which rules are asked means nothing but within one of them, where it is
said; each needs a number of its own all the same. It follows from the rule's name, so that one that comes or goes
leaves the others what they have; those that are asked in turn have numbers of their turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256

from mlinfra.core.value import Properties, Value
from mlinfra.library import Scope
from mlinfra.library.outputs import Exposure

_RULE = "aws:lb/listenerRule:ListenerRule"
# Elastic Load Balancing, "Listener rules" (November 2026): numbers from 1 to 50,000, three patterns in a condition.
_NUMBERS = 50_000
_PATTERNS = 3
_OF_A_TURN = 10_000
# Whoever has none is asked otherwise who he is.
_WITH_TOKEN: Properties = {"httpHeader": {"httpHeaderName": "Authorization", "values": ["Bearer *"]}}


def add_rules(scope: Scope, listener: Value, exposed: Iterable[Exposure]) -> None:
    """Add one for each, or several where there are many paths."""
    parts = {
        f"rule.{one.name}{f'.{index}' if index else ''}": (one, one.paths[index : index + _PATTERNS])
        for one in exposed
        for index in range(0, max(len(one.paths), 1), _PATTERNS)
    }
    numbers = _numbers({name: one.turn for name, (one, _) in parts.items()})
    for name, (one, paths) in parts.items():
        conditions: list[Properties] = [{"hostHeader": {"values": [one.host]}}]
        if paths:
            conditions.append({"pathPattern": {"regexValues": list(paths)}})
        if one.tokens is not None:
            conditions.append(_WITH_TOKEN)
        properties: Properties = {
            "listenerArn": listener,
            "priority": numbers[name],
            "conditions": conditions,
            "actions": _actions(one),
        }
        scope.add(name, _RULE, properties)


def _numbers(turns: Mapping[str, int]) -> dict[str, int]:
    """Of rules by name, each with its turn, where it has one."""
    numbers: dict[str, int] = {}
    for name in sorted(turns):
        turn = turns[name]
        first, count = ((turn - 1) * _OF_A_TURN, _OF_A_TURN) if turn else (0, _NUMBERS)
        number = int.from_bytes(sha256(name.encode()).digest()[:4]) % count
        while first + number + 1 in numbers.values():
            number = (number + 1) % count
        numbers[name] = first + number + 1
    return numbers


def _actions(one: Exposure) -> list[Properties]:
    if one.sign_in is not None:
        asking: Properties = {"type": "authenticate-oidc", "authenticateOidc": one.sign_in}
    elif one.tokens is not None:
        asking = {"type": "jwt-validation", "jwtValidation": one.tokens}
    else:
        return [_forward(one)]
    return [{**asking, "order": 1}, {**_forward(one), "order": 2}]


def _forward(one: Exposure) -> Properties:
    if len(one.targets) == 1:
        ((arn, _),) = one.targets
        return {"type": "forward", "targetGroupArn": arn}
    groups = [{"arn": arn, "weight": weight} for arn, weight in one.targets]
    return {"type": "forward", "forward": {"targetGroups": groups}}
