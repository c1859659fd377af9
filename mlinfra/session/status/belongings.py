"""Belongings: which of the stack's own objects are missing from its cluster, and how many replicas it declares.

`session.looking` calls it. It only reads: kinds that were listed for other reasons are not listed again, all others
once each by the stack's label, and what is not found so is asked for by name, since it may have lost its label alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mlinfra.core.connections import KUBERNETES, kind_of
from mlinfra.core.errors import AccessDenied, ProviderError
from mlinfra.core.resource import Connection
from mlinfra.core.state import Record, State, Status
from mlinfra.health.seen import Declared, Live, Missing
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.marks import selector
from mlinfra.providers.kubernetes.token import Kind

_READERS = 12
_WORKLOADS = ("Deployment", "StatefulSet")


def missing(
    api: Api,
    state: State,
    inside: Connection,
    listed: Mapping[Kind, Iterable[Live]],
    unread: list[str],
    denied: list[str],
) -> tuple[Missing, ...]:
    """What is recorded and not there. `listed`: kinds all of whose objects are known.

    What cannot be read goes into `unread`; kinds that these credentials may not list are, and go, in `denied`.
    """
    wanted: dict[Kind, list[Record]] = defaultdict(list)
    for record in state.records.values():
        recorded = kind_of(record.type) == KUBERNETES and record.connection.identity == inside.identity
        if recorded and record.status is Status.READY:
            wanted[Kind.of(record.type)].append(record)
    known = {kind: {_id(live) for live in objects} for kind, objects in listed.items()}
    with ThreadPoolExecutor(_READERS, thread_name_prefix="belongings") as pool:
        found = {
            kind: pool.submit(_gone, api, kind, records, selector(state.stack), known.get(kind))
            for kind, records in wanted.items()
            if kind.name not in denied
        }
    gone: list[Missing] = []
    for kind, future in found.items():
        try:
            gone += future.result()
        except AccessDenied:
            denied.append(kind.name)
        except ProviderError as error:
            unread.append(str(error))
    return tuple(sorted(gone, key=lambda one: one.subject))


def _gone(api: Api, kind: Kind, records: list[Record], label: str, known: set[str] | None) -> list[Missing]:
    place = api.find(kind)
    if place is None:
        return [_missing(kind, one, unserved=True) for one in records]
    if known is None:
        known = {_id(live) for live in api.each(place, labelSelector=label)}
    return [_missing(kind, one) for one in records if one.id not in known and api.get(place, one.id) is None]


def _missing(kind: Kind, record: Record, *, unserved: bool = False) -> Missing:
    subject = f"{kind.name} {record.id}"
    return Missing(subject, kind.name, str(record.address), unserved, record.inputs or {})


def _id(live: Live) -> str:
    namespace = live["metadata"].get("namespace", "")
    return f"{namespace}/{live['metadata']['name']}" if namespace else str(live["metadata"]["name"])


def declared(records: Iterable[Record]) -> Iterator[Declared]:
    """The replicas that workloads of the stack say themselves, and those that their autoscalers keep at the least."""
    for record in records:
        if kind_of(record.type) != KUBERNETES:
            continue
        kind, spec = Kind.of(record.type).name, (record.inputs or {}).get("spec")
        if not isinstance(spec, Mapping):
            continue
        subject, address = f"{kind} {record.id}", str(record.address)
        if kind in _WORKLOADS and isinstance(spec.get("replicas"), int):
            yield Declared(subject, spec["replicas"], address)
        elif kind in ("ScaledObject", "HorizontalPodAutoscaler"):
            least = spec.get("minReplicaCount" if kind == "ScaledObject" else "minReplicas")
            target: Any = spec.get("scaleTargetRef") or {}
            if isinstance(least, int) and spec.get("idleReplicaCount") is None:
                workload = f"{target.get('kind', 'Deployment')} {record.id.rpartition('/')[0]}/{target.get('name')}"
                yield Declared(workload, least, address, keeper=subject)
