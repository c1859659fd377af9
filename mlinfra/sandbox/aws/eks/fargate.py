"""Fargate profiles. https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html (2026)."""

from __future__ import annotations

import uuid

from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.eks import references
from mlinfra.sandbox.aws.eks.store import Body, Cluster, Clusters, Item, in_use, invalid_parameter, not_found, replay
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import page


class FargateOperations(Extension):
    """CreateFargateProfile, DescribeFargateProfile, ListFargateProfiles, DeleteFargateProfile."""

    service = "eks"

    def create_fargate_profile(self, call: Call, proceed: Proceed) -> Answer:
        """Begin to make a profile."""
        cluster = self.account.store(Clusters, call.region).find_active(call["clusterName"])
        name = call["fargateProfileName"]
        existing = cluster.fargate_profiles.get(name)
        if replay(existing, call.params):
            assert existing is not None
            return {"fargateProfile": existing.body}
        if existing is not None:
            raise in_use("A Fargate Profile already exists with this name in this cluster.", clusterName=cluster.name)
        self._check(cluster, call)
        arn = f"fargateprofile/{cluster.name}/{name}/{uuid.uuid4()}"
        body: Body = {
            "fargateProfileName": name,
            "fargateProfileArn": self.account.arn("eks", arn, region=call.region),
            "clusterName": cluster.name,
            "createdAt": self.account.now(),
            "podExecutionRoleArn": call["podExecutionRoleArn"],
            "subnets": call.get("subnets") or cluster.body["resourcesVpcConfig"]["subnetIds"],
            "selectors": call["selectors"],
            "status": "CREATING",
            "tags": dict(call.get("tags", {})),
            "health": {"issues": []},
        }
        cluster.fargate_profiles[name] = Item(body=body, asked=call.params)
        created = dict(body)
        self.account.timeline.after(self.account.pace.node_group, lambda: body.update(status="ACTIVE"))
        return {"fargateProfile": created}

    def describe_fargate_profile(self, call: Call, proceed: Proceed) -> Answer:
        """One profile."""
        return {"fargateProfile": self._find(call)[1].body}

    def list_fargate_profiles(self, call: Call, proceed: Proceed) -> Answer:
        """The names of a cluster's profiles."""
        cluster = self.account.store(Clusters, call.region).find(call["clusterName"])
        found, token = page(sorted(cluster.fargate_profiles), call.get("maxResults"), call.get("nextToken"))
        return {"fargateProfileNames": found, "nextToken": token}

    def delete_fargate_profile(self, call: Call, proceed: Proceed) -> Answer:
        """Begin to delete a profile."""
        cluster, profile = self._find(call)
        profile.body["status"] = "DELETING"
        name = call["fargateProfileName"]
        self.account.timeline.after(self.account.pace.deletion, lambda: cluster.fargate_profiles.pop(name, None))
        return {"fargateProfile": profile.body}

    def _check(self, cluster: Cluster, call: Call) -> None:
        references.require_role(self.account, call["podExecutionRoleArn"], "eks-fargate-pods.amazonaws.com")
        subnets = references.require_subnets(self.account, call.region, call.get("subnets", []))
        if any(subnet.vpc_id != cluster.vpc for subnet in subnets):
            raise invalid_parameter(f"Subnets do not belong to the VPC of cluster {cluster.name}")
        if not call.get("selectors"):
            raise invalid_parameter("Fargate Profile requires at least one selector.")
        if any(not selector.get("namespace") for selector in call["selectors"]):
            raise invalid_parameter(
                "Fargate Profile must have at least one selector with at least one namespace value."
            )
        if any(other.status in ("CREATING", "DELETING") for other in cluster.fargate_profiles.values()):
            raise in_use("Another Fargate Profile of this cluster is being changed", clusterName=cluster.name)

    def _find(self, call: Call) -> tuple[Cluster, Item]:
        cluster = self.account.store(Clusters, call.region).find(call["clusterName"])
        name = call["fargateProfileName"]
        if name not in cluster.fargate_profiles:
            raise not_found(f"No Fargate Profile found with name: {name}.", clusterName=cluster.name)
        return cluster, cluster.fargate_profiles[name]
