"""The model: the parts of a stack file that belong to no module.

Their JSON Schemas come from these structs, and so do their documentation and defaults. Everything else in a stack
file is a section of the `Language`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from mlinfra.documents import duration
from mlinfra.documents.wording import FORM

API_VERSION = "mlinfra/v1"
KIND = "Stack"
NAME = r"^[a-z][a-z0-9-]{1,38}$"
ENTRY_NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"  # of node groups, registries, resources: part of addresses
FIELD_NAME = r"^[A-Za-z][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*$"  # of inputs and outputs
LONGEST_NAME = 63

Text = Annotated[str, Meta(min_length=1)]


def about(description: str, *, form: str = "", **rules: Any) -> Any:
    """What one field is for, with further rules of its schema; `form` is its pattern in words."""
    return Meta(description=description, extra_json_schema={FORM: form} if form else None, **rules)


class Part(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A mapping with declared keys only."""


class Metadata(Part, frozen=True):
    """Whose stack this is, and what it is called."""

    name: Annotated[
        str,
        about(
            "the stack's name, unique in the account and region; part of every object's name",
            pattern=NAME,
            form="2 to 39 small letters, digits and dashes, beginning with a letter, such as recsys-prod",
        ),
    ]
    owner: Annotated[str, about("who answers for it: a team, or an address")] = ""
    tags: Annotated[dict[str, str], about("tags for every object that can bear them", max_length=40)] = {}


class Input(Part, frozen=True):
    """An input: a value that may differ each time, `${inputs.NAME}`."""

    type: Annotated[Literal["string", "integer", "number", "boolean", "array", "object"], about("what it takes")]
    default: Annotated[Any, about("its value where none is given; without one it must be given")] = None
    description: Annotated[str, about("what it is for")] = ""
    enum: Annotated[list[Any], about("the values that it may have", min_length=1)] = []
    minimum: Annotated[float | None, about("the least number it takes")] = None
    maximum: Annotated[float | None, about("the greatest number it takes")] = None
    pattern: Annotated[str, about("a regular expression that its text must match", max_length=500)] = ""


class Target(Part, frozen=True):
    """Where the stack is made."""

    platform: Annotated[
        Literal["aws", "sandbox", "kubernetes"],
        about("aws; sandbox, a simulated cloud that needs no account; kubernetes, a cluster that exists"),
    ]
    region: Annotated[
        str, about("the region", pattern=r"^([a-z]{2,}(-[a-z]+)+-[0-9])?$", form="a region such as us-east-1")
    ] = ""
    account: Annotated[str, about("the account; any other is refused", pattern=r"^([0-9]{12})?$", form="12 digits")] = (
        ""
    )
    kubeconfig: Annotated[str, about("of an existing cluster: the kubeconfig file")] = ""
    context: Annotated[str, about("of an existing cluster: the context within its kubeconfig")] = ""


class Neighbour(Part, frozen=True):
    """Another stack, whose outputs are `${stacks.NAME.outputs.OUTPUT}`."""

    state: Annotated[Text, about("where its state is kept")]


class Renamed(Part, frozen=True):
    """A rename: what was there is kept, not replaced."""

    origin: Annotated[Text, about("the address before: nodeGroups.gpu")] = field(name="from")
    target: Annotated[Text, about("the address now: nodeGroups.inference")] = field(name="to")


def _cron(*fields: str) -> str:
    """The pattern of five fields, each a list of what may stand there, of ranges and of steps."""
    lists = [rf"(\*|{one}(-{one})?)(/[1-9][0-9]?)?(,(\*|{one}(-{one})?)(/[1-9][0-9]?)?)*" for one in fields]
    return f"^{' '.join(lists)}$"


_CRON = _cron(
    "([0-5]?[0-9])",
    "([01]?[0-9]|2[0-3])",
    "(0?[1-9]|[12][0-9]|3[01])",
    "(0?[1-9]|1[0-2]|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))",
    "([0-7]|(?i:sun|mon|tue|wed|thu|fri|sat))",
)


class Hibernation(Part, frozen=True):
    """When nodes sleep and wake, by two cron expressions of five fields."""

    sleep: Annotated[
        str,
        about(
            "when nodes go to sleep", pattern=_CRON, form="minute, hour, day, month and weekday, such as 0 20 * * 1-5"
        ),
    ]
    wake: Annotated[
        str, about("when they wake", pattern=_CRON, form="minute, hour, day, month and weekday, such as 0 7 * * 1-5")
    ]
    timezone: Annotated[
        str, about("the time zone of both", pattern=r"^[A-Za-z0-9_+/-]+$", form="a time zone such as Europe/Berlin")
    ] = "UTC"


class Budget(Part, frozen=True):
    """What the stack may cost."""

    monthly_usd: Annotated[float, about("US dollars a month", gt=0)] = field(name="monthlyUSD")
    on_breach: Annotated[
        Literal["warn", "fail"], about("whether a plan that is expected to cost more warns or fails")
    ] = "warn"
    on_unknown: Annotated[
        Literal["warn", "fail"] | None,
        about("whether a plan of which a price is not known warns or fails; unset, as `onBreach` says"),
    ] = None


class Lifecycle(Part, frozen=True):
    """How the stack may come and go."""

    environment: Annotated[
        Literal["production", "development", "ephemeral"], about("sets defaults and the policies that apply")
    ] = "production"
    protect: Annotated[
        list[Text], about("sections or addresses that are neither deleted nor replaced, also once their block is gone")
    ] = []
    ttl: Annotated[
        Annotated[str, Meta(pattern=duration.LASTING)] | None, about("how long an ephemeral copy lives: 8h, 14d")
    ] = None
    extend_on_apply: Annotated[bool, about("whether every apply begins the time to live anew")] = False
    hibernate: Annotated[Hibernation | None, about("when nodes sleep and wake")] = None
    budget: Annotated[Budget | None, about("what it may cost")] = None


class Waiver(Part, frozen=True):
    """A rule that is set aside for one address, for a reason, until a date."""

    rule: Annotated[Text, about("the rule's id: MLP-NET-023")]
    address: Annotated[Text, about("the address, or the section, that it is set aside for")]
    reason: Annotated[str, about("why", pattern=r"\S", form="a reason, in words")]
    until: Annotated[
        str, about("the last day", pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", form="a date such as 2027-03-31")
    ]  # fmt: skip


class Policies(Part, frozen=True):
    """Which rules the stack is held to."""

    packs: Annotated[list[Text], about("packs of rules: baseline, gpu")] = []
    waive: Annotated[list[Waiver], about("rules set aside")] = []


class Resource(Part, frozen=True):
    """A resource of any type, by its token."""

    type: Annotated[Text, about("the type's token", examples=["aws:s3/bucket:Bucket"])]
    properties: Annotated[dict[str, Any], about("its inputs, under the names of the type's schema")] = {}
    depends_on: Annotated[list[Text], about("addresses that it must come after and go before")] = []
    connection: Annotated[str, about("what it is made in, where that is not the target itself")] = ""


State = Annotated[
    str,
    about(
        "where the state is kept: s3://BUCKET/PREFIX or a local path; by default .mlinfra/state/NAME",
        pattern=r"^(s3://[^/]+/.+|(?![A-Za-z0-9+.-]+://).+)$",
        form="s3://BUCKET/PREFIX or a local path",
    ),
]
Extends = Annotated[
    list[Text], about("files merged beneath this one, in order; mappings merge, lists replace, null removes")
]
Outputs = Annotated[dict[str, Any], about("what the stack answers once it is applied")]
Moved = Annotated[list[Renamed], about("renames, so that nothing is replaced for them")]
