"""Questions asked by creating an object that is never stored: who am I, may I, who is this token. Called by `api`."""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.authorization import Attributes, Authorizer
from mlinfra.sandbox.kubernetes.requests import Authenticator, Identity
from mlinfra.sandbox.kubernetes.values import Object


class Reviews:
    """Answers reviews by what authenticates and authorises the cluster's requests."""

    def __init__(self, authorizer: Authorizer, authenticate: Authenticator) -> None:
        self._authorizer = authorizer
        self._authenticate = authenticate

    def answer(self, kind: str, review: Object, identity: Identity, namespace: str) -> Object:
        """Give a review with its status filled in."""
        spec = review.get("spec") or {}
        meta = {"creationTimestamp": None, **(review.get("metadata") or {})}
        if kind == "SelfSubjectReview":
            status: Object = {"userInfo": _user(identity)}
        elif kind == "TokenReview":
            status = self._token(spec.get("token", ""))
        elif kind == "SelfSubjectRulesReview":
            status = self._rules(identity, spec.get("namespace", ""))
        else:
            asker = identity if kind == "SelfSubjectAccessReview" else _subject(spec)
            allowed = self._authorizer.allows(asker, _asked(spec, namespace))
            status = {"allowed": allowed, "reason": "allowed by policy" if allowed else ""}
        return {**review, "metadata": meta, "status": status}

    def _token(self, token: str) -> Object:
        identity = self._authenticate(token)
        return {"authenticated": True, "user": _user(identity)} if identity else {"authenticated": False}

    def _rules(self, identity: Identity, namespace: str) -> Object:
        rules = list(self._authorizer.rules(identity, namespace))
        return {
            "resourceRules": [rule for rule in rules if "apiGroups" in rule],
            "nonResourceRules": [rule for rule in rules if "nonResourceURLs" in rule],
            "incomplete": False,
        }


def _user(identity: Identity) -> Object:
    extra = {"extra": {key: list(values) for key, values in identity.extra.items()}} if identity.extra else {}
    uid = {"uid": identity.uid} if identity.uid else {}
    return {"username": identity.username, **uid, "groups": list(identity.groups), **extra}


def _subject(spec: Object) -> Identity:
    return Identity(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""))


def _asked(spec: Object, namespace: str) -> Attributes:
    if path := (spec.get("nonResourceAttributes") or {}).get("path"):
        return Attributes(spec["nonResourceAttributes"].get("verb", "get"), path=path)
    found = spec.get("resourceAttributes") or {}
    part = f"/{found['subresource']}" if found.get("subresource") else ""
    return Attributes(
        found.get("verb", ""),
        found.get("group", ""),
        found.get("resource", "") + part,
        namespace or found.get("namespace", ""),
        found.get("name", ""),
    )
