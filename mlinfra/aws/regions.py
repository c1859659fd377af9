"""Regions: a misspelt one is refused by name, before anything is called.

The known ones are those of botocore's table of partitions, which every client loads anyway. AWS opens regions more
often than a table is brought up to date, so that a name made of known words (`ap-southeast-9`) may pass; a simulated
account has the known ones alone. Called by the session before it makes clients.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache

from mlinfra.aws.codes import Code
from mlinfra.core.errors import InvalidRequest


def check_region(region: str, *, simulated: bool) -> None:
    """Raises `InvalidRequest` where there is no such region. An empty one is left to the environment."""
    known = known_regions()
    if not region or region in known or (not simulated and _words(region) in {_words(one) for one in known}):
        return
    near = sorted(get_close_matches(region, sorted(known), 5), key=lambda one: sorted(one) != sorted(region))
    hint = f"did you mean {near[0]}?" if near else "`aws account list-regions` lists those that there are"
    raise InvalidRequest(f"there is no region {region}", code=Code.NO_REGION, hint=hint)


@lru_cache(maxsize=1)
def known_regions() -> frozenset[str]:
    """The regions of all partitions, by name."""
    from mlinfra.aws.models import Models

    partitions = Models().load_data("partitions")["partitions"]
    names = (name for partition in partitions for name in partition["regions"])
    return frozenset(name for name in names if not name.endswith("-global"))


def _words(region: str) -> str:
    """All of a region's name but its number."""
    return region.rpartition("-")[0]
