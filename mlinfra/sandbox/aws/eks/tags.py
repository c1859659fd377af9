"""Tags of everything in EKS, by ARN; moto knows those of clusters only."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.eks.store import Body, Clusters
from mlinfra.sandbox.aws.extension import Extension


def tagged(account: Account, region: str) -> Iterator[tuple[str, Body]]:
    """Everything that can have tags: ARN and body."""
    for cluster in account.store(Clusters, region).by_name.values():
        yield cluster.body["arn"], cluster.body
        for group in cluster.node_groups.values():
            yield group.body["nodegroupArn"], group.body
        for add_on in cluster.add_ons.values():
            yield add_on.body["addonArn"], add_on.body
        for entry in cluster.access_entries.values():
            yield entry.body["accessEntryArn"], entry.body
        for association in cluster.pod_identities.values():
            yield association.body["associationArn"], association.body
        for profile in cluster.fargate_profiles.values():
            yield profile.body["fargateProfileArn"], profile.body


class TagOperations(Extension):
    """TagResource, UntagResource, ListTagsForResource."""

    service = "eks"

    def tag_resource(self, call: Call, proceed: Proceed) -> Answer:
        """Add tags or change them."""
        self._find(call)["tags"].update(call["tags"])
        return {}

    def untag_resource(self, call: Call, proceed: Proceed) -> Answer:
        """Take tags away."""
        tags = self._find(call)["tags"]
        for key in call["tagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, call: Call, proceed: Proceed) -> Answer:
        """The tags of one object."""
        return {"tags": self._find(call)["tags"]}

    def _find(self, call: Call) -> Body:
        for arn, body in tagged(self.account, call.region):
            if arn == call["resourceArn"]:
                return body
        raise AwsError("NotFoundException", f"No resource found for ARN {call['resourceArn']}", status=404)
