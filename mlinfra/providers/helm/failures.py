"""Failures: what Helm says went wrong, in our own terms, once.

Helm answers with sentences alone (helm.sh/helm v4.2 pkg/action and client-go, seen 2026-11-24); what matters more is
what it left in the cluster, so callers look there first.
"""

from __future__ import annotations

import re

from mlinfra.core.errors import AccessDenied, Conflict, InvalidRequest, ProviderError
from mlinfra.providers.helm.codes import Code

_PASSING = re.compile(
    r"\bEOF\b|connection (?:refused|reset)|broken pipe|i/o timeout|no such host|TLS handshake|unreachable"
    # Of one request that nobody answered, by the client, the server or client-go, not of waiting for objects.
    r"|Client\.Timeout exceeded|request did not complete within|unable to return a response in the time allotted"
    r"|currently unable to handle|[Ii]nternal error|InternalError|etcdserver|[Tt]oo many requests"
    r"|[Ss]ervice ?[Uu]navailable|object has been modified|server is currently|http2: |failed to download openapi"
    # What client-go says of an answer that is none: a proxy's page, or half a document.
    r"|an error on the server|unexpected end of JSON input|invalid character .{1,12} looking for beginning of value"
)
# Of objects that it could not look at: nobody answered, and it waited no longer.
_UNSEEN = re.compile(r"not ready\. status: Unknown")
_EXPIRED = re.compile(r"context deadline exceeded|timed out")
# What Helm says of an uninstall whatever kept an object from going: the reason goes to its own log alone.
_UNTOLD = re.compile(r"failed to delete release")
_LONGEST = 600  # characters of Helm's own words

_KINDS: tuple[tuple[re.Pattern[str], type[ProviderError], Code, str], ...] = (
    (
        re.compile(r"forbidden|[Uu]nauthorized|provide credentials"),
        AccessDenied,
        Code.FAILED,
        "whoever applies needs to write every object of the chart, and the Secrets of its namespace",
    ),
    (
        re.compile(r"cannot re-?use a name"),
        Conflict,
        Code.IN_USE,
        "choose another name, or take the release over: mlinfra adopt",
    ),
    (
        re.compile(r"cannot be imported into the current release|invalid ownership metadata"),
        Conflict,
        Code.FAILED,
        "an object of the chart exists already: delete it, or let the release have it with takeOwnership: true",
    ),
    (
        re.compile(r"not ready|context deadline exceeded|timed out|BackoffLimitExceeded|DeadlineExceeded"),
        ProviderError,
        Code.NOT_READY,
        "",
    ),
    (
        re.compile(r"incompatible with Kubernetes"),
        InvalidRequest,
        Code.WRONG_CLUSTER_VERSION,
        "choose a version of the chart that runs on the cluster, or the other way round",
    ),
    (
        re.compile(r"is invalid|unable to build kubernetes objects|no matches for kind|ensure CRDs|specifications"),
        InvalidRequest,
        Code.FAILED,
        "",
    ),
)


def is_passing(words: str) -> bool:
    """Whether the same may well work a moment later."""
    return _PASSING.search(words) is not None or (is_unseen(words) and _EXPIRED.search(words) is None)


def is_unseen(words: str) -> bool:
    """Whether it waited for objects that it could not look at: they may be well."""
    return _UNSEEN.search(words) is not None


def is_untold(words: str) -> bool:
    """Whether Helm keeps to itself what went wrong."""
    return _UNTOLD.search(words) is not None


def unrendered(id: str, words: str) -> ProviderError:
    """The error for a chart that does not render as a release `id`."""
    failed = refusal(f"rendering release {id}", words)
    if failed.code == Code.WRONG_CLUSTER_VERSION:
        return failed
    hint = "`mlinfra charts list` says which charts are used; their values.yaml says what they take"
    return InvalidRequest(str(failed), code=Code.NOT_RENDERED, hint=hint)


def refusal(doing: str, words: str, *, more: str = "") -> ProviderError:
    """The error for what Helm said while `doing`. `more` is what else is known, in whole sentences."""
    said = " ".join(words.split())[:_LONGEST]
    text = f"{doing}: {said}" + (f". {more}" if more else "")
    for pattern, kind, code, hint in _KINDS:
        if pattern.search(words):
            return kind(text, code=code, hint=hint)
    return ProviderError(text, code=Code.FAILED)
