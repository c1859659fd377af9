"""AWS types: what one resource type is to the engine, and by which calls it is made, read, changed and removed.

A service's file declares them as data, with small functions where data will not do; everything that is generic about
carrying a declaration out lies beside this file, once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cached_property
from string import Formatter
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from mlinfra.core.property import Property, map_of, text
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Path, Properties
from mlinfra.providers.aws.template import Call

if TYPE_CHECKING:
    from mlinfra.aws.calls import Answer
    from mlinfra.core.provider import Target
    from mlinfra.providers.aws.reader import Reader
    from mlinfra.providers.aws.wanted import Wanted
    from mlinfra.providers.aws.work import Work

Item: TypeAlias = dict[str, Any]  # one object as AWS describes it
Act: TypeAlias = "Callable[[Work], None]"  # a step that data cannot say

# The user's own tags; ownership tags are added and taken away by the machinery.
TAGS_PROPERTY: Property = map_of(text(), default={}, description="Tags, besides those that say whose the object is.")


class Leaving(Enum):
    """How an object goes, once its deletion was answered.

    What goes at once is not looked for: that nothing is left is shown by the listings at the end, and what still needs
    it is refused by AWS itself. What goes slowly is looked for when some time has passed.
    """

    AT_ONCE = "at once"
    SOON = "soon"
    SLOWLY = "slowly"


class Shape(msgspec.Struct, frozen=True):
    """How one property differs from its API form in more than names."""

    outward: Callable[[Any], Any]
    inward: Callable[[Any], Any]


class Tagging(msgspec.Struct, frozen=True, kw_only=True):
    """How a type bears tags.

    form: `list` of Key and Value, `lower-list` of key and value, `kms` of TagKey and TagValue, or `map`.
    creation: the parameters of the create call that set them. add, remove: the calls that change them.
    path: where a described object carries them; empty where it does not, and `read` must ask, answering at `found`.
    arn: the ARN by which the tagging API names an object, as a format over its properties. Where there is neither this
        nor `path` in a listing, every object listed is looked at: such listings must be short.
    """

    form: str
    creation: Mapping[str, Any]
    add: Call | Act
    remove: Call | Act
    path: str = "Tags"
    read: Call | None = None
    found: str = ""
    arn: str = ""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How objects are read.

    listing, items: the call that lists all objects of the account and region, and where they stand on a page.
    source: instead of these two, a function, where the listing is shared, nested or must be picked from.
    below: instead of all these, for what every parent may have one of: what stands for it until its `details` are read,
        from the parent's id.
    one, item: the call that describes one object by id, and where it stands in the answer (the first of `items`, where
        nothing else is said; `.` is the answer itself); or a function.
    outputs: where properties stand that do not stand under their own API name: a path, or, with braces, a format over
        partition, region, account, id and the properties read. derived: outputs that AWS shows in another form.
    details: what a listing, or `one`, leaves out, asked only for objects that concern us; `None` says that it is gone.
    absent: the states in which an object counts as gone, by path.
    fostered: of a child, the identities of parents that are not ours by tags of their own, but came with something of
        ours: the scaling groups behind our node groups.
    """

    one: Call | Callable[[Work], Item | None]
    listing: Call | None = None
    items: str = ""
    source: Callable[[Reader, Wanted], Iterable[Item]] | None = None
    below: Callable[[str, Wanted], Item] | None = None
    item: str = ""
    outputs: Mapping[str, str] = {}
    derived: Mapping[str, Callable[[Item], Any]] = {}
    details: Callable[[Reader, Item], Item | None] | None = None
    absent: Mapping[str, tuple[str, ...]] = {}
    fostered: Callable[[Reader], Iterable[str]] | None = None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What says that an object is ready.

    state: the path of its state. ready: its good values. failed: its hopeless ones, which only replacement mends. ill:
        those that end the wait as an error, and may mend.
    why: what an object in a failed state says of the cause. every, limit: seconds.
    remark: what is worth saying of one that was made and is ready, such as that it is not as it was asked for first.
    """

    state: str
    ready: tuple[str, ...]
    failed: tuple[str, ...] = ()
    ill: tuple[str, ...] = ()
    why: Callable[[Item], str] | None = None
    remark: Callable[[Work, Item], str] | None = None
    every: float = 5.0
    limit: float = 1800.0


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps an object from being deleted, where AWS says no more than that something does.

    by: what does, each in words; asked once a deletion was refused. hint: what to do about it; `{address}` is its own.
    limit: seconds that it is waited for. What goes by itself takes minutes, what somebody has to take away stays.
    """

    by: Callable[[Work], Iterable[str]]
    hint: str
    limit: float = 900.0  # network interfaces of deleted clusters and balancers take minutes to go


class Update(msgspec.Struct, frozen=True):
    """What brings some properties up to date: calls made in order, or one function."""

    fields: tuple[str, ...]
    by: tuple[Call, ...] | Act


class AwsType(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One type.

    about: what the engine knows. service: botocore's name of its API.
    id: the path of the id in a described object, or a format over properties (`{clusterName}:{nodeGroupName}`).
    made: where the id stands in the answer to `create`, for ids that AWS gives, or a function of the answer where it
        stands there in another form; for formats, where that stands which they need besides properties.
    upper: whether API names are the property names with a capital; otherwise they are the same.
    names: API names that follow another rule, by dotted property path. shapes: likewise, what differs in form.
    after: what must follow the creation, whatever the properties. It is repeated where an earlier run did not finish.
    advice: what to do where the creation is refused, by a pattern on errors, as a format over `{address}` and `{name}`.
    signed: of what cannot be tagged when it is made, the output that shows which request made it; `signature` says what
        it is for a target.
    leaving: how it goes; where nothing is said, at once, unless it has states to wait for.
    delete: the call; `conflicts`, a pattern on errors, says which pass once others have let go of the object; `held`
        names those who did not.
    against: what its API has against known properties together, which the models of its calls do not say: the property
        that each is about, and what follows its name in a sentence.
    """

    about: ResourceType
    service: str
    id: str
    made: str | Callable[[Answer], str] = ""
    upper: bool = True
    names: Mapping[str, str] = {}
    shapes: Mapping[str, Shape] = {}
    create: Call
    reading: Reading
    tagging: Tagging | None = None
    updates: tuple[Update, ...] = ()
    after: tuple[Act, ...] = ()
    advice: Mapping[str, str] = {}
    signed: str = ""
    signature: Callable[[Target], str] | None = None
    waiting: Waiting | None = None
    leaving: Leaving | None = None
    delete: Call | Act
    conflicts: str = r"DependencyViolation|InUse|DeleteConflict|Gateway.NotAttached|OperationInProgress"
    held: Holding | None = None
    against: Callable[[Properties], Iterable[tuple[Path, str]]] | None = None

    @property
    def token(self) -> str:
        """Pulumi's token of the type."""
        return self.about.token

    @property
    def named(self) -> bool:
        """Whether ids are formed from properties, and therefore known before creation."""
        return "{" in self.id

    @property
    def leaves(self) -> Leaving:
        """How it goes, said or not."""
        return self.leaving or (Leaving.AT_ONCE if self.waiting is None else Leaving.SOON)

    @cached_property
    def telling(self) -> frozenset[str]:
        """The properties that tell whose an object is: of its id, key, name and parents, and of its ARN."""
        about = self.about
        forms = [self.id if self.named else "", self.tagging.arn if self.tagging is not None else ""]
        forms += [about.exclusive.by] if about.exclusive is not None else []
        spelt = {field.partition("[")[0] for form in forms for _, field, _, _ in Formatter().parse(form) if field}
        name = () if about.name is None else (about.name.property,)
        return frozenset({*spelt, *about.key, *name, about.parent} & about.inputs.fields.keys())

    @cached_property
    def answers(self) -> frozenset[str]:
        """What references may name of an object: its id, the inputs that can be read, and what else is."""
        inputs = self.about.inputs.fields
        unread = {name for name, declared in inputs.items() if declared.write_only}
        return frozenset({"id", *inputs, *self.reading.outputs, *self.reading.derived}) - unread

    @property
    def has_listed_tags(self) -> bool:
        """Whether its tags are those of the tagging API: neither a listing nor a look at it shows them."""
        return self.tagging is not None and self.tagging.read is not None and bool(self.tagging.arn)

    @cached_property
    def _id_pattern(self) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+(?:\[\w+\])?)\}", self.id)
        names = parts[1::2]
        # What stands below a property (`{tag[key]}`) is no property, and has no name here.
        kinds = [f"?P<{name}>" if name.isidentifier() else "?:" for name in names]
        groups = [f"({kind}.+{'' if name == names[-1] else '?'})" for name, kind in zip(names, kinds, strict=True)]
        pattern = "".join(re.escape(literal) + group for literal, group in zip(parts[::2], [*groups, ""], strict=True))
        return re.compile(pattern, re.DOTALL)

    def parts_of(self, id: str) -> dict[str, str]:
        """The properties that an id spells out; none where it is AWS's own."""
        match = self._id_pattern.fullmatch(id) if self.named else None
        return match.groupdict() if match else {}
