"""Listing: from what AWS lists to the objects that concern a stack.

`provider` calls it for every type of a pass; it never raises what AWS answers: a listing that fails is incomplete, and
nobody may conclude from it that something is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import msgspec

from mlinfra.aws.plain import plain
from mlinfra.core.errors import NotFound, ProviderError
from mlinfra.core.naming import derived_prefix
from mlinfra.core.observed import Listing, Present
from mlinfra.core.ownership import owner_of, user_tags
from mlinfra.core.resource_type import OwnedBy
from mlinfra.providers.aws import wire
from mlinfra.providers.aws.aws_type import AwsType, Item, Tagging
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.site import Site
from mlinfra.providers.aws.tags import from_form
from mlinfra.providers.aws.template import Prop, dig, fill
from mlinfra.providers.aws.wanted import Wanted


class Failure(msgspec.Struct, frozen=True):
    """Why one object could not be read. id: what the listing calls it; empty where that does not tell."""

    id: str
    why: str


# What a look at one object came to; nothing where it is gone.
Found: TypeAlias = "Present | Failure | None"


def list_objects(kind: AwsType, reader: Reader) -> Listing:
    """The objects of one type that concern the reader's stack."""
    wanted = reader.wanted(kind.token)

    def look(stub: Item) -> Found:
        return _whole(kind, reader, wanted, stub)

    try:
        if kind.reading.below is not None:
            found = _below_parents(kind, kind.reading.below, reader, wanted, look)
        else:
            stubs = [item for item in _items(kind, reader, wanted) if _concerns(kind, reader, wanted, item)]
            found = list(_details(kind, reader)(look, stubs))
    except ProviderError as error:
        return Listing((), incomplete=str(error))
    objects = tuple(present for present in found if isinstance(present, Present))
    failures = [failure for failure in found if isinstance(failure, Failure)]
    incomplete = "; ".join([*_broken_parent(kind, reader), *(one.why for one in failures[:3])])
    return Listing(objects, incomplete, {one.id: one.why for one in failures})


def _below_parents(
    kind: AwsType, stub: Callable[[str, Wanted], Item], reader: Reader, wanted: Wanted, look: Callable[[Item], Found]
) -> list[Found]:
    """What is below parents, of those of interest first: these wait for no listing, and for no tags."""
    named = _named_parents(kind, wanted)
    found = reader.begin(look, [stub(parent, wanted) for parent in sorted(named)])
    others = sorted(parents(kind, reader, wanted) - named)
    return [*found(), *reader.each(look, [stub(parent, wanted) for parent in others])]


def _details(kind: AwsType, reader: Reader) -> Callable[..., Iterable[Found]]:
    """How to look at many: at once where each costs calls, one after the other where none does."""
    asks = kind.reading.details is not None or (kind.tagging is not None and kind.tagging.read is not None)
    return reader.each if asks else map


def _items(kind: AwsType, reader: Reader, wanted: Wanted) -> Iterable[Item]:
    reading = kind.reading
    if reading.source is not None:
        return reading.source(reader, wanted)
    if reading.listing is None:
        raise TypeError(f"{kind.token} declares neither a listing nor a source, and is not below others")
    listing = reading.listing
    return reader.pages(listing.service or kind.service, listing.operation, reading.items, dict(listing.params))


def _broken_parent(kind: AwsType, reader: Reader) -> list[str]:
    token = parent_token(kind)
    incomplete = reader.objects(token).incomplete if token else ""
    return [f"the objects that it belongs to could not all be read: {incomplete}"] if incomplete else []


def parent_token(kind: AwsType) -> str:
    """The token of the type that owns this one; "" where none does."""
    about = kind.about
    return about.inputs.fields[about.parent].refers if about.owned_by is OwnedBy.PARENT else ""


def parents(kind: AwsType, reader: Reader, wanted: Wanted) -> set[str]:
    """The identities of the parents whose children concern us: our own, and those that ids of interest name."""
    fostered = kind.reading.fostered(reader) if kind.reading.fostered is not None else ()
    listed = {present.id for present in reader.objects(parent_token(kind)).objects}
    return listed | {*fostered} | _named_parents(kind, wanted)


def _named_parents(kind: AwsType, wanted: Wanted) -> set[str]:
    return {kind.parts_of(told).get(kind.about.parent, "") for told in wanted.interest.ids} - {""}


def _concerns(kind: AwsType, reader: Reader, wanted: Wanted, item: Item) -> bool:
    if is_gone(kind, item):
        return False
    shown, is_child = _shown_tags(kind, item), kind.about.owned_by is OwnedBy.PARENT
    if shown is not None and not is_child and wanted.tagged(shown):
        return True  # first, as nothing else needs to be read then
    properties = wire.inward(kind, item, kind.telling)
    identity = identify(kind, item, properties)
    if is_child:
        named = wanted.named(identity) or _is_named(kind, wanted, properties) or _has_key(kind, wanted, properties)
        return named or properties.get(kind.about.parent) in parents(kind, reader, wanted)
    if _lies_below_ours(kind, reader, properties):
        return True
    if wanted.named(identity, *(str(properties.get(name)) for name in kind.about.key)):
        return True
    if _is_named(kind, wanted, properties):
        return True
    tagging = kind.tagging
    if tagging is None or shown is not None:
        return False
    if not tagging.arn or wanted.thorough or _may_be_derived(kind, reader, wanted, properties):
        return True  # its tags are among its details
    arn = reader.site.spell(tagging.arn, id=identity, **properties)
    return wanted.tagged(reader.tags_by_arn().get(arn, {}))


def _shown_tags(kind: AwsType, item: Item) -> dict[str, str] | None:
    """The tags that a listing shows with an object; `None` where it shows none."""
    tagging = kind.tagging
    if tagging is None or not tagging.path or tagging.path not in item:
        return None
    return from_form(tagging.form, dig(item, tagging.path))


def _whole(kind: AwsType, reader: Reader, wanted: Wanted, stub: Item) -> Found:
    """The object with its details; the error where they cannot be read; `None` where it is gone meanwhile."""
    try:
        item = kind.reading.details(reader, stub) if kind.reading.details is not None else stub
        if item is None or is_gone(kind, item):
            return None
        present = present_of(kind, reader, item)
    except NotFound:
        return None
    except ProviderError as error:
        return Failure(_told(kind, stub), str(error))
    return present if _is_concern(kind, reader, wanted, present) else None


def _told(kind: AwsType, stub: Item) -> str:
    """The id of what a listing shows, where it shows enough of it."""
    try:
        return identify(kind, stub, wire.inward(kind, stub, kind.telling))
    except (KeyError, TypeError):
        return ""


def _lies_below_ours(kind: AwsType, reader: Reader, properties: dict[str, Any]) -> bool:
    """Whether it lies below something of ours, where all that does is to be ours."""
    exclusive = kind.about.exclusive
    return exclusive is not None and exclusive.host_of(properties) in reader.ids(exclusive.of)


def _is_concern(kind: AwsType, reader: Reader, wanted: Wanted, present: Present) -> bool:
    """Whether it is ours, or of interest, now that its tags are read."""
    if kind.about.owned_by is OwnedBy.PARENT or (present.owner is not None and present.owner.stack == wanted.stack):
        return True
    if _lies_below_ours(kind, reader, present.properties):
        return True
    names = [present.properties.get(name) for name in kind.about.key]
    return wanted.named(present.id, *(str(name) for name in names)) or _is_named(kind, wanted, present.properties)


def _is_named(kind: AwsType, wanted: Wanted, properties: dict[str, Any]) -> bool:
    return kind.about.name is not None and wanted.named(str(properties.get(kind.about.name.property, "")))


def _has_key(kind: AwsType, wanted: Wanted, properties: dict[str, Any]) -> bool:
    """Whether every part of its key is of interest: below a parent of somebody else's, nothing else tells."""
    key = kind.about.key
    return bool(key) and all(wanted.named(str(properties.get(name))) for name in key)


def _may_be_derived(kind: AwsType, reader: Reader, wanted: Wanted, properties: dict[str, Any]) -> bool:
    """Whether its name is like those that the stack derives: the tagging API is late, and does not know all types."""
    rule = kind.about.name
    if rule is None:
        return False
    prefix = derived_prefix(rule, stack=wanted.stack, region=reader.site.region)
    return str(properties.get(rule.property, "")).startswith(prefix)


def is_gone(kind: AwsType, item: Item) -> bool:
    """Whether it counts as absent, though AWS still shows it."""
    return any(dig(item, path) in states for path, states in kind.reading.absent.items())


def identify(kind: AwsType, item: Item, properties: dict[str, Any]) -> str:
    """The id of a described object."""
    return kind.id.format_map({**item, **properties}) if kind.named else str(dig(item, kind.id))


def present_of(kind: AwsType, reader: Reader, item: Item) -> Present:
    """A fully described object as the engine sees it."""
    properties = wire.inward(kind, item)
    identity = identify(kind, item, properties)
    properties |= _outputs(kind, reader.site, item, identity, properties)
    tags: dict[str, str] = {}
    if kind.tagging is not None:
        tags = _tags(kind, kind.tagging, reader, item, identity, properties)
        if kind.about.maps_tags:
            properties["tags"] = user_tags(tags)
    return Present(identity, properties, owner_of(tags), failed=failure_of(kind, item))


def failure_of(kind: AwsType, item: Item) -> str:
    """What the cloud says is wrong with it for good."""
    waiting = kind.waiting
    if waiting is None or dig(item, waiting.state) not in waiting.failed:
        return ""
    why = waiting.why(item) if waiting.why is not None else ""
    return f"it is {dig(item, waiting.state)}" + (f": {why}" if why else "")


def _outputs(kind: AwsType, site: Site, item: Item, id: str, properties: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, form in kind.reading.outputs.items():
        if "{" in form:
            value: Any = site.spell(form, id=id, **properties, **found) or None
        else:
            value = plain(dig(item, form)) if name not in kind.about.inputs.fields else None  # `wire` reads inputs
        if value is not None and name not in properties:
            found[name] = value
    return found | {name: derive(item) for name, derive in kind.reading.derived.items()}


def _tags(
    kind: AwsType, tagging: Tagging, reader: Reader, item: Item, id: str, properties: dict[str, Any]
) -> dict[str, str]:
    if tagging.read is None:
        return from_form(tagging.form, dig(item, tagging.path))
    if tagging.arn and not reader.thorough:
        arn = reader.site.spell(tagging.arn, id=id, **properties)
        if shown := reader.tags_by_arn().get(arn):  # one listing in the place of a call for each of our objects
            return shown
    known = {**properties, "id": id}
    # The marks of a read call are properties and the id, never tags.
    params = fill(dict(tagging.read.params), lambda mark: known.get(mark.name if isinstance(mark, Prop) else "id"))
    try:
        answer = reader.one(tagging.read.service or kind.service, tagging.read.operation, params, about=id)
    except NotFound:
        return {}  # S3 says so where there are none
    return from_form(tagging.form, dig(answer, tagging.found))
