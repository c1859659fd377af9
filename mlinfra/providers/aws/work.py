"""Work: one target being made, changed or removed; what calls and small functions of declarations act through.

`lifecycle` makes one for each operation. Secrets are resolved here, at the call, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlinfra.aws.calls import Answer, Calls
from mlinfra.aws.errors import Failure
from mlinfra.core.clock import Clock
from mlinfra.core.errors import NotFound, ProviderError
from mlinfra.core.observed import Present
from mlinfra.core.property import Property, Unset
from mlinfra.core.provider import Operation, Target
from mlinfra.core.value import Expression, Path, Properties, Secret, resolve
from mlinfra.providers.aws import wire
from mlinfra.providers.aws.aws_type import AwsType, Item
from mlinfra.providers.aws.site import Site
from mlinfra.providers.aws.tags import to_form
from mlinfra.providers.aws.template import Call, Computed, Mark, Prop, dig, fill

SecretSource = Callable[[Secret], str]  # reads one secret; raises ProviderError where it cannot

_LAG = 120.0  # seconds; IAM documents no bound, its propagation is commonly done within one minute
_LAG_STEP = 3.0


class Work:
    """One operation on one target. `id` is set once it is known."""

    def __init__(
        self,
        kind: AwsType,
        target: Target,
        calls: Calls,
        site: Site,
        clock: Clock,
        secrets: SecretSource,
        operation: Operation,
    ) -> None:
        self.kind = kind
        self.target = target
        self.site = site
        self.clock = clock
        self.operation = operation
        self.id = target.id
        self.prior: Present | None = None
        self.changed: frozenset[Path] = frozenset()
        self.tags: dict[str, str] = {}  # those that a function of a `Tagging` is to add or remove
        self._calls = calls
        self._secrets = secrets

    @property
    def properties(self) -> Properties:
        """What is desired."""
        return self.target.properties

    @property
    def changed_names(self) -> frozenset[str]:
        """The top-level properties that are to change."""
        return frozenset(str(path[0]) for path in self.changed if path)

    def value(self, name: str) -> Any:
        """A property as desired, or as its default where it was taken out of the stack, it or a field of it; or a part
        of the id, or an output; `None` where there is none of these."""
        declared = self.kind.about.inputs.fields.get(name)
        if name in self.properties:
            whole = self.properties[name]
            for path in self.changed if declared is not None and isinstance(whole, dict) else ():
                whole = _restored(declared, whole, path[1:]) if path[:1] == (name,) else whole
            return whole
        if name in self.changed_names and declared is not None and not isinstance(declared.default, Unset):
            return declared.default
        parts = self.kind.parts_of(self.id) if self.id else {}
        if name in parts:
            return parts[name]
        known = self.prior.properties if self.prior is not None else self.target.outputs
        if declared is None or declared.required or name in self.kind.about.key:
            return known.get(name)
        return None

    def api(self, name: str) -> Any:
        """The same in AWS's own form; `name` may go below the first level."""
        root, _, rest = name.partition(".")
        value = wire.outward(self.kind, root, self.value(root))
        return dig(value, rest) if rest else value

    def perform(self, call: Call, *, tags: dict[str, str] | None = None, token: str = "", **more: Any) -> Answer:
        """Make a declared call. `tags`: those that its marks stand for. Errors of its `lag` are waited out."""
        params = self.params(call, tags or {}) | more
        service = call.service or self.kind.service
        return self._patiently(call.lag, lambda: self.call(call.operation, service=service, token=token, **params))

    def params(self, call: Call, tags: dict[str, str]) -> dict[str, Any]:
        """The parameters of a declared call; marks without a value drop out."""
        params: dict[str, Any] = fill(dict(call.params), lambda mark: self._lookup(mark, tags)) or {}
        for name in call.fields:
            if (value := self.api(name)) is not None:
                params[wire.api_name(self.kind, (name,))] = value
        return params

    def call(self, operation: str, *, service: str = "", token: str = "", **params: Any) -> Answer:
        """Make one call, with secrets resolved."""
        revealed: list[str] = []

        def reveal(expression: Expression) -> Any:
            if not isinstance(expression, Secret):
                return expression
            revealed.append(self._secrets(expression))
            return revealed[-1]

        resolved = resolve(params, reveal)
        return self._calls.one(
            service or self.kind.service,
            operation,
            resolved,
            about=str(self.target.address),
            token=token,
            scrub=tuple(revealed),
            fence=self.operation.fence,
        )

    def pages(self, operation: str, items: str, *, service: str = "", **params: Any) -> list[Any]:
        """All that a listing shows at `items`."""
        pages = self._calls.pages(service or self.kind.service, operation, params, about=str(self.target.address))
        return [item for page in pages for item in dig(page, items) or []]

    def describe(self) -> Item | None:
        """The object as AWS describes it now; `None` where it is not to be found."""
        one = self.kind.reading.one
        try:
            if not isinstance(one, Call):
                return one(self)
            answer = self.perform(one)
        except NotFound:
            return None
        path = self.kind.reading.item or f"{self.kind.reading.items}[0]"
        item = dig(answer, path)
        return item if isinstance(item, dict) else None

    def pause(self, seconds: float, words: str) -> None:
        """Say what is being waited for, let the run be stopped, and wait."""
        self.operation.say(words)
        self.operation.check()
        self.clock.sleep(seconds)

    def _lookup(self, mark: Prop | Mark | Computed, tags: dict[str, str]) -> Any:
        match mark:
            case Prop(name):
                return self.api(name)
            case Computed(by):
                return by(self)
            case Mark.ID:
                return self.id or None
            case Mark.TAGS:
                return to_form(self.kind.tagging.form, tags) if self.kind.tagging is not None and tags else None
            case Mark.TAG_KEYS:
                return sorted(tags) or None
            case Mark.NAMELESS_KEYS:
                return [{"Key": key} for key in sorted(tags)] or None

    def _patiently(self, lag: str, attempt: Callable[[], Answer]) -> Answer:
        deadline = self.clock.monotonic() + _LAG
        while True:
            try:
                return attempt()
            except ProviderError as error:
                if not lag or not Failure(error).matches(lag) or self.clock.monotonic() >= deadline:
                    raise
                self.pause(_LAG_STEP, f"waiting for {Failure(error).code or 'what it needs'} to pass")


def _restored(declared: Property | None, value: Any, path: Path) -> Any:
    """A block with the default of the field at `path`, where the stack says nothing of that."""
    if not path or declared is None or not isinstance(value, dict):
        return value
    key, below = path[0], declared.below(path[0])
    if key in value:
        return {**value, key: _restored(below, value[key], path[1:])}
    if len(path) > 1 or below is None or below.default is None or isinstance(below.default, Unset):
        return value
    return {**value, key: below.default}
