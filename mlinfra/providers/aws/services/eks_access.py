"""Who may do what in a cluster: access entries, the policies associated with them, pod identities.

Calls and fields: EKS API reference, 2017-11-01. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from mlinfra.core.property import Replace, block, boolean, set_of, text
from mlinfra.core.resource_type import Exclusive, OwnedBy, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Update
from mlinfra.providers.aws.forms import ACCESS_POLICY, ACCESS_TYPE, DNS_LABEL, DNS_NAME, NAMESPACES
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.eks_children import children, clusters_of
from mlinfra.providers.aws.services.eks_cluster import CLUSTER
from mlinfra.providers.aws.services.iam_roles import ROLE
from mlinfra.providers.aws.tags import eks_tags
from mlinfra.providers.aws.template import call, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

ACCESS_ENTRY = "aws:eks/accessEntry:AccessEntry"
ACCESS_POLICY_ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
POD_IDENTITY_ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"

# IAM's propagation: EKS does not know a principal that was made a moment ago.
_NEW_PRINCIPAL = r"(?i)InvalidParameter.*(principal|role).*(not exist|not found|invalid|assumed|trust)"


def _entries(reader: Reader, wanted: Wanted) -> list[Item]:
    clusters = clusters_of(_ACCESS_ENTRY, reader, wanted)
    return children(reader, clusters, "ListAccessEntries", "accessEntries", "principalArn")


def _describe_entry(reader: Reader, item: Item) -> Item:
    if "accessEntryArn" in item:
        return item
    names = {"clusterName": item["clusterName"], "principalArn": item["principalArn"]}
    found: Item = reader.one("eks", "DescribeAccessEntry", names, item["principalArn"])["accessEntry"]
    return found


_ACCESS_ENTRY = AwsType(
    about=ResourceType(
        token=ACCESS_ENTRY,
        inputs=block(
            {
                "clusterName": text(required=True, replace=Replace.CREATE_FIRST, refers=CLUSTER),
                "principalArn": text(required=True, replace=Replace.CREATE_FIRST, refers=ROLE),
                "type": text(rules=ACCESS_TYPE, replace=Replace.DELETE_FIRST, default="STANDARD"),
                "kubernetesGroups": set_of(text(), default=[]),
                "userName": text(),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("clusterName", "principalArn"),
    ),
    service="eks",
    upper=False,
    id="{clusterName}:{principalArn}",
    names={"userName": "username"},
    create=call(
        "CreateAccessEntry",
        "clusterName",
        "principalArn",
        "type",
        "kubernetesGroups",
        "userName",
        lag=_NEW_PRINCIPAL,
    ),
    reading=Reading(
        source=_entries,
        details=_describe_entry,
        one=call("DescribeAccessEntry", "clusterName", "principalArn"),
        item="accessEntry",
        outputs={"accessEntryArn": "accessEntryArn", "createdAt": "createdAt"},
    ),
    tagging=eks_tags(held="accessEntryArn"),
    updates=(
        Update(
            ("kubernetesGroups", "userName"),
            (call("UpdateAccessEntry", "clusterName", "principalArn", "kubernetesGroups", "userName"),),
        ),
    ),
    delete=call("DeleteAccessEntry", "clusterName", "principalArn"),
    conflicts=r"ResourceInUse",
)


def _policies(reader: Reader, wanted: Wanted) -> list[Item]:
    clusters = clusters_of(_ACCESS_POLICY_ASSOCIATION, reader, wanted)
    entries = children(reader, clusters, "ListAccessEntries", "accessEntries", "principalArn")
    return [
        {**found, "principalArn": entry["principalArn"]}
        for entry in entries
        for found in children(
            reader,
            [entry["clusterName"]],
            "ListAssociatedAccessPolicies",
            "associatedAccessPolicies",
            "policyArn",
            principalArn=entry["principalArn"],
        )
    ]


def _policy(work: Work) -> Item | None:
    names = {"clusterName": work.value("clusterName"), "principalArn": work.value("principalArn")}
    associated = work.pages("ListAssociatedAccessPolicies", "associatedAccessPolicies", **names)
    wanted = work.value("policyArn")
    return next(({**names, **policy} for policy in associated if policy["policyArn"] == wanted), None)


_ASSOCIATE = call("AssociateAccessPolicy", "clusterName", "principalArn", "policyArn", "accessScope")

_ACCESS_POLICY_ASSOCIATION = AwsType(
    about=ResourceType(
        token=ACCESS_POLICY_ASSOCIATION,
        inputs=block(
            {
                "clusterName": text(required=True, replace=Replace.CREATE_FIRST, refers=CLUSTER),
                "principalArn": text(required=True, replace=Replace.CREATE_FIRST, refers=ACCESS_ENTRY),
                "policyArn": text(
                    rules=ACCESS_POLICY,
                    required=True,
                    replace=Replace.CREATE_FIRST,
                ),
                # Associating once more changes the scope of what is associated.
                "accessScope": block(
                    {"type": text(required=True), "namespaces": set_of(text(rules=NAMESPACES), default=[])},
                    required=True,
                ),
            }
        ),
        key=("clusterName", "principalArn", "policyArn"),
        owned_by=OwnedBy.PARENT,
        parent="clusterName",
        # Entries of others are theirs, with all that they may; ours is to allow no more than the stack says.
        exclusive=Exclusive(
            of=ACCESS_ENTRY,
            by="{clusterName}:{principalArn}",
            said=lambda policy: f"has the access policy {policy['policyArn'].rpartition('/')[2]}",
        ),
    ),
    service="eks",
    upper=False,
    id="{clusterName}#{principalArn}#{policyArn}",
    create=_ASSOCIATE,
    reading=Reading(source=_policies, one=_policy),
    updates=(Update(("accessScope",), (_ASSOCIATE,)),),
    delete=call("DisassociateAccessPolicy", "clusterName", "principalArn", "policyArn"),
)


def _pod_identities(reader: Reader, wanted: Wanted) -> list[Item]:
    clusters = clusters_of(_POD_IDENTITY_ASSOCIATION, reader, wanted)
    return children(reader, clusters, "ListPodIdentityAssociations", "associations", "associationId")


def _describe_pod_identity(reader: Reader, item: Item) -> Item:
    if "roleArn" in item:
        return item
    names = {"clusterName": item["clusterName"], "associationId": item["associationId"]}
    found: Item = reader.one("eks", "DescribePodIdentityAssociation", names, item["associationId"])["association"]
    return found


_POD_IDENTITY_ASSOCIATION = AwsType(
    about=ResourceType(
        token=POD_IDENTITY_ASSOCIATION,
        inputs=block(
            {
                "clusterName": text(required=True, replace=Replace.DELETE_FIRST, refers=CLUSTER),
                "namespace": text(rules=DNS_LABEL, required=True, replace=Replace.DELETE_FIRST),
                "serviceAccount": text(rules=DNS_NAME, required=True, replace=Replace.DELETE_FIRST),
                "roleArn": text(required=True, refers=ROLE),
                "disableSessionTags": boolean(default=False),
                "targetRoleArn": text(default=None, refers=ROLE),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("clusterName", "namespace", "serviceAccount"),
    ),
    service="eks",
    upper=False,
    id="{clusterName},{associationId}",
    made="association",
    create=call(
        "CreatePodIdentityAssociation",
        "clusterName",
        "namespace",
        "serviceAccount",
        "roleArn",
        "disableSessionTags",
        "targetRoleArn",
        lag=_NEW_PRINCIPAL,
    ),
    reading=Reading(
        source=_pod_identities,
        details=_describe_pod_identity,
        one=call("DescribePodIdentityAssociation", "clusterName", associationId=prop("associationId")),
        item="association",
        outputs={"associationArn": "associationArn", "associationId": "associationId"},
    ),
    tagging=eks_tags(held="associationArn"),
    updates=(
        Update(
            ("roleArn", "disableSessionTags", "targetRoleArn"),
            (
                call(
                    "UpdatePodIdentityAssociation",
                    "clusterName",
                    "roleArn",
                    "disableSessionTags",
                    "targetRoleArn",
                    associationId=prop("associationId"),
                    lag=_NEW_PRINCIPAL,
                ),
            ),
        ),
    ),
    delete=call("DeletePodIdentityAssociation", "clusterName", associationId=prop("associationId")),
    conflicts=r"ResourceInUse",
)

TYPES = (_ACCESS_ENTRY, _ACCESS_POLICY_ASSOCIATION, _POD_IDENTITY_ASSOCIATION)
