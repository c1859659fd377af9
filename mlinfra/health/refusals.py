"""Refusals: why the API lets no pod of a workload be made, in whose words, and what helps.

For the judges of workloads and of jobs. Words: those of the API server's admission (kubernetes.io, "Resource Quotas",
"Pod Security Admission", "Dynamic Admission Control", "Service Accounts"; November 2026).
"""

from __future__ import annotations

import re

from mlinfra.health.seen import Seen, short, subject_of

_ACCOUNT = re.compile(r'serviceaccount "([^"]+)" not found')
_QUOTA = re.compile(r"exceeded quota: ([^,]+), requested: (.+?), used: (.+?), limited: (.+)$")
_SILENT = re.compile(r"failed quota: ([^:]+): must specify (.+)$")
_LEVEL = re.compile(r'violates PodSecurity "([^":]+)[^"]*": (.+)$')
_UNANSWERED = re.compile(r'failed calling webhook "([^"]+)"')
_DENIED = re.compile(r'admission webhook "([^"]+)" denied the request:? ?(.*)$')


def is_refusal(told: str) -> bool:
    """Whether that is said of a pod that could not be made."""
    return any(one.search(told) for one in (_ACCOUNT, _QUOTA, _SILENT, _LEVEL, _UNANSWERED, _DENIED))


def refusal(told: str, namespace: str) -> tuple[str, str]:
    """Why none can be made, and what to do."""
    if found := _ACCOUNT.search(told):
        name = found[1]
        return (
            f"its service account {name} is not there",
            f"create it, or name one that is there: kubectl create serviceaccount {name} -n {namespace}",
        )
    if found := _QUOTA.search(told):
        name, wish, used, limit = found.groups()
        return (
            f"the quota {name} of its namespace allows {limit}, {used} are used, and one more asks for {wish}",
            f"raise it (kubectl -n {namespace} edit resourcequota {name}), or take something away",
        )
    if found := _SILENT.search(told):
        what = f"the quota {found[1]} of its namespace wants every pod to say {found[2]}"
        return what, "give its containers these requests and limits"
    if found := _LEVEL.search(told):
        return (
            f"its namespace keeps its pods to the level {found[1]}, and they do not: {short(found[2])}",
            "set what is named in their securityContext; only what needs its node as a whole is for another namespace",
        )
    if found := _DENIED.search(told):
        return f"the webhook {found[1]} denies it: {short(found[2])}", "do as it says, or change the rule behind it"
    if found := _UNANSWERED.search(told):
        return f"the webhook {found[1]}, which is asked about each, does not answer", "mend what is behind that webhook"
    return short(told), "a quota or an admission rule refuses its pods: change that, or what they ask for"


def asked(seen: Seen, told: str) -> frozenset[str]:
    """The configurations of the webhook that did not answer, where that is the reason."""
    found = _UNANSWERED.search(told)
    return frozenset(
        subject_of(kind, live)
        for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
        for live in (seen.objects.get(kind, ()) if found else ())
        if found and any(one.get("name") == found[1] for one in live.get("webhooks") or ())
    )
