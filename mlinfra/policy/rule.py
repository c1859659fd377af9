"""Rules and packs as they are written: the form of `policies/<pack>/<rule>.yaml`.

Their JSON Schema comes from these structs. `reading` makes them from files; `evaluation` holds stacks to them.
"""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct, field

from mlinfra.core.plan import Change
from mlinfra.core.source import Source
from mlinfra.documents.verdict import Criterion

Environment: TypeAlias = Literal["production", "development", "ephemeral"]

STACK = "stack"  # the type and the address by which rules know the stack itself


class Severity(StrEnum):
    """How bad it is where a rule is broken, whoever may go on."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Level(StrEnum):
    """Whether a broken rule stops an apply."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"


class Part(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A mapping with declared keys only."""


class Levels(Part, frozen=True, kw_only=True):
    """The level in each environment."""

    production: Level = Level.ADVISORY
    development: Level = Level.ADVISORY
    ephemeral: Level = Level.ADVISORY

    def at(self, environment: str) -> Level:
        """The level in `environment`."""
        level: Level = getattr(self, environment)
        return level


class Match(Part, frozen=True, kw_only=True, dict=True):
    """What a rule is about; what is left out narrows nothing.

    types: tokens, `*` for any part; `stack` is the stack itself, with name, owner, environment, tags, lifecycle, inputs
        and outputs.
    addresses: patterns likewise. actions: of changes, so that the rule is broken by the change itself.
    loses: of changes, only those by which something is lost that nobody gets back: the types say what that is.
    where: a JSON Schema; resources that certainly do not satisfy it are not concerned.
    charts: whether it is also about the objects that charts bring, which are seen in plans.
    """

    types: Annotated[tuple[str, ...], Meta(min_length=1)] = ("*",)
    addresses: tuple[str, ...] = ()
    environments: tuple[Environment, ...] = ()
    actions: tuple[Literal["create", "update", "replace", "delete", "adopt", "move", "forget"], ...] = ()
    loses: bool = False
    where: dict[str, Any] | None = None
    charts: bool = False

    @cached_property
    def condition(self) -> Criterion | None:
        """`where`, compiled."""
        return None if self.where is None else Criterion(self.where)

    def fits_type(self, token: str) -> bool:
        """Whether resources of this type may be concerned. The stack is none, and must be named."""
        return any(fnmatchcase(token, one) and (token != STACK or one == STACK) for one in self.types)

    def fits_address(self, address: str) -> bool:
        """Whether what has this address may be."""
        return not self.addresses or any(fnmatchcase(address, one) for one in self.addresses)

    def fits_change(self, change: Change) -> bool:
        """Whether a change breaks the rule. What goes with its cluster and is made again is replaced."""
        action = "replace" if change.loses else change.action.value
        fits = action in self.actions and self.fits_type(change.type) and self.fits_address(change.address)
        return fits and (bool(change.lost) or not self.loses)

    def fits_environment(self, environment: str) -> bool:
        """Whether stacks of this environment are."""
        return not self.environments or environment in self.environments


class Example(Part, frozen=True, kw_only=True):
    """One resource of a case."""

    type: str
    properties: dict[str, Any] = {}


class Case(Part, frozen=True, kw_only=True):
    """A small world in which it is known what a rule must say.

    type, address, properties, action: of the one thing that it is about. Type, address and environment are by default
        such as the rule is for: the first that it names. lost: what a change of it loses for good.
    resources: by address, what else there is. The others are the stack's own: its name, its tags, inputs and outputs.
    Within properties, `${network.vpc.id}` is an output that is not known yet, `${secret.env:NAME}` a secret, and
    `{$json: ...}` and `{$base64: ...}` are documents with such content.
    """

    type: str = ""
    address: str = ""
    properties: dict[str, Any] | None = None
    action: str = ""
    lost: str = ""
    resources: dict[str, Example] = {}
    protected: tuple[str, ...] = ()
    environment: Environment | None = None
    name: str = "case"
    owner: str = ""
    tags: dict[str, str] = {}
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    lifecycle: dict[str, Any] = {}


class Cases(Part, frozen=True, kw_only=True):
    """At least one that passes and one that fails; `unknown` are those that only an apply can decide."""

    passing: Annotated[tuple[Case, ...], Meta(min_length=1)] = field(name="pass")
    failing: Annotated[tuple[Case, ...], Meta(min_length=1)] = field(name="fail")
    unknown: tuple[Case, ...] = ()


class RuleFile(Part, frozen=True, kw_only=True, dict=True):
    """One rule. It has exactly one of `must`, `check` and `match.actions`.

    id: stable, unique: `MLP-NET-010`; a project's own begin otherwise.
    anchors: what others call it: CIS, checkov, Trivy.
    must: the JSON Schema that the properties satisfy; documents within them are looked into by `contentSchema`.
    check: a function in `mlinfra.policy.checks`; `given` are its own parameters.
    message, remedy: one sentence each: what is wrong, and what to do.
    """

    id: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-[0-9]{3}$")]
    title: Annotated[str, Meta(min_length=1)]
    severity: Severity
    level: Level | Levels
    anchors: tuple[str, ...] = ()
    match: Match = Match()
    must: dict[str, Any] | None = None
    check: str = ""
    given: dict[str, Any] = {}
    message: Annotated[str, Meta(min_length=1)]
    remedy: Annotated[str, Meta(min_length=1)]
    reference: Annotated[str, Meta(pattern="^https://")]
    cases: Cases


class PackFile(Part, frozen=True, kw_only=True):
    """`pack.yaml`: what a pack is for, and which stacks it is for where they do not say which packs they want."""

    summary: Annotated[str, Meta(min_length=1)]
    match: Match | None = None


class Rule(Struct, frozen=True, kw_only=True, dict=True):
    """A rule in its pack. `own`: whether it is the project's; `script`: the file of its check, where that is too."""

    about: RuleFile
    pack: str
    source: Source
    own: bool = False
    script: str = ""

    @property
    def id(self) -> str:
        """Its id."""
        return self.about.id

    @property
    def match(self) -> Match:
        """What it is about."""
        return self.about.match

    @cached_property
    def may_hang(self) -> bool:
        """Whether it must be asked apart: a project's own that runs Python, or matches regular expressions."""
        schemas = (self.about.must, self.match.where)
        return self.own and (bool(self.script) or any(has_pattern(one) for one in schemas))

    def level_in(self, environment: str) -> Level:
        """Its level in an environment."""
        level = self.about.level
        return level.at(environment) if isinstance(level, Levels) else level

    @cached_property
    def criterion(self) -> Criterion:
        """`must`, compiled."""
        return Criterion(self.about.must or {})


def has_pattern(schema: Any) -> bool:
    """Whether a JSON Schema matches regular expressions."""
    if isinstance(schema, dict):
        return "pattern" in schema or any(map(has_pattern, schema.values()))
    return isinstance(schema, list | tuple) and any(map(has_pattern, schema))


class Pack(Struct, frozen=True, kw_only=True):
    """A folder of rules."""

    name: str
    summary: str = ""
    match: Match | None = None
    own: bool = False
    rules: tuple[Rule, ...] = ()
