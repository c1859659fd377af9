"""Answers: whether what came back is an answer to what was asked of an API.

A proxy answers with its own page and status 200, a gateway with a Status or with another list; whoever takes that for
an empty list takes objects for gone that are there. Called by `client` for each answer, with the form that the caller
says; a form says what is wrong, or nothing. Forms: k8s.io/apimachinery, pkg/apis/meta/v1/types.go (read November 2026).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from mlinfra.providers.kubernetes.token import Kind

Form: TypeAlias = Callable[[Mapping[str, Any]], str]
_NOT_SERVED = "404 page not found"  # so an API server answers for a path that it does not have at all


def anything(answer: Mapping[str, Any]) -> str:
    """Any object, but for a Status that says that something failed."""
    if answer.get("kind") == "Status" and answer.get("status") != "Success":
        return "a Status that does not say that it succeeded"
    return ""


def object_of(kind: Kind, name: str) -> Form:
    """The object of that kind and name."""
    return object_like({"apiVersion": kind.api_version, "kind": kind.name, "metadata": {"name": name}})


def object_like(body: Mapping[str, Any]) -> Form:
    """The object that was sent, as it has become."""

    def judge(answer: Mapping[str, Any]) -> str:
        metadata = answer.get("metadata")
        wanted, name = (body.get("apiVersion"), body.get("kind")), (body.get("metadata") or {}).get("name")
        is_it = (answer.get("apiVersion"), answer.get("kind")) == wanted and isinstance(metadata, dict)
        if is_it and name in (None, "", metadata.get("name")):  # type: ignore[union-attr]
            return ""
        return f"{_told(answer)} in the place of {wanted[1]} {name or ''}".rstrip()

    return judge


def changed(answer: Mapping[str, Any]) -> str:
    """An object, whatever its kind: the one that was changed."""
    return "" if answer.get("kind") not in (None, "Status") and "metadata" in answer else f"{_told(answer)}"


def list_of(kind: Kind) -> Form:
    """A page of a list of that kind. Custom resources may give their list another name."""

    def judge(answer: Mapping[str, Any]) -> str:
        name, items = str(answer.get("kind", "")), answer.get("items", ())
        named = name == f"{kind.name}List" or (_is_custom(kind) and name.endswith("List"))
        if named and answer.get("apiVersion") == kind.api_version and (items is None or isinstance(items, list)):
            return ""
        return f"{_told(answer)} in the place of {kind.name}List"

    return judge


def _is_custom(kind: Kind) -> bool:
    return "." in kind.group and not kind.group.endswith(".k8s.io")


def one_of(*kinds: str) -> Form:
    """What says of itself that it is of one of these kinds."""
    return lambda answer: "" if answer.get("kind") in kinds else f"{_told(answer)} in the place of {kinds[0]}"


def having(field: str) -> Form:
    """A document without a kind, which is known by one of its fields."""
    return lambda answer: "" if field in answer else f"{_told(answer)} without {field}"


def _told(answer: Mapping[str, Any]) -> str:
    """What an answer says that it is; never more of it."""
    kind = answer.get("kind")
    return f"a {kind}" if isinstance(kind, str) and kind.isalnum() else "an object of no kind"


def is_about_what_is_absent(status: Mapping[str, Any], text: str) -> bool:
    """Whether an answer that something is not there comes from the API, and not from somebody before it."""
    return status.get("kind") == "Status" or text.strip() == _NOT_SERVED
