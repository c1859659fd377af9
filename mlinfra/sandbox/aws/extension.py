"""What extends moto: classes whose methods are named for operations.

`def delete_subnet(self, call, proceed)` is asked for `DeleteSubnet`; it may refuse (`AwsError`), answer by itself, or
`return proceed()` to what stands behind it: the next extension, and moto at last. Extensions are made once for each
sandbox by `mlinfra.sandbox.aws.composition`.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Iterable, Mapping

from moto.core.utils import camelcase_to_underscores

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, Call, Handler, Proceed


class Extension:
    """Handlers for operations of one service (by its name in botocore)."""

    service: str

    def __init__(self, account: Account) -> None:
        self.account = account

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers by the name of the method, which is the operation's in snake case."""
        return {
            name: method
            for name, method in inspect.getmembers(self, inspect.ismethod)
            if not name.startswith("_") and name != "handlers"
        }


Handlers = Mapping[str, list[Handler]]


def collect(extensions: Iterable[Extension]) -> Mapping[str, Handlers]:
    """All handlers by service and method name; for one operation, those given first stand in front."""
    table: dict[str, dict[str, list[Handler]]] = defaultdict(lambda: defaultdict(list))
    for extension in extensions:
        for name, handler in extension.handlers().items():
            table[extension.service][name].append(handler)
    return table


def run(handlers: list[Handler], call: Call, last: Proceed) -> Answer:
    """Ask the first handler, with the others and `last` behind it."""
    if not handlers:
        return last()
    return handlers[0](call, lambda: run(handlers[1:], call, last))


def method_name(operation: str) -> str:
    """The name of the method that answers `operation`, as moto names them."""
    return str(camelcase_to_underscores(operation))
