"""Things: the objects that a stack made, for whoever edits or deletes them behind its back with the SDK alone."""

from __future__ import annotations

from typing import Any

import msgspec

from .account import Account


class Thing(msgspec.Struct, frozen=True):
    """One object as its stack's state knows it."""

    address: str
    type: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    dependencies: frozenset[str]
    account: Account

    def client(self, service: str) -> Any:
        """The SDK's client."""
        return self.account.client(service)

    def other(self, address: str) -> Thing:
        """Another object of the stack."""
        return things(self.account)[address]

    def declares(self, path: str) -> bool:
        """Whether its stack gives the property at `path` (`taints[].value`) a value; of tags, the one called team."""
        if path == "tags":
            return "team" in self.inputs.get("tags", {})
        return bool(_found(self.inputs, path.replace("[]", ".[]").split(".")))


def _found(value: Any, parts: list[str]) -> bool:
    if not parts:
        return value not in (None, {}, [])
    if parts[0] == "[]":
        return isinstance(value, list) and any(_found(item, parts[1:]) for item in value)
    return isinstance(value, dict) and parts[0] in value and _found(value[parts[0]], parts[1:])


def things(account: Account) -> dict[str, Thing]:
    """Everything that the stack's state records, by address."""
    state = account.do("state", "pull", "stack.yaml").json()
    return {
        address: Thing(
            address,
            record["type"],
            record["id"],
            record["inputs"],
            record["outputs"],
            frozenset(record["dependencies"]),
            account,
        )
        for address, record in state["records"].items()
    }
