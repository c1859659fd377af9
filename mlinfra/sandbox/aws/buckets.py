"""Buckets: policies that say when, and objects that leave nothing open behind them.

moto takes a statement whose condition is not met for a denial, whatever it says, and looks at no principal.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html (2026): such a statement
does not apply. The sandbox listens in plain HTTP, but what it stands for is reached by TLS: a policy that refuses
everything else, as reference policies do, refuses nothing here. What a condition asks that the sandbox does not know,
is not met.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend

from mlinfra.core.value import canonical_json

_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "bool": lambda there, wanted: there.lower() == wanted.lower(),
    "stringequals": lambda there, wanted: there == wanted,
    "stringequalsignorecase": lambda there, wanted: there.lower() == wanted.lower(),
    "stringlike": fnmatchcase,
    "numericequals": lambda there, wanted: float(there) == float(wanted),
    "numericlessthan": lambda there, wanted: float(there) < float(wanted),
    "numericlessthanequals": lambda there, wanted: float(there) <= float(wanted),
    "numericgreaterthan": lambda there, wanted: float(there) > float(wanted),
    "numericgreaterthanequals": lambda there, wanted: float(there) >= float(wanted),
}


class Bucket(FakeBucket):
    """One whose policy applies where its conditions are met."""

    def get_permission(self, action: str, resource: str) -> PermissionResult:
        """What the policy says of an action of somebody in the account."""
        if self.policy is None:
            return PermissionResult.NEUTRAL
        document = msgspec.json.decode(self.policy, type=dict[str, Any])
        applying = [
            {name: value for name, value in statement.items() if name not in ("Condition", "Principal")}
            for statement in _listed(document.get("Statement"))
            if self._is_met(statement.get("Condition", {})) and self._is_meant(statement)
        ]
        policy = IAMPolicy(canonical_json({**document, "Statement": applying}))
        return policy.is_action_permitted(action, resource)

    def _is_meant(self, statement: Mapping[str, Any]) -> bool:
        """Whether it speaks of everybody, or of all in the account: the sandbox knows no other callers."""
        principal = statement.get("Principal", "*")
        named = _listed(principal.get("AWS") if isinstance(principal, dict) else principal)
        return bool({"*", self.account_id, f"arn:{self.partition}:iam::{self.account_id}:root"}.intersection(named))

    def _is_met(self, conditions: Mapping[str, Mapping[str, Any]]) -> bool:
        known = {
            "aws:securetransport": "true",
            "s3:tlsversion": "1.3",
            "aws:principalaccount": self.account_id,
            "aws:resourceaccount": self.account_id,
        }
        return all(
            _holds(operator, known.get(key.lower()), [str(value) for value in _listed(values)])
            for operator, asked in conditions.items()
            for key, values in asked.items()
        )


def _holds(operator: str, there: str | None, wanted: list[str]) -> bool:
    """One line of a condition; the negative operators hold where there is nothing to compare, as `IfExists` does."""
    name = operator.lower()
    bare = name.removesuffix("ifexists")
    negative = "not" in bare
    compare = _OPERATORS.get(bare.replace("not", ""))
    if compare is None:
        return False
    if there is None:
        return negative or bare != name
    return any(compare(there, value) for value in wanted) is not negative


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


class Buckets(S3Backend):
    """In place of moto's backend, within one account."""

    def create_bucket(self, bucket_name: str, region_name: str, bucket_namespace: str | None = None) -> Bucket:
        """Make a bucket."""
        super().create_bucket(bucket_name, region_name, bucket_namespace)
        made = Bucket(bucket_name, self.account_id, region_name, bucket_namespace)  # type: ignore[abstract]  # as moto's
        self.buckets[bucket_name] = made
        return made

    def delete_object(
        self, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
    ) -> tuple[bool, dict[str, Any]]:
        """Delete an object or a version of it. moto deletes all versions where versioning is suspended.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html (2026).
        """
        bucket = self.get_bucket(bucket_name)
        if bucket.versioning_status != "Suspended":
            return super().delete_object(bucket_name, key_name, version_id, bypass)
        gone = version_id or "null"
        versions = bucket.keys.getlist(key_name, [])
        bucket.keys.setlist(key_name, [version for version in versions if str(version.version_id) != gone])
        if version_id is None and versions:
            marker = FakeDeleteMarker(key=versions[-1])
            marker._version_id = gone
            bucket.keys[key_name] = marker
        if not bucket.keys.getlist(key_name):
            dict.pop(bucket.keys, key_name)
        return bool(versions), {"version-id": gone}

    def close(self) -> None:
        """Close the files of all objects, and of the copies of them that moto makes when it lists versions.

        moto's own reset does so for all accounts at once.
        """
        uploads = [upload for bucket in self.buckets.values() for upload in bucket.multiparts.values()]
        keys: list[Any] = [part for upload in uploads for part in upload.parts.values()]
        keys += [key for bucket in self.buckets.values() for name in bucket.keys for key in bucket.keys.getlist(name)]
        keys += [key for key in FakeKey.instances_tracked if key.account_id == self.account_id]  # type: ignore[attr-defined]
        for key in keys:
            if isinstance(key, FakeKey):
                key.dispose()
