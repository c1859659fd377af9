"""Label and field selectors: from a query string, a mapping or a metav1.LabelSelector to a test of objects.

Called by the store and by controllers (`matcher`, `parse_labels`). It must not read the store.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from mlinfra.sandbox.kubernetes import errors
from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.values import Json, Object, at

LabelSource: TypeAlias = Mapping[str, Json] | str | None
"""A query string (`a=b,c!=d,e in (f, g),!h`), a plain mapping of labels, a metav1.LabelSelector, or None for all."""
Test: TypeAlias = Callable[[Mapping[str, str]], bool]

_SET = re.compile(r"^(?P<key>[^\s!=<>,()]+)\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)$")
_EQUAL = re.compile(r"^(?P<key>[^\s!=<>,()]+)\s*(?P<op>==|=|!=|>|<)\s*(?P<value>[^\s!=<>,()]*)$")
_EXISTS = re.compile(r"^(?P<not>!?)\s*(?P<key>[^\s!=<>,()]+)$")
_TERMS = re.compile(r",(?![^(]*\))")


def matcher(labels: LabelSource, fields: str, kind: Kind) -> Callable[[Object], bool]:
    """Make a test of objects from a label and a field selector; 400 when one cannot be read."""
    label_test = parse_labels(labels)
    field_test = parse_fields(fields, kind)

    def matches(obj: Object) -> bool:
        return label_test(obj["metadata"].get("labels") or {}) and field_test(obj)

    return matches


def parse_labels(source: LabelSource) -> Test:
    """Make a test of a map of labels. An empty selector matches everything."""
    if not source:
        return lambda _: True
    if isinstance(source, str):
        return _all([_term(term.strip()) for term in _TERMS.split(source)])
    if source.keys() <= {"matchLabels", "matchExpressions"}:
        tests = [_requirement(key, "In", [value]) for key, value in (source.get("matchLabels") or {}).items()]
        for rule in source.get("matchExpressions") or ():
            tests.append(_requirement(rule["key"], rule["operator"], rule.get("values") or []))
        return _all(tests)
    return _all([_requirement(key, "In", [value]) for key, value in source.items()])


def _all(tests: list[Test]) -> Test:
    return lambda labels: all(test(labels) for test in tests)


def _term(term: str) -> Test:
    if found := _SET.match(term):
        values = [value.strip() for value in found["values"].split(",")]
        return _requirement(found["key"], "In" if found["op"] == "in" else "NotIn", values)
    if found := _EQUAL.match(term):
        operator = {"=": "In", "==": "In", "!=": "NotIn", ">": "Gt", "<": "Lt"}[found["op"]]
        return _requirement(found["key"], operator, [found["value"]])
    if found := _EXISTS.match(term):
        return _requirement(found["key"], "DoesNotExist" if found["not"] else "Exists", [])
    raise errors.bad_request(f'unable to parse requirement: found "{term}"')


def _requirement(key: str, operator: str, values: list[str]) -> Test:
    if operator == "In":
        return lambda labels: labels.get(key) in values if key in labels else False
    if operator == "NotIn":
        return lambda labels: key not in labels or labels[key] not in values
    if operator == "Exists":
        return lambda labels: key in labels
    if operator == "DoesNotExist":
        return lambda labels: key not in labels
    if operator in ("Gt", "Lt"):
        return _comparison(key, operator, values)
    raise errors.bad_request(f'"{operator}" is not a valid label selector operator')


def _comparison(key: str, operator: str, values: list[str]) -> Test:
    def compare(labels: Mapping[str, str]) -> bool:
        try:
            found, bound = int(labels[key]), int(values[0])
        except (KeyError, ValueError, IndexError):
            return False
        return found > bound if operator == "Gt" else found < bound

    return compare


# Beyond metadata.name and metadata.namespace, what each kind can be selected by (registry/*/strategy.go, 1.33).
_FIELDS: dict[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "services": ("spec.clusterIP", "spec.type"),
    "replicasets.apps": ("status.replicas",),
    "replicationcontrollers": ("status.replicas",),
    "jobs.batch": ("status.successful",),
    "certificatesigningrequests.certificates.k8s.io": ("spec.signerName",),
}
_ABSENT = {"spec.unschedulable": "false", "spec.hostNetwork": "false", "status.replicas": "0", "status.successful": "0"}


def parse_fields(source: str, kind: Kind) -> Callable[[Object], bool]:
    """Make a test of objects from a field selector; 400 for a field that the kind cannot be selected by."""
    tests = [_field_test(term.strip(), kind) for term in source.split(",") if term.strip()]
    return lambda obj: all(test(obj) for test in tests)


def _field_test(term: str, kind: Kind) -> Callable[[Object], bool]:
    found = re.match(r"^(?P<path>[^=!]+)(?P<op>==|=|!=)(?P<value>.*)$", term)
    if found is None:
        raise errors.bad_request(f'invalid selector: "{term}"; can\'t understand "{term}"')
    path, value, negated = found["path"], found["value"], found["op"] == "!="
    known = ("metadata.name", "metadata.namespace", *_FIELDS.get(kind.resource, ()), *kind.selectable_fields)
    if path not in known:
        raise errors.bad_request(f'field label not supported: "{path}"')
    return lambda obj: (_field(obj, path) == value) is not negated


def _field(obj: Object, path: str) -> str:
    value = at(obj, path.split("."))
    if path == "source":
        value = at(obj, ("source", "component"))
    if value is None:
        return _ABSENT.get(path, "")
    return str(value).lower() if isinstance(value, bool) else str(value)
