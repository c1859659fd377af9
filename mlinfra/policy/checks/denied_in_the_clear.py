"""Every bucket has a policy that denies everybody everything where a request comes in the clear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.conditions import tests
from mlinfra.policy.iam import Document, Statement, document
from mlinfra.policy.patterns import NAMES, fits, text_in
from mlinfra.policy.principals import is_for_everybody
from mlinfra.policy.scene import Breach, Scene, many

_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
_SECURE = "aws:securetransport"
# Those that only `s3:*`, or more, means together.
_ACTIONS = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:PutObject")


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each bucket without one. Undecided while a policy is not known, or is of nobody knows what."""
    best: dict[str, Verdict] = {}
    undecided = False
    for policy in scene.of(_POLICY):
        about = policy.properties.get("bucket")
        named = scene.named(about)
        if named is None and not isinstance(about, str):
            undecided = undecided or isinstance(about, Expression)
            continue
        key = str(about) if named is None else named.address
        best[key] = max(best.get(key, Verdict.FAIL), _denies(policy))
    for bucket in resources:
        name = bucket.properties.get("bucket")
        names = (bucket.address, name) if isinstance(name, str) else (bucket.address,)
        found = max(best.get(one, Verdict.FAIL) for one in names)
        if found is not Verdict.PASS:
            yield Breach(bucket, verdict=Verdict.UNKNOWN if undecided else found)


def _denies(policy: Resource) -> Verdict:
    found = document(policy.properties.get("policy"))
    if not isinstance(found, Document):
        return found
    return max((_denies_in_the_clear(one) for one in found.statements), default=Verdict.FAIL)


def _denies_in_the_clear(statement: Statement) -> Verdict:
    """Whether it denies reading and writing any object to anybody, and asks for nothing else but that."""
    body = statement.body
    effect, condition = body.get("Effect"), body.get("Condition")
    if "NotPrincipal" in body or not all(_names_action(statement, one) for one in _ACTIONS):
        return Verdict.FAIL
    verdicts = [
        Verdict.UNKNOWN if isinstance(effect, Expression) else Verdict.of(effect == "Deny"),
        is_for_everybody(statement),
        Verdict.UNKNOWN if isinstance(condition, Expression) else _is_in_the_clear(condition),
        _covers_objects(statement),
    ]
    return min(verdicts)


def _names_action(statement: Statement, action: str) -> bool:
    if "NotAction" in statement.body:
        return not any(fits(action, one) for one in statement.patterns("NotAction", wide=True))
    return any(fits(action, one) for one in statement.patterns("Action", wide=False))


def _is_in_the_clear(condition: Value) -> Verdict:
    """Whether it asks that the request is not made over TLS, and nothing besides: every test must hold."""
    asked = list(tests(condition))
    if len(asked) != 1 or asked[0].key != _SECURE or asked[0].operator.lower() not in ("bool", "boolifexists"):
        return Verdict.FAIL
    values = asked[0].values
    if any(isinstance(one, Expression) for one in values):
        return Verdict.UNKNOWN
    return Verdict.of([str(one).lower() for one in values] == ["false"])


def _covers_objects(statement: Statement) -> Verdict:
    """Whether it is about all objects of a bucket. Of which one, S3 itself sees to."""
    if "NotResource" in statement.body:
        return Verdict.FAIL
    said = many(statement.body.get("Resource"))
    if any(_is_all_of_a_bucket(text_in(one, wide=False)) for one in said):
        return Verdict.PASS
    return Verdict.UNKNOWN if any(_is_all_of_a_bucket(text_in(one, wide=True)) for one in said) else Verdict.FAIL


def _is_all_of_a_bucket(text: str) -> bool:
    """`*`, `arn:aws:s3:::acme/*`, `arn:aws:s3:::acme*`."""
    _, slash, key = text.partition("/")
    return all(fits(name, key) for name in NAMES) if slash else text.endswith("*")
