"""Served: the schemas of custom resources that a cluster publishes itself, for plans that are held against them.

Read from the OpenAPI documents, one for each group and version (kubernetes.io, "The Kubernetes API", OpenAPI v3, read
November 2026): whoever may plan may read them, which is not so of the definitions themselves. Only looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mlinfra.core.errors import NotFound
from mlinfra.documents.schema import Schema
from mlinfra.providers.kubernetes.answers import having
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.client import Object
from mlinfra.providers.kubernetes.definitions import schema_of
from mlinfra.providers.kubernetes.token import Kind

_KINDS = "x-kubernetes-group-version-kind"


def served_schemas(api: Api, kinds: Iterable[Kind]) -> Mapping[Kind, Schema]:
    """The schema of each of the kinds that the cluster has. Raises `ProviderError` where it does not answer."""
    wanted = set(kinds)
    found: dict[Kind, Schema] = {}
    for api_version in sorted({kind.api_version for kind in wanted}):
        try:
            doing = f"reading the schemas of {api_version}"
            document = api.client.get(f"/openapi/v3/apis/{api_version}", doing, having("openapi"))
        except NotFound:
            continue
        for kind, schema in _published(document):
            if kind in wanted:
                found[kind] = schema_of(schema)
    return found


def _published(document: Object) -> Iterator[tuple[Kind, Object]]:
    for schema in ((document.get("components") or {}).get("schemas") or {}).values():
        for one in schema.get(_KINDS) or ():
            yield Kind(str(one.get("group", "")), str(one.get("version", "")), str(one.get("kind", ""))), schema
