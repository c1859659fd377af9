"""Who may enter a cluster, and which roles its pods have: access entries and their policies, pod identities.

https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html,
https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html (2026).
"""

from __future__ import annotations

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, Call, Params, Proceed
from mlinfra.sandbox.aws.eks import catalogue, references
from mlinfra.sandbox.aws.eks.clusters import access_entry
from mlinfra.sandbox.aws.eks.store import (
    AccessEntry,
    Body,
    Cluster,
    Clusters,
    Item,
    in_use,
    invalid_parameter,
    invalid_request,
    not_found,
    replay,
)
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import letters_and_digits, page

_TYPES = ("STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX")


class AccessEntryOperations(Extension):
    """Access entries. They need a cluster whose authentication mode knows them."""

    service = "eks"

    def create_access_entry(self, call: Call, proceed: Proceed) -> Answer:
        """Admit a principal."""
        cluster = self._cluster(call)
        principal, sort = call["principalArn"], call.get("type") or "STANDARD"
        existing = cluster.access_entries.get(principal)
        if replay(existing, call.params):
            assert existing is not None
            return {"accessEntry": existing.body}
        if existing is not None:
            raise in_use(
                "The specified access entry resource is already in use on this cluster.", clusterName=cluster.name
            )
        references.require_principal(self.account, principal)
        if sort not in _TYPES:
            raise invalid_parameter(f"The type {sort} is not one of {', '.join(_TYPES)}")
        if sort != "STANDARD" and (call.get("kubernetesGroups") or call.get("username")):
            raise invalid_parameter(f"An access entry of type {sort} takes neither groups nor a user name")
        if any(
            group.startswith(("system:", "eks:", "aws:", "amazon:", "iam:"))
            for group in call.get("kubernetesGroups", [])
        ):
            raise invalid_parameter("The kubernetes group name is reserved")
        return {"accessEntry": access_entry(self.account, cluster, call.region, principal, call.params).body}

    def describe_access_entry(self, call: Call, proceed: Proceed) -> Answer:
        """One entry."""
        return {"accessEntry": self._find(call).body}

    def list_access_entries(self, call: Call, proceed: Proceed) -> Answer:
        """The principals admitted, or those of them who have a policy."""
        cluster, policy = self._cluster(call), call.get("associatedPolicyArn")
        entries = cluster.access_entries.items()
        arns = sorted(arn for arn, entry in entries if policy is None or policy in entry.policies)
        found, token = page(arns, call.get("maxResults"), call.get("nextToken"))
        return {"accessEntries": found, "nextToken": token}

    def update_access_entry(self, call: Call, proceed: Proceed) -> Answer:
        """Change groups and user name."""
        entry = self._find(call)
        for name in ("kubernetesGroups", "username"):
            if call.get(name) is not None:
                entry.body[name] = call.get(name)
        entry.body["modifiedAt"] = self.account.now()
        return {"accessEntry": entry.body}

    def delete_access_entry(self, call: Call, proceed: Proceed) -> Answer:
        """Admit a principal no longer."""
        self._find(call)
        del self._cluster(call).access_entries[call["principalArn"]]
        return {}

    def associate_access_policy(self, call: Call, proceed: Proceed) -> Answer:
        """Give an entry a policy, for the cluster or for namespaces; given again, it changes."""
        entry, policy, scope = self._find(call), call["policyArn"], call["accessScope"]
        if policy.rpartition("/")[2] not in catalogue.ACCESS_POLICIES:
            raise invalid_parameter(f"The policyArn {policy} is not valid")
        if entry.body["type"] != "STANDARD":
            raise invalid_request(f"Policies cannot be associated with access entries of type {entry.body['type']}")
        if scope.get("type") == "namespace" and not scope.get("namespaces"):
            raise invalid_parameter("An access scope of type namespace needs namespaces")
        now = self.account.now()
        associated = entry.policies.get(policy, {"policyArn": policy, "associatedAt": now})
        associated["accessScope"] = {"type": scope["type"], "namespaces": scope.get("namespaces") or []}
        associated["modifiedAt"] = now
        entry.policies[policy] = associated
        return {
            "clusterName": call["clusterName"],
            "principalArn": call["principalArn"],
            "associatedAccessPolicy": associated,
        }

    def disassociate_access_policy(self, call: Call, proceed: Proceed) -> Answer:
        """Take a policy from an entry."""
        entry = self._find(call)
        if entry.policies.pop(call["policyArn"], None) is None:
            raise not_found("The specified policyArn is not associated with the principalArn")
        return {}

    def list_associated_access_policies(self, call: Call, proceed: Proceed) -> Answer:
        """The policies of an entry."""
        entry = self._find(call)
        policies = [entry.policies[arn] for arn in sorted(entry.policies)]
        found, token = page(policies, call.get("maxResults"), call.get("nextToken"))
        return {
            "clusterName": call["clusterName"],
            "principalArn": call["principalArn"],
            "associatedAccessPolicies": found,
            "nextToken": token,
        }

    def list_access_policies(self, call: Call, proceed: Proceed) -> Answer:
        """The policies that there are."""
        shown = [{"name": name, "arn": catalogue.access_policy_arn(name)} for name in catalogue.ACCESS_POLICIES]
        found, token = page(shown, call.get("maxResults"), call.get("nextToken"))
        return {"accessPolicies": found, "nextToken": token}

    def _cluster(self, call: Call) -> Cluster:
        cluster = self.account.store(Clusters, call.region).find(call["clusterName"])
        if cluster.status in ("CREATING", "DELETING"):
            raise invalid_request(f"Cluster '{cluster.name}' is not in ACTIVE status", clusterName=cluster.name)
        if cluster.body["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
            raise invalid_request(
                "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this "
                "operation.",
                clusterName=cluster.name,
            )
        return cluster

    def _find(self, call: Call) -> AccessEntry:
        cluster = self._cluster(call)
        entry = cluster.access_entries.get(call["principalArn"])
        if entry is None:
            raise not_found(f"The specified principalArn could not be found: {call['principalArn']}")
        return entry


class PodIdentities:
    """Makes and removes associations, those that add-ons own among them."""

    def __init__(self, account: Account, region: str) -> None:
        self._account = account
        self._region = region

    def make(self, cluster: Cluster, asked: Params, *, owner: str = "") -> Item:
        """Make one. Refused where the service account has one, or the role does not trust pods."""
        names = (asked["namespace"], asked["serviceAccount"])
        for other in cluster.pod_identities.values():
            if (other.body["namespace"], other.body["serviceAccount"]) == names:
                raise in_use(f"Association already exists: {other.body['associationId']}", clusterName=cluster.name)
        references.require_role(self._account, asked["roleArn"], "pods.eks.amazonaws.com")
        key = "a-" + letters_and_digits(17, "abcdefghijklmnopqrstuvwxyz0123456789")
        now = self._account.now()
        body: Body = {
            "clusterName": cluster.name,
            "namespace": asked["namespace"],
            "serviceAccount": asked["serviceAccount"],
            "roleArn": asked["roleArn"],
            "associationArn": self._account.arn(
                "eks", f"podidentityassociation/{cluster.name}/{key}", region=self._region
            ),
            "associationId": key,
            "tags": dict(asked.get("tags") or {}),
            "createdAt": now,
            "modifiedAt": now,
            "disableSessionTags": bool(asked.get("disableSessionTags")),
            **({"ownerArn": owner} if owner else {}),
            **({"targetRoleArn": asked["targetRoleArn"]} if asked.get("targetRoleArn") else {}),
        }
        association = Item(body=body, asked=asked)
        cluster.pod_identities[key] = association
        return association

    def drop(self, cluster: Cluster, owner: str) -> None:
        """Remove those that an add-on owns."""
        for key, association in list(cluster.pod_identities.items()):
            if association.body.get("ownerArn") == owner:
                del cluster.pod_identities[key]


class PodIdentityOperations(Extension):
    """Pod identity associations."""

    service = "eks"

    def create_pod_identity_association(self, call: Call, proceed: Proceed) -> Answer:
        """Give the pods of a service account a role."""
        cluster = self.account.store(Clusters, call.region).find_active(call["clusterName"])
        for other in cluster.pod_identities.values():
            if replay(other, call.params):
                return {"association": other.body}
        return {"association": PodIdentities(self.account, call.region).make(cluster, call.params).body}

    def describe_pod_identity_association(self, call: Call, proceed: Proceed) -> Answer:
        """One association."""
        return {"association": self._find(call)[1].body}

    def list_pod_identity_associations(self, call: Call, proceed: Proceed) -> Answer:
        """A cluster's associations, in short."""
        cluster = self.account.store(Clusters, call.region).find(call["clusterName"])
        shown = [
            association.body
            for association in cluster.pod_identities.values()
            if call.get("namespace") in (None, association.body["namespace"])
            and call.get("serviceAccount") in (None, association.body["serviceAccount"])
        ]
        found, token = page(shown, call.get("maxResults"), call.get("nextToken"))
        return {"associations": found, "nextToken": token}

    def update_pod_identity_association(self, call: Call, proceed: Proceed) -> Answer:
        """Change the role."""
        association = self._find(call)[1]
        if role := call.get("roleArn"):
            references.require_role(self.account, role, "pods.eks.amazonaws.com")
        for name in ("roleArn", "disableSessionTags", "targetRoleArn"):
            if call.get(name) is not None:
                association.body[name] = call.get(name)
        association.body["modifiedAt"] = self.account.now()
        return {"association": association.body}

    def delete_pod_identity_association(self, call: Call, proceed: Proceed) -> Answer:
        """Take the role away."""
        cluster, association = self._find(call)
        del cluster.pod_identities[association.body["associationId"]]
        return {"association": association.body}

    def _find(self, call: Call) -> tuple[Cluster, Item]:
        cluster = self.account.store(Clusters, call.region).find(call["clusterName"])
        if call["associationId"] not in cluster.pod_identities:
            raise not_found(f"No association found with ID: {call['associationId']}", clusterName=cluster.name)
        return cluster, cluster.pod_identities[call["associationId"]]
