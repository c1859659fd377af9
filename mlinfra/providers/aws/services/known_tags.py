"""Known tags: those that the tagging API shows of listed objects, for services whose lists carry none.

One call then serves for the tags of all objects of a stack; details are asked only for what it does not know (yet).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mlinfra.providers.aws.aws_type import Item
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.tags import to_form


def with_known_tags(
    reader: Reader, items: Iterable[Item], arn: Callable[[Item], str], *, form: str = "list"
) -> list[Item]:
    """The items, those of our stack with their tags at `Tags`."""
    known = reader.tags_by_arn()
    return [{**item, **({"Tags": to_form(form, tags)} if (tags := known.get(arn(item))) else {})} for item in items]
