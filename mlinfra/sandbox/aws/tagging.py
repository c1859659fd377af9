"""The tagging API, for what moto leaves out of it: EKS, ECR, launch templates, addresses and more of EC2.

Roles and users are IAM's own affair and never listed here; OIDC providers and policies only in us-east-1, as IAM is
global: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html and
https://docs.aws.amazon.com/ARG/latest/userguide/supported-resources.html (2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from moto.core.resource_tagging import TaggedResource, make_tag_matcher, match_resource_type

from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.ec2.placement import Placement
from mlinfra.sandbox.aws.eks.tags import tagged
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import page, tag_list


class Tagging(Extension):
    """GetResources: what moto knows, and then the rest."""

    service = "resourcegroupstaggingapi"

    def get_resources(self, call: Call, proceed: Proceed) -> Answer:
        """All tagged objects of the region that match."""
        matches = make_tag_matcher(call.get("TagFilters"))
        wanted, named = call.get("ResourceTypeFilters"), call.get("ResourceARNList")
        backend = self.account.backend("resourcegroupstaggingapi", call.region)
        theirs = backend._get_resources_generator(call.get("TagFilters"), wanted, named)
        found = {resource.arn: resource for resource in theirs}
        for resource in self._ours(call.region):
            suits = match_resource_type(resource.resource_type, wanted) and matches(resource.tags)
            if resource.tags and suits and (not named or resource.arn in named):
                found[resource.arn] = resource
        shown = [{"ResourceARN": arn, "Tags": tag_list(found[arn].tags)} for arn in sorted(found)]
        size = call.get("ResourcesPerPage")
        part, token = page(shown, size, call.get("PaginationToken"), default=100)
        return {"ResourceTagMappingList": part, "PaginationToken": token or ""}

    def _ours(self, region: str) -> Iterator[TaggedResource]:
        for arn, body in tagged(self.account, region):
            kind = arn.split(":")[5].partition("/")[0]
            yield TaggedResource(arn=arn, tags=dict(body["tags"]), resource_type=f"eks:{kind}")
        yield from self._of_ec2(region)
        ecr = self.account.backend("ecr", region)
        for repository in ecr.repositories.values():
            tags = ecr.tagger.get_tag_dict_for_resource(repository.arn)
            yield TaggedResource(arn=repository.arn, tags=dict(tags), resource_type="ecr:repository")
        events = self.account.backend("events", region)
        for rule in [rule for bus in events.event_buses.values() for rule in bus.rules.values()]:
            tags = events.tagger.get_tag_dict_for_resource(rule.arn)
            yield TaggedResource(arn=rule.arn, tags=dict(tags), resource_type="events:rule")
        yield from self._of_load_balancing(region)
        if region == "us-east-1":
            for provider in self.account.iam.open_id_providers.values():
                tags = {tag["Key"]: tag["Value"] for tag in provider.get_tags()}
                yield TaggedResource(arn=provider.arn, tags=tags, resource_type="iam:oidc-provider")

    def _of_load_balancing(self, region: str) -> Iterator[TaggedResource]:
        """Listeners and rules; GetResources answers for every kind that bears tags."""
        elbv2 = self.account.backend("elbv2", region)
        for listener in [one for balancer in elbv2.load_balancers.values() for one in balancer.listeners.values()]:
            rules = [rule for rule in listener.rules.values() if not rule.is_default]
            for kind, one in [("listener", listener), *(("listener-rule", rule) for rule in rules)]:
                tags = elbv2.tagging_service.get_tag_dict_for_resource(one.arn)
                yield TaggedResource(arn=one.arn, tags=dict(tags), resource_type=f"elasticloadbalancing:{kind}")

    def _of_ec2(self, region: str) -> Iterator[TaggedResource]:
        ec2 = self.account.ec2(region)
        placement = self.account.store(Placement, region)
        kinds = {
            "launch-template": list(ec2.launch_templates),
            "elastic-ip": [address.allocation_id for address in ec2.addresses],
            "vpc-endpoint": list(ec2.vpc_end_points),
            "network-acl": list(ec2.network_acls),
            "egress-only-internet-gateway": list(ec2.egress_only_internet_gateways),
            "vpc-flow-log": list(ec2.flow_logs),
            "placement-group": [group["GroupId"] for group in placement.groups.values()],
            "capacity-reservation": list(placement.reservations),
            "security-group-rule": [
                rule.id
                for groups in ec2.groups.values()
                for group in groups.values()
                for rule in [*group.ingress_rules, *group.egress_rules]
            ],
        }
        for kind, keys in kinds.items():
            for key in keys:
                arn = self.account.arn("ec2", f"{kind}/{key}", region=region)
                yield TaggedResource(arn=arn, tags=dict(ec2.tags.get(key, {})), resource_type=f"ec2:{kind}")
