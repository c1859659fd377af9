"""Desires: what a stack wants, with the facts that this depends on.

The session asks for every plan. Where the stack's file cannot be followed any more, and what is asked needs no more
than that, what its state remembers stands in for it.
"""

from __future__ import annotations

from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError, NoCredentials
from mlinfra.core.facts import Facts, Wants
from mlinfra.core.resource import Graph
from mlinfra.core.stack import Stack
from mlinfra.core.state import State
from mlinfra.library import assembly
from mlinfra.library.library import Library
from mlinfra.session.caller import as_caller
from mlinfra.session.connections.cloud import Cloud
from mlinfra.session.reading.unread import reasons
from mlinfra.session.scrutiny.desired import desired_graph
from mlinfra.session.state.pinning import pinned
from mlinfra.session.state.recalled import recalled


class Desires:
    """Of one stack. unread: why its file cannot be followed; empty while it can."""

    def __init__(
        self, stack: Stack, library: Library, cloud: Cloud, *, by_state: bool, unread: tuple[Diagnostic, ...] = ()
    ) -> None:
        self._stack, self._library, self._cloud = stack, library, cloud
        self._by_state = by_state
        self.unread = unread

    def whole(self, state: State, *, again: bool = False) -> tuple[Facts, Graph]:
        """The facts, and all that the stack desires; all that it last did, where it may go by that and has to."""
        try:
            if not self.unread:
                facts = self.facts(state, again=again)
                return facts, self.graph(facts)
        except ConfigError as error:
            if not self._by_state or error.code == NoCredentials.default_code:
                raise
            self.unread = reasons(error)
        with as_caller(self._stack, "target"):
            facts = pinned(state, Wants(), self._cloud, again=False)
        return facts, recalled(state, self._stack, self._cloud.types, self.unread)

    def graph(self, facts: Facts) -> Graph:
        """What it desires. Raises `ConfigError` with every mistake."""
        return desired_graph(self._stack, self._library, facts, self._cloud.taggable)

    def facts(self, state: State, *, again: bool) -> Facts:
        """The pinned facts; read where nothing is pinned, or where the stack wants what is not among them."""
        with as_caller(self._stack, "target"):
            return pinned(state, assembly.wants(self._stack, self._library), self._cloud, again=again)
