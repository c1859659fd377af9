"""Orders: which resource comes before which, and the circles in which none does.

Pure graph work, used by the planner for what is desired and for the steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from mlinfra.core.errors import PlanError
from mlinfra.engine.codes import Code

Node = TypeVar("Node", bound=str)


def topological(nodes: Iterable[Node], needs: Mapping[Node, Iterable[Node]]) -> list[Node]:
    """`nodes`, each after all that it needs; otherwise in the order given. What is not among `nodes` is passed over.

    Raises `Circle` where there is one.
    """
    order: list[Node] = []
    members = list(nodes)
    known = set(members)
    done: set[Node] = set()
    for start in members:
        if start not in done:
            _visit(start, known, needs, done, order)
    return order


def _visit(
    start: Node, known: set[Node], needs: Mapping[Node, Iterable[Node]], done: set[Node], order: list[Node]
) -> None:
    """Depth first without recursion: a chain of ten thousand resources is legal."""
    path: list[Node] = [start]
    waiting = {start}
    iterators = [iter(needs.get(start, ()))]
    while path:
        for need in iterators[-1]:
            if need in waiting:
                raise _circle([*path[path.index(need) :], need])
            if need in known and need not in done:
                path.append(need)
                waiting.add(need)
                iterators.append(iter(needs.get(need, ())))
                break
        else:
            node = path.pop()
            iterators.pop()
            waiting.discard(node)
            done.add(node)
            order.append(node)


class Circle(PlanError):
    """Some need one another. `path`: which, the first of them once more at the end."""

    def __init__(self, path: Sequence[str], message: str, *, code: str, hint: str) -> None:
        super().__init__(message, code=code, hint=hint)
        self.path = tuple(path)


def _circle(path: list[Node]) -> PlanError:
    return Circle(
        path,
        "these need one another in a circle: " + " -> ".join(path),
        code=Code.CIRCLE,
        hint="take one of the references out",
    )


def closure(start: Iterable[Node], edges: Mapping[Node, Iterable[Node]]) -> set[Node]:
    """Everything reachable from `start`, itself included."""
    found = set(start)
    ahead = list(found)
    while ahead:
        for node in edges.get(ahead.pop(), ()):
            if node not in found:
                found.add(node)
                ahead.append(node)
    return found


def reversed_edges(edges: Mapping[Node, Iterable[Node]]) -> dict[Node, list[Node]]:
    """The same edges, seen from their ends."""
    back: dict[Node, list[Node]] = {}
    for node, targets in edges.items():
        for target in targets:
            back.setdefault(target, []).append(node)
    return back
