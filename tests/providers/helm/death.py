"""Death: a cluster that hears no more of its caller from some call on, as it would of one that was killed there.

What a killed caller leaves in a cluster is what it had called for until then, and nothing after: whether it died after
a call was served or before the next one is the same to all but itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from mlinfra.sandbox.kubernetes.faults import DROPPED, Call, Serve
from mlinfra.sandbox.kubernetes.requests import Response

_CHANGES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


class Death:
    """Beside every call. `after(n)`: the caller dies once `n` of its changes were served; `end()`: another comes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: int | None = None
        self._kill: Callable[[], None] | None = None
        self._survives = False
        self.served = 0

    def __call__(self, call: Call, serve: Serve) -> Response:
        changes = call.verb in _CHANGES and call.resource != "selfsubjectaccessreviews.authorization.k8s.io"
        with self._lock:
            if self._left is not None and self._left <= 0:
                return DROPPED
            if changes:
                self.served += 1
                if self._left is not None:
                    self._left -= 1
                    last = self._left == 0
                    answer = serve()
                    if last and self._kill is not None:
                        self._kill()
                    if last and self._survives:
                        self._left = None
                    return DROPPED if last else answer
        return serve()

    def after(self, changes: int) -> None:
        """Let the caller live for as many changes."""
        with self._lock:
            self._left, self.served, self._survives = changes, 0, False

    def loses(self, change: int) -> None:
        """Let the answer of one change be lost, and the caller live on."""
        self.after(change)
        self._survives = True

    def kills(self, kill: Callable[[], None], changes: int) -> None:
        """Kill the caller once as many changes were served."""
        self._kill = kill
        self.after(changes)

    def end(self) -> int:
        """Let callers live again; answers how many changes there were."""
        with self._lock:
            self._left = self._kill = None
            return self.served
