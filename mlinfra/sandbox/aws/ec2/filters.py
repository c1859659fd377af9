"""Filters of EC2's listings, for the objects that we keep ourselves.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html (2026).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any


def matches(shown: Mapping[str, Any], filters: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> bool:
    """Whether an object as it is shown, tags included, passes all filters. `names` are members by filter's name."""
    tags = {tag["Key"]: tag["Value"] for tag in shown.get("Tags", [])}
    for asked in filters:
        name, values = asked["Name"], [str(value) for value in asked.get("Values") or []]
        if name.startswith("tag:"):
            found = [tags[name[4:]]] if name[4:] in tags else []
        elif name == "tag-key":
            found = list(tags)
        elif name in names:
            found = [str(shown.get(names[name], ""))]
        else:
            continue
        if not any(fnmatchcase(one, value) for one in found for value in values):
            return False
    return True
