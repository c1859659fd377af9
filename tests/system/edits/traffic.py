"""Load balancers, scaling groups, where machines stand."""

from __future__ import annotations

from typing import Any

from ..things import Thing
from .networks import tagged
from .table import IDENTITY, IMMUTABLE, Deletes, Edit, Edits, Exceptions, edit

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TARGETS = "aws:lb/targetGroup:TargetGroup"
LISTENER = "aws:lb/listener:Listener"
RULE = "aws:lb/listenerRule:ListenerRule"
GROUP = "aws:autoscaling/group:Group"
GROUP_TAG = "aws:autoscaling/tag:Tag"
PLACEMENT = "aws:ec2/placementGroup:PlacementGroup"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"

_tagged = edit("elbv2", "add_tags", ResourceArns=lambda thing: [thing.id], Tags=[{"Key": "team", "Value": "edited"}])


def _attribute(of_what: str, key: str, value: str) -> Edit:
    operation, id_name = {
        "balancer": ("modify_load_balancer_attributes", "LoadBalancerArn"),
        "targets": ("modify_target_group_attributes", "TargetGroupArn"),
    }[of_what]
    return edit("elbv2", operation, id_name, Attributes=[{"Key": key, "Value": value}])


def _health(**params: Any) -> Edit:
    return edit("elbv2", "modify_target_group", "TargetGroupArn", **params)


def _answer(**change: str) -> Edit:
    answer = {"ContentType": "text/plain", "MessageBody": "nothing here", "StatusCode": "404", **change}
    action = {"Type": "fixed-response", "FixedResponseConfig": answer}
    return edit("elbv2", "modify_listener", "ListenerArn", DefaultActions=[action])


def _tokens(claim: dict[str, Any] | None = None, **change: str) -> Edit:
    """The rule that looks at tokens, with something else that it looks for."""

    def actions(thing: Thing) -> list[dict[str, Any]]:
        asked, forwarding = thing.inputs["actions"]
        about = asked["jwtValidation"]
        claims = [
            {**{name.title(): value for name, value in one.items()}, **(claim or {})}
            for one in about["additionalClaims"]
        ]
        looked_for = {"Issuer": about["issuer"], "JwksEndpoint": about["jwksEndpoint"], **change}
        judged = {
            "Type": "jwt-validation",
            "Order": 1,
            "JwtValidationConfig": {**looked_for, "AdditionalClaims": claims},
        }
        return [judged, {"Type": "forward", "Order": 2, "TargetGroupArn": forwarding["targetGroupArn"]}]

    return edit("elbv2", "modify_rule", "RuleArn", Actions=actions)


def _group(**params: Any) -> Edit:
    return edit("autoscaling", "update_auto_scaling_group", "AutoScalingGroupName", **params)


def _mixed(*path: str | int, value: Any) -> Edit:
    """The policy as it is, with another value at `path`."""

    def make(thing: Thing) -> None:
        client = thing.client("autoscaling")
        shown = client.describe_auto_scaling_groups(AutoScalingGroupNames=[thing.id])["AutoScalingGroups"][0]
        policy = shown["MixedInstancesPolicy"]
        at: Any = policy
        for part in path[:-1]:
            at = at[part]
        at[path[-1]] = value
        launch = policy["LaunchTemplate"]["LaunchTemplateSpecification"]
        launch.pop("LaunchTemplateName", None)  # it takes the id or the name
        client.update_auto_scaling_group(AutoScalingGroupName=thing.id, MixedInstancesPolicy=policy)

    return make


def _tag_group(key: str, value: str, *, propagate: bool) -> Edit:
    def make(thing: Thing) -> None:
        group = thing.inputs.get("autoscalingGroupName", thing.id)
        tag = {"ResourceId": group, "ResourceType": "auto-scaling-group", "Key": key, "Value": value}
        thing.client("autoscaling").create_or_update_tags(Tags=[{**tag, "PropagateAtLaunch": propagate}])

    return make


_FOUND = "k8s.io/cluster-autoscaler/enabled"


def _untag_group(thing: Thing) -> None:
    tag = {"ResourceId": thing.inputs["autoscalingGroupName"], "ResourceType": "auto-scaling-group", "Key": _FOUND}
    thing.client("autoscaling").delete_tags(Tags=[tag])


EDITS: Edits = {
    BALANCER: {
        "subnets": edit(
            "elbv2",
            "set_subnets",
            "LoadBalancerArn",
            Subnets=lambda thing: [thing.other(f"resources.subnet-{zone}").id for zone in "bc"],
        ),
        "enableCrossZoneLoadBalancing": _attribute("balancer", "load_balancing.cross_zone.enabled", "false"),
        "idleTimeout": _attribute("balancer", "idle_timeout.timeout_seconds", "7"),
        "dropInvalidHeaderFields": _attribute("balancer", "routing.http.drop_invalid_header_fields.enabled", "false"),
        "tags": _tagged,
    },
    TARGETS: {
        "deregistrationDelay": _attribute("targets", "deregistration_delay.timeout_seconds", "7"),
        "healthCheck.path": _health(HealthCheckPath="/edited"),
        "healthCheck.interval": _health(HealthCheckIntervalSeconds=33),
        "healthCheck.timeout": _health(HealthCheckTimeoutSeconds=7),
        "healthCheck.matcher": _health(Matcher={"HttpCode": "200"}),
        "tags": _tagged,
    },
    LISTENER: {
        "port": edit("elbv2", "modify_listener", "ListenerArn", Port=81),
        "defaultActions[].fixedResponse.contentType": _answer(ContentType="text/html"),
        "defaultActions[].fixedResponse.messageBody": _answer(MessageBody="by hand"),
        "defaultActions[].fixedResponse.statusCode": _answer(StatusCode="503"),
        "tags": _tagged,
    },
    RULE: {
        "priority": edit("elbv2", "set_rule_priorities", RulePriorities=lambda t: [{"RuleArn": t.id, "Priority": 77}]),
        "conditions[].pathPattern.values": edit(
            "elbv2",
            "modify_rule",
            "RuleArn",
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/edited/*"]}}],
        ),
        "conditions[].httpHeader.values": edit(
            "elbv2",
            "modify_rule",
            "RuleArn",
            Conditions=[
                {
                    "Field": "http-header",
                    "HttpHeaderConfig": {"HttpHeaderName": "Authorization", "Values": ["Basic *"]},
                }
            ],
        ),
        "actions[].jwtValidation.issuer": _tokens(Issuer="https://login.example"),
        "actions[].jwtValidation.jwksEndpoint": _tokens(JwksEndpoint="https://login.example/keys"),
        "actions[].jwtValidation.additionalClaims[].name": _tokens({"Name": "azp"}),
        "actions[].jwtValidation.additionalClaims[].format": _tokens({"Format": "string-array"}),
        "actions[].jwtValidation.additionalClaims[].values": _tokens({"Values": ["edited"]}),
        "tags": _tagged,
    },
    GROUP: {
        "minSize": _group(MinSize=1),
        "maxSize": _group(MaxSize=9),
        "vpcZoneIdentifiers": _group(VPCZoneIdentifier=lambda thing: thing.other("resources.subnet-b").id),
        "healthCheckGracePeriod": _group(HealthCheckGracePeriod=7),
        "capacityRebalance": _group(CapacityRebalance=False),
        "mixedInstancesPolicy.instancesDistribution.onDemandBaseCapacity": _mixed(
            "InstancesDistribution", "OnDemandBaseCapacity", value=3
        ),
        "mixedInstancesPolicy.instancesDistribution.onDemandPercentageAboveBaseCapacity": _mixed(
            "InstancesDistribution", "OnDemandPercentageAboveBaseCapacity", value=77
        ),
        "mixedInstancesPolicy.launchTemplate.overrides[].instanceType": _mixed(
            "LaunchTemplate", "Overrides", 0, "InstanceType", value="c5.large"
        ),
        "tags[].value": _tag_group("team", "edited", propagate=True),
        "tags[].propagateAtLaunch": _tag_group("team", "recsys", propagate=False),
    },
    GROUP_TAG: {
        "tag.value": _tag_group(_FOUND, "edited", propagate=False),
        "tag.propagateAtLaunch": _tag_group(_FOUND, "true", propagate=True),
    },
    PLACEMENT: {
        "tags": edit(
            "ec2",
            "create_tags",
            Resources=lambda thing: [thing.outputs["placementGroupId"]],
            Tags=[{"Key": "team", "Value": "edited"}],
        )
    },
    RESERVATION: {
        "instanceCount": edit("ec2", "modify_capacity_reservation", "CapacityReservationId", InstanceCount=5),
        "instanceMatchCriteria": edit(
            "ec2", "modify_capacity_reservation", "CapacityReservationId", InstanceMatchCriteria="open"
        ),
        "tags": tagged,
    },
}

EXCEPTIONS: Exceptions = {
    BALANCER: dict.fromkeys(("name", "internal", "loadBalancerType"), IMMUTABLE),
    TARGETS: dict.fromkeys(
        ("name", "port", "protocol", "protocolVersion", "targetType", "ipAddressType", "vpcId"), IMMUTABLE
    ),
    LISTENER: {"loadBalancerArn": IDENTITY},
    RULE: {"listenerArn": IDENTITY},
    GROUP: {"name": IDENTITY, "tags[].key": IDENTITY},
    GROUP_TAG: {"autoscalingGroupName": IDENTITY, "tag.key": IDENTITY},
    PLACEMENT: dict.fromkeys(("name", "strategy", "partitionCount", "spreadLevel"), IMMUTABLE),
    RESERVATION: dict.fromkeys(
        (
            "instanceType",
            "instancePlatform",
            "availabilityZone",
            "ebsOptimized",
            "ephemeralStorage",
            "tenancy",
            "placementGroupArn",
        ),
        IMMUTABLE,
    ),
}

DELETES: Deletes = {
    BALANCER: edit("elbv2", "delete_load_balancer", "LoadBalancerArn"),
    TARGETS: edit("elbv2", "delete_target_group", "TargetGroupArn"),
    LISTENER: edit("elbv2", "delete_listener", "ListenerArn"),
    RULE: edit("elbv2", "delete_rule", "RuleArn"),
    GROUP: edit("autoscaling", "delete_auto_scaling_group", "AutoScalingGroupName", ForceDelete=True),
    GROUP_TAG: _untag_group,
    PLACEMENT: edit("ec2", "delete_placement_group", "GroupName"),
    RESERVATION: edit("ec2", "cancel_capacity_reservation", "CapacityReservationId"),
}
