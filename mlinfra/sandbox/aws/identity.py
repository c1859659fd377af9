"""Identifiers as AWS makes them, and the few shapes that several services share."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def hexadecimal(length: int = 17) -> str:
    """Random hexadecimal digits: what follows `vpc-`."""
    return secrets.token_hex(length)[:length]


def letters_and_digits(length: int, alphabet: str = string.ascii_uppercase + string.digits) -> str:
    """Random capital letters and digits."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


def page(items: Sequence[T], size: int | None, token: str | None, *, default: int = 100) -> tuple[list[T], str | None]:
    """One page of `items` and the token of the next, which is simply the number of items already given."""
    start = int(token or 0)
    end = start + (size or default)
    return list(items[start:end]), str(end) if end < len(items) else None


def tag_map(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Tags as a map, from a list of `{Key, Value}` in either spelling."""
    return {str(tag.get("Key", tag.get("key"))): str(tag.get("Value", tag.get("value", ""))) for tag in tags}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as EC2 lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def specified_tags(params: Mapping[str, Any], kind: str) -> dict[str, str]:
    """The tags that a creation gives to the object of that kind, in EC2's tag specifications."""
    specifications = params.get("TagSpecifications") or params.get("TagSpecification") or []
    return {
        key: value
        for specification in specifications
        if specification.get("ResourceType") == kind
        for key, value in tag_map(specification.get("Tags") or []).items()
    }
