"""Listing: all objects of a kind that can concern a stack, in one reading.

By label over all namespaces, and by name where something is looked for that bears no label of ours. Called by the
provider, for each type in a thread.
"""

from __future__ import annotations

from mlinfra.core.errors import NotFound, ProviderError
from mlinfra.core.observed import Listing, Present
from mlinfra.core.provider import Interest
from mlinfra.providers.kubernetes import marks
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.client import Object
from mlinfra.providers.kubernetes.discovery import Place
from mlinfra.providers.kubernetes.manifest import present_of
from mlinfra.providers.kubernetes.readiness import failure_of
from mlinfra.providers.kubernetes.token import Kind


def list_objects(api: Api, token: str, interest: Interest, stack: str, asked: frozenset[str]) -> Listing:
    """The objects of one type. A kind that the API does not have yet has none. `asked`: all types being listed."""
    kind = Kind.of(token)
    try:
        place = api.discovery.place(kind, look_again=False)
    except NotFound:
        return Listing(())
    except ProviderError as error:
        return Listing((), str(error))
    found: dict[str, Present] = {}
    failed: dict[str, str] = {}
    said = ""
    try:
        for live in api.each(place, labelSelector=marks.selector(stack)):
            if _belongs(live, token, asked):
                present = shown(kind, live)
                found[present.id] = present
    except NotFound:
        return Listing(())  # its definition went away just now
    except ProviderError as error:
        said = str(error)
    for wanted in sorted(interest.ids - found.keys()):
        try:
            if (one := api.get(place, wanted)) is not None:
                present = shown(kind, one)
                found[present.id] = present
        except ProviderError as error:
            failed[wanted] = str(error)
    gone = interest.ids - found.keys() - failed.keys() if said or failed else frozenset[str]()
    return Listing(tuple(found.values()), said or next(iter(failed.values()), ""), failed, gone)


def shown(kind: Kind, live: Object) -> Present:
    """An object as the engine has it."""
    return present_of(kind, live, failure_of(kind, live))


def _belongs(live: Object, token: str, asked: frozenset[str]) -> bool:
    """Whether an object is listed here: one that was made in another version is, unless that is listed itself."""
    written, _ = marks.marked_as(live["metadata"])
    return written == token or written not in asked


def place_of(api: Api, token: str) -> Place:
    """Where the objects of a type stand. Raises `NotFound` where the API does not have it."""
    return api.discovery.place(Kind.of(token))
