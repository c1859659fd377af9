"""What a secret holds: a value of ours, from another secret, or one that Secrets Manager makes up itself.

A value is never read back. What we put is told by a staging label of our own, so that a value that somebody else put,
or a rotation, is never taken for it, and nothing is made up twice. AWS keeps a value for as long as its secret is
there: what is deleted is the label. Calls and fields: Secrets Manager API reference, 2017-10-17; a version's id is the
token of the request that put it (PutSecretValue). Names and replacement: Pulumi's AWS schema 7.51, without binary
values and stages; Pulumi wants a value, and where we are given none, one is generated.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.errors import InvalidRequest
from mlinfra.core.property import Replace, block, text
from mlinfra.core.resource_type import OwnedBy, ResourceType
from mlinfra.providers.aws.aws_type import AwsType, Item, Reading
from mlinfra.providers.aws.listing import parents
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.secretsmanager import SECRET
from mlinfra.providers.aws.template import Computed, call
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"

LABEL = "mlinfra"
_CURRENT = "AWSCURRENT"
# Letters and digits alone: they need no quoting in any URL, shell or configuration. 40 of 62 are 238 bits.
_GENERATED: dict[str, Any] = {"PasswordLength": 40, "ExcludePunctuation": True}


def _generated(work: Work) -> Any:
    """Where no value is given, one that Secrets Manager makes up: it goes from its answer into our request."""
    if "secretString" in work.properties:
        return None
    return work.call("GetRandomPassword", **_GENERATED)["RandomPassword"]


def _labelled(secret: str, versions: dict[str, list[str]]) -> list[Item]:
    return [{"SecretId": secret, "VersionId": version} for version, stages in versions.items() if LABEL in stages]


def _versions(reader: Reader, wanted: Wanted) -> list[Item]:
    """The listing of secrets shows the labels of all their versions."""
    ours = parents(_SECRET_VERSION, reader, wanted) | wanted.interest.names
    return [
        version
        for secret in reader.pages("secretsmanager", "ListSecrets", "SecretList")
        for name in sorted({secret["ARN"], secret["Name"]} & ours)
        for version in _labelled(name, secret.get("SecretVersionsToStages", {}))
    ]


def _look(work: Work) -> Item | None:
    """A secret that awaits its deletion is still described: what it holds counts as gone."""
    found = work.call("DescribeSecret", SecretId=work.value("secretId"))
    if "DeletedDate" in found:
        return None
    versions = _labelled(work.value("secretId"), found.get("VersionIdsToStages", {}))
    return next((one for one in versions if one["VersionId"] == work.value("VersionId")), None)


def _let_go(work: Work) -> None:
    if work.describe() is None:
        return
    params = {"SecretId": work.value("secretId"), "RemoveFromVersionId": work.value("VersionId")}
    try:
        work.call("UpdateSecretVersionStage", VersionStage=LABEL, **params)
    except InvalidRequest:
        if work.describe() is not None:
            raise  # else an earlier time, whose answer was lost, has taken the label off


_SECRET_VERSION = AwsType(
    about=ResourceType(
        token=SECRET_VERSION,
        inputs=block(
            {
                "secretId": text(required=True, replace=Replace.CREATE_FIRST, refers=SECRET),
                "secretString": text(
                    write_only=True,
                    replace=Replace.CREATE_FIRST,
                    description="A reference to a secret (${secret.env:...}); without it, a value is generated.",
                ),
            }
        ),
        key=("secretId",),
        owned_by=OwnedBy.PARENT,
        parent="secretId",
    ),
    service="secretsmanager",
    id="{secretId}|{VersionId}",
    made=".",
    create=call(
        "PutSecretValue",
        "secretId",
        "secretString",
        SecretString=Computed(_generated),
        VersionStages=[_CURRENT, LABEL],
    ),
    reading=Reading(
        source=_versions,
        one=_look,
        outputs={"arn": "{secretId}", "versionId": "VersionId"},
    ),
    delete=_let_go,
)

TYPES = (_SECRET_VERSION,)
