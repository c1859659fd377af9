"""The judgement: all judges' findings, brought down to root causes, those alike told once, the worst first.

A finding is an echo where a subject that it hangs on is itself ill. Its root bears its name, and it is told no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlinfra.core.health import Finding, Health, Severity, Trouble
from mlinfra.health.judges import every_judge
from mlinfra.health.replicas import replicas_of
from mlinfra.health.seen import Seen, condition, counted

_ORDER = tuple(Severity)


def judge(stack: str, seen: Seen, unread: tuple[str, ...] = ()) -> Health:
    """How it is."""
    findings = [finding for find in every_judge() for finding in find(seen)]
    return Health(
        stack=stack,
        applied=seen.applied,
        troubles=troubles_of(findings, seen.addresses),
        unread=unread,
        counts=_counts(seen),
    )


def troubles_of(findings: Iterable[Finding], addresses: Mapping[str, str]) -> tuple[Trouble, ...]:
    """The root causes among findings, the most serious first."""
    found = list(findings)
    ill: dict[str, list[Finding]] = {}
    for finding in found:
        if finding.severity is not Severity.NOTE:
            ill.setdefault(finding.subject, []).append(finding)
    alike: dict[tuple[str, ...], list[Finding]] = {}
    echoes: dict[str, set[str]] = {}
    for finding in found:
        roots = _roots(finding, ill)
        if not roots:
            alike.setdefault(_likeness(finding), []).append(finding)
        for root in roots:
            echoes.setdefault(root, set()).add(finding.owner or finding.subject)
    made = [_trouble(group, echoes, addresses) for group in alike.values()]
    return tuple(trouble for _, trouble in sorted(made, key=lambda pair: pair[0]))


def _roots(finding: Finding, ill: Mapping[str, list[Finding]]) -> frozenset[str]:
    """The subjects at the bottom of what explains a finding; none where it is a root itself."""
    roots: set[str] = set()
    seen = {finding.subject}
    way = [subject for subject in finding.because if subject in ill and subject not in seen]
    while way:
        subject = way.pop()
        if subject in seen:
            continue
        seen.add(subject)
        further = {
            below for one in ill[subject] for below in one.because if below in ill and below not in (subject, *seen)
        }
        if further:
            way.extend(further)
        else:
            roots.add(subject)
    return frozenset(roots)


def _likeness(finding: Finding) -> tuple[str, ...]:
    return (finding.owner or finding.subject, finding.words, finding.severity.value)


def _trouble(
    group: list[Finding], echoes: Mapping[str, set[str]], addresses: Mapping[str, str]
) -> tuple[tuple[int, int, str, str], Trouble]:
    first = group[0]
    subjects = tuple(sorted({finding.subject for finding in group}))
    title = first.subject
    if first.owner:
        title = f"{first.owner} ({counted(len(subjects), first.subject.partition(' ')[0].lower())})"
    ill = () if first.severity is Severity.NOTE else subjects  # a note explains nothing, whatever else its subject has
    explained = set().union(*(echoes.get(subject, ()) for subject in ill)) - {*subjects, first.owner}
    address = first.address or addresses.get(first.owner, "") or addresses.get(first.subject, "")
    trouble = Trouble(
        severity=first.severity,
        title=title,
        words=first.words,
        remedy=first.remedy,
        subjects=subjects,
        explains=tuple(sorted(explained)),
        address=address,
    )
    return (_ORDER.index(first.severity), first.layer, title, first.words), trouble


def _counts(seen: Seen) -> tuple[tuple[str, int, int], ...]:
    """What is well of what there is."""
    nodes = list(seen.each("Node"))
    pods = [pod for pod in seen.each("Pod") if (pod.get("status") or {}).get("phase") != "Succeeded"]
    workloads = [(kind, live) for kind in ("Deployment", "StatefulSet", "DaemonSet") for live in seen.each(kind)]
    return (
        ("nodes ready", sum(_holds(node, "Ready") for node in nodes), len(nodes)),
        ("pods ready", sum(_holds(pod, "Ready") for pod in pods), len(pods)),
        ("workloads available", sum(_available(kind, live) for kind, live in workloads), len(workloads)),
    )


def _holds(live: Mapping[str, object], type: str) -> bool:
    return condition(live, type).get("status") == "True"


def _available(kind: str, live: Mapping[str, object]) -> bool:
    ready, wanted = replicas_of(kind, live)
    return ready >= wanted
