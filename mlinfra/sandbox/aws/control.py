"""The control path of a sandbox, `/mlinfra-sandbox/`: faults, the log of calls, the inventory, the reset, as JSON.

    GET    status                      what this sandbox is
    GET    faults                      the rules that are set, with what they did
    POST   faults                      set one rule, or a list of them; answers their ids
    DELETE faults[/ID]                 take one away, or all
    GET    calls[?mutating=true&service=ec2]
    GET    calls/counts                how many of each operation
    DELETE calls                       start the log anew
    GET    interruptions               the spot instances that are about to be taken back, and when
    POST   interruptions               have one taken back: {"instance": "i-...", "seconds": 120}; answers when
    GET    quotas                      every quota as it holds in the region
    POST   quotas                      set one, as low as you like: {"service": "ec2", "code": "L-DB2E81BA", "value": 0}
    GET    inventory                   everything in the account, as pairs of type and id
    POST   reset                       empty the account; faults and log too

Used by tests, benchmarks, the command line, and anyone with curl.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import msgspec
from werkzeug.wrappers import Request, Response

from mlinfra.sandbox.aws.interruptions import Interruption
from mlinfra.sandbox.aws.quotas import Grant
from mlinfra.sandbox.calls import CallLog
from mlinfra.sandbox.codes import Code
from mlinfra.sandbox.faults import FaultRule, Faults


class Controlled(Protocol):
    """What the control path can do with a sandbox."""

    faults: Faults
    calls: CallLog

    def reset(self) -> None:
        """Empty the account, the faults and the log."""
        ...

    def inventory(self) -> list[tuple[str, str]]:
        """Everything in the account."""
        ...

    def interrupt(self, asked: Interruption) -> datetime:
        """Have EC2 take a spot instance back. Raises `ValueError` where it cannot be."""
        ...

    def interruptions(self) -> dict[str, datetime]:
        """The instances that are about to be taken back, and when."""
        ...

    def grant(self, asked: Grant) -> dict[str, Any]:
        """Have a quota be so much. Raises `ValueError` where there is none."""
        ...

    def quotas(self) -> list[dict[str, Any]]:
        """Every quota as it holds."""
        ...

    def about(self) -> dict[str, Any]:
        """What this sandbox is."""
        ...


class Control:
    """Answers requests below the control path."""

    def __init__(self, sandbox: Controlled) -> None:
        self._sandbox = sandbox
        self._routes: dict[tuple[str, str], Callable[[Request, str], Any]] = {
            ("GET", "status"): lambda request, rest: sandbox.about(),
            ("GET", "faults"): lambda request, rest: sandbox.faults.rules(),
            ("POST", "faults"): self._add,
            ("DELETE", "faults"): self._remove,
            ("GET", "calls"): self._calls,
            ("DELETE", "calls"): lambda request, rest: sandbox.calls.clear(),
            ("GET", "interruptions"): lambda request, rest: sandbox.interruptions(),
            ("POST", "interruptions"): self._interrupt,
            ("GET", "quotas"): lambda request, rest: sandbox.quotas(),
            ("POST", "quotas"): self._grant,
            ("GET", "inventory"): lambda request, rest: sandbox.inventory(),
            ("POST", "reset"): lambda request, rest: sandbox.reset(),
        }

    def __call__(self, request: Request) -> Response:
        """Answer one request: 404 for an unknown path, 400 for a rule or a wish that makes no sense."""
        name, _, rest = request.path.removeprefix("/mlinfra-sandbox/").partition("/")
        route = self._routes.get((request.method, name))
        if route is None:
            return _json(
                {"code": Code.NO_SUCH_PATH, "message": f"the sandbox has no {request.method} {request.path}"}, 404
            )
        try:
            return _json(route(request, rest))
        except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
            return _json({"code": Code.BAD_RULE, "message": str(error)}, 400)

    def _add(self, request: Request, rest: str) -> Any:
        rules = msgspec.json.decode(request.get_data(), type=FaultRule | list[FaultRule])
        return {"ids": [self._sandbox.faults.add(rule) for rule in (rules if isinstance(rules, list) else [rules])]}

    def _remove(self, request: Request, rest: str) -> Any:
        if rest:
            return {"removed": self._sandbox.faults.remove(int(rest))}
        self._sandbox.faults.clear()
        return None

    def _interrupt(self, request: Request, rest: str) -> Any:
        asked = msgspec.json.decode(request.get_data(), type=Interruption)
        return {"instance": asked.instance, "at": self._sandbox.interrupt(asked)}

    def _grant(self, request: Request, rest: str) -> Any:
        return self._sandbox.grant(msgspec.json.decode(request.get_data(), type=Grant))

    def _calls(self, request: Request, rest: str) -> Any:
        if rest == "counts":
            return self._sandbox.calls.counts()
        wanted = {"true": True, "false": False}.get(request.args.get("mutating", ""))
        return self._sandbox.calls.records(mutating=wanted, service=request.args.get("service", ""))


def _json(content: Any, status: int = 200) -> Response:
    body = msgspec.json.encode({"ok": True} if content is None else content)
    return Response(body, status, content_type="application/json")
