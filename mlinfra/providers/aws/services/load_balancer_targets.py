"""Target groups: what load balancers send to, and how they tell whether it is well.

Calls and fields: Elastic Load Balancing API reference, 2015-12-01. Names and replacement: Pulumi's AWS schema 7.51,
without what concerns gateway load balancers, functions and cookies of applications.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.property import Replace, block, boolean, integer, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Shape, Update
from mlinfra.providers.aws.forms import ALGORITHM, BALANCER_NAME, CROSS_ZONE
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.attribute_maps import AttributeMap
from mlinfra.providers.aws.services.ec2_network import VPC
from mlinfra.providers.aws.services.known_tags import with_known_tags
from mlinfra.providers.aws.services.load_balancing import (
    KNOWN_TAGGING,
    SERVICE,
    set_attributes,
    tags_of,
    with_attributes,
)
from mlinfra.providers.aws.template import ID, Template, call, prop
from mlinfra.providers.aws.wanted import Wanted

TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"

_STICKINESS = block(
    {
        "type": text(required=True, enum=["lb_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"]),
        "enabled": boolean(default=True, floating=True),  # as Pulumi has it; AWS begins with none
        "cookieDuration": integer(default=86400),
    },
    default={"enabled": False},
)
_ATTRIBUTES = AttributeMap(
    fields={
        "deregistrationDelay": integer(minimum=0, maximum=3600, default=300),
        "slowStart": integer(minimum=0, maximum=900, default=0),
        "stickiness": _STICKINESS,
        "loadBalancingAlgorithmType": text(rules=ALGORITHM, default="round_robin"),
        "loadBalancingAnomalyMitigation": text(default="off", enum=["on", "off"]),
        "loadBalancingCrossZoneEnabled": text(rules=CROSS_ZONE, default="use_load_balancer_configuration"),
        # AWS's own choice depends on targets and protocol.
        "preserveClientIp": text(enum=["true", "false"]),
        "proxyProtocolV2": boolean(default=False),
        "connectionTermination": boolean(default=False),
    },
    keys={
        "deregistrationDelay": "deregistration_delay.timeout_seconds",
        "slowStart": "slow_start.duration_seconds",
        "stickiness.type": "stickiness.type",
        "stickiness.enabled": "stickiness.enabled",
        "stickiness.cookieDuration": "stickiness.lb_cookie.duration_seconds",
        "loadBalancingAlgorithmType": "load_balancing.algorithm.type",
        "loadBalancingAnomalyMitigation": "load_balancing.algorithm.anomaly_mitigation",
        "loadBalancingCrossZoneEnabled": "load_balancing.cross_zone.enabled",
        "preserveClientIp": "preserve_client_ip.enabled",
        "proxyProtocolV2": "proxy_protocol_v2.enabled",
        "connectionTermination": "deregistration_delay.connection_termination.enabled",
    },
)

_CHECK = {
    "enabled": "HealthCheckEnabled",
    "healthyThreshold": "HealthyThresholdCount",
    "interval": "HealthCheckIntervalSeconds",
    "matcher": "Matcher",
    "path": "HealthCheckPath",
    "port": "HealthCheckPort",
    "protocol": "HealthCheckProtocol",
    "timeout": "HealthCheckTimeoutSeconds",
    "unhealthyThreshold": "UnhealthyThresholdCount",
}
_HEALTH_CHECK: dict[str, Template] = {name: prop(f"healthCheck.{name}") for name in _CHECK.values()}


def _matcher(codes: Any) -> Any:
    """HTTP's codes begin at 200, those of gRPC end at 99: the number tells which is meant."""
    first = str(codes).replace("-", ",").partition(",")[0]
    return {"GrpcCode" if first.isdigit() and int(first) < 100 else "HttpCode": str(codes)}


def _groups(reader: Reader, wanted: Wanted) -> list[Item]:
    listed = reader.pages(SERVICE, "DescribeTargetGroups", "TargetGroups")
    return with_known_tags(reader, listed, lambda item: item["TargetGroupArn"])


def _whole(reader: Reader, item: Item) -> Item:
    tagged = tags_of(reader, item, "TargetGroupArn")
    check = {name: item.get(name) for name in _CHECK.values()}
    return with_attributes(reader, {**tagged, "HealthCheck": check}, "TargetGroup", _ATTRIBUTES)


_TARGET_GROUP = AwsType(
    about=ResourceType(
        token=TARGET_GROUP,
        inputs=block(
            {
                "name": text(rules=BALANCER_NAME, replace=Replace.CREATE_FIRST),
                "port": integer(replace=Replace.CREATE_FIRST, minimum=1, maximum=65535),
                "protocol": text(replace=Replace.CREATE_FIRST),
                "protocolVersion": text(replace=Replace.CREATE_FIRST),
                "targetType": text(replace=Replace.CREATE_FIRST, default="instance"),
                "ipAddressType": text(replace=Replace.CREATE_FIRST, default="ipv4"),
                "vpcId": text(replace=Replace.CREATE_FIRST, refers=VPC),
                "healthCheck": block(
                    {
                        "enabled": boolean(default=True, floating=True),  # not of functions
                        "healthyThreshold": integer(),
                        "interval": integer(),
                        "matcher": text(pattern="^[0-9]+([,-][0-9]+)*$"),
                        "path": text(pattern="^/"),
                        "port": text(default="traffic-port"),
                        "protocol": text(),
                        "timeout": integer(),
                        "unhealthyThreshold": integer(),
                    }
                ),
                **_ATTRIBUTES.fields,
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=32),
        volatile={"loadBalancerArns": ()},
    ),
    service=SERVICE,
    id="TargetGroupArn",
    made="TargetGroups[0].TargetGroupArn",
    names={**_ATTRIBUTES.names(), **{f"healthCheck.{name}": api for name, api in _CHECK.items()}},
    shapes={
        **_ATTRIBUTES.shapes(),
        "healthCheck.matcher": Shape(
            outward=_matcher, inward=lambda shown: shown.get("HttpCode") or shown.get("GrpcCode")
        ),
    },
    create=call(
        "CreateTargetGroup",
        "name",
        "port",
        "protocol",
        "protocolVersion",
        "targetType",
        "ipAddressType",
        "vpcId",
        **_HEALTH_CHECK,
    ),
    reading=Reading(
        source=_groups,
        details=_whole,
        one=call("DescribeTargetGroups", TargetGroupArns=[ID]),
        items="TargetGroups",
        outputs={"name": "TargetGroupName", "arn": "TargetGroupArn", "loadBalancerArns": "LoadBalancerArns"},
        derived={"arnSuffix": lambda item: str(item["TargetGroupArn"]).rpartition(":")[2]},
    ),
    tagging=KNOWN_TAGGING,
    updates=(
        Update(("healthCheck",), (call("ModifyTargetGroup", TargetGroupArn=ID, **_HEALTH_CHECK),)),
        Update(_ATTRIBUTES.properties, lambda work: set_attributes(work, "TargetGroup", _ATTRIBUTES)),
    ),
    delete=call("DeleteTargetGroup", TargetGroupArn=ID),
)

TYPES = (_TARGET_GROUP,)
