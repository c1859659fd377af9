"""Load balancers.

Calls and fields: Elastic Load Balancing API reference, 2015-12-01. Names and replacement: Pulumi's AWS schema 7.51,
without Outposts, address pools, reserved capacity and health check logs.
"""

from __future__ import annotations

from mlinfra.core.property import Property, Replace, block, boolean, integer, list_of, set_of, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Leaving, Reading, Shape, Update, Waiting
from mlinfra.providers.aws.forms import BALANCER_NAME, CLIENT_ROUTING
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.attribute_maps import AttributeMap
from mlinfra.providers.aws.services.canonical import ordered_by
from mlinfra.providers.aws.services.ec2_network import SUBNET
from mlinfra.providers.aws.services.ec2_security_groups import SECURITY_GROUP
from mlinfra.providers.aws.services.known_tags import with_known_tags
from mlinfra.providers.aws.services.load_balancing import (
    KNOWN_TAGGING,
    SERVICE,
    set_attributes,
    tags_of,
    with_attributes,
)
from mlinfra.providers.aws.template import ID, call, dig
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"


def _logs() -> Property:
    return block(
        {"bucket": text(required=True), "prefix": text(default=""), "enabled": boolean(default=False)},
        default={"enabled": False},
    )


_ATTRIBUTES = AttributeMap(
    fields={
        "enableDeletionProtection": boolean(default=False),
        # Off for network load balancers, always on for others: no default suits both.
        "enableCrossZoneLoadBalancing": boolean(),
        "enableZonalShift": boolean(default=False),
        "accessLogs": _logs(),
        "connectionLogs": _logs(),
        "idleTimeout": integer(minimum=1, maximum=4000, default=60),
        "clientKeepAlive": integer(minimum=60, maximum=604800, default=3600),
        "enableHttp2": boolean(default=True),
        "enableWafFailOpen": boolean(default=False),
        "enableXffClientPort": boolean(default=False),
        "enableTlsVersionAndCipherSuiteHeaders": boolean(default=False),
        "dropInvalidHeaderFields": boolean(default=False),
        "preserveHostHeader": boolean(default=False),
        "xffHeaderProcessingMode": text(default="append", enum=["append", "preserve", "remove"]),
        "desyncMitigationMode": text(default="defensive", enum=["monitor", "defensive", "strictest"]),
        "dnsRecordClientRoutingPolicy": text(
            rules=CLIENT_ROUTING,
            default="any_availability_zone",
        ),
    },
    keys={
        "enableDeletionProtection": "deletion_protection.enabled",
        "enableCrossZoneLoadBalancing": "load_balancing.cross_zone.enabled",
        "enableZonalShift": "zonal_shift.config.enabled",
        "accessLogs.bucket": "access_logs.s3.bucket",
        "accessLogs.prefix": "access_logs.s3.prefix",
        "accessLogs.enabled": "access_logs.s3.enabled",
        "connectionLogs.bucket": "connection_logs.s3.bucket",
        "connectionLogs.prefix": "connection_logs.s3.prefix",
        "connectionLogs.enabled": "connection_logs.s3.enabled",
        "idleTimeout": "idle_timeout.timeout_seconds",
        "clientKeepAlive": "client_keep_alive.seconds",
        "enableHttp2": "routing.http2.enabled",
        "enableWafFailOpen": "waf.fail_open.enabled",
        "enableXffClientPort": "routing.http.xff_client_port.enabled",
        "enableTlsVersionAndCipherSuiteHeaders": "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
        "preserveHostHeader": "routing.http.preserve_host_header.enabled",
        "xffHeaderProcessingMode": "routing.http.xff_header_processing.mode",
        "desyncMitigationMode": "routing.http.desync_mitigation_mode",
        "dnsRecordClientRoutingPolicy": "dns_record.client_routing_policy",
    },
)
_MAPPING = block(
    {
        "subnetId": text(required=True, refers=SUBNET),
        "allocationId": text(refers="aws:ec2/eip:Eip"),
        "privateIpv4Address": text(),
        "ipv6Address": text(),
    }
)


def _placed(item: Item) -> Item:
    """Where it stands, in both of the forms in which that may be asked for."""
    zones = item.get("AvailabilityZones", [])
    mappings = []
    for zone in zones:
        address: Item = next(iter(zone.get("LoadBalancerAddresses", [])), {})
        names = {
            "AllocationId": "AllocationId",
            "PrivateIPv4Address": "PrivateIPv4Address",
            "IPv6Address": "IPv6Address",
        }
        mappings.append({"SubnetId": zone["SubnetId"], **{name: address.get(name) for name in names}})
    return {**item, "Subnets": [zone["SubnetId"] for zone in zones], "SubnetMappings": mappings}


def _balancers(reader: Reader, wanted: Wanted) -> list[Item]:
    listed = reader.pages(SERVICE, "DescribeLoadBalancers", "LoadBalancers")
    return with_known_tags(reader, listed, lambda item: item["LoadBalancerArn"])


def _whole(reader: Reader, item: Item) -> Item:
    tagged = tags_of(reader, _placed(item), "LoadBalancerArn")
    return with_attributes(reader, tagged, "LoadBalancer", _ATTRIBUTES)


def _arn_suffix(item: Item) -> str:
    return str(item["LoadBalancerArn"]).partition(":loadbalancer/")[2]


def _move(work: Work) -> None:
    """The subnets, in the form in which the stack has them."""
    name = "subnetMappings" if work.value("subnetMappings") else "subnets"
    params = {name[0].upper() + name[1:]: work.api(name)}
    work.call("SetSubnets", LoadBalancerArn=work.id, **params)


_LOAD_BALANCER = AwsType(
    about=ResourceType(
        token=LOAD_BALANCER,
        inputs=block(
            {
                "name": text(rules=BALANCER_NAME, replace=Replace.CREATE_FIRST),
                "internal": boolean(replace=Replace.CREATE_FIRST, default=False),
                "loadBalancerType": text(replace=Replace.CREATE_FIRST, default="application"),
                "ipAddressType": text(default="ipv4"),
                "securityGroups": set_of(text(refers=SECURITY_GROUP)),
                "subnets": set_of(text(refers=SUBNET), keeps=True),
                "subnetMappings": list_of(_MAPPING, canonical=ordered_by("subnetId"), keeps=True),
                **_ATTRIBUTES.fields,
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=32),
    ),
    service=SERVICE,
    id="LoadBalancerArn",
    made="LoadBalancers[0].LoadBalancerArn",
    names={
        **_ATTRIBUTES.names(),
        "name": "Name",
        "internal": "Scheme",
        "loadBalancerType": "Type",
        "subnetMappings[].privateIpv4Address": "PrivateIPv4Address",
        "subnetMappings[].ipv6Address": "IPv6Address",
    },
    shapes={
        **_ATTRIBUTES.shapes(),
        "internal": Shape(
            outward=lambda internal: "internal" if internal else "internet-facing",
            inward=lambda scheme: scheme == "internal",
        ),
    },
    create=call(
        "CreateLoadBalancer",
        "name",
        "internal",
        "loadBalancerType",
        "ipAddressType",
        "securityGroups",
        "subnets",
        "subnetMappings",
    ),
    reading=Reading(
        source=_balancers,
        details=_whole,
        one=call("DescribeLoadBalancers", LoadBalancerArns=[ID]),
        items="LoadBalancers",
        outputs={
            "name": "LoadBalancerName",
            "arn": "LoadBalancerArn",
            "dnsName": "DNSName",
            "zoneId": "CanonicalHostedZoneId",
            "vpcId": "VpcId",
        },
        derived={"arnSuffix": _arn_suffix},
    ),
    tagging=KNOWN_TAGGING,
    updates=(
        Update(("subnets", "subnetMappings"), _move),
        Update(("securityGroups",), (call("SetSecurityGroups", "securityGroups", LoadBalancerArn=ID),)),
        Update(("ipAddressType",), (call("SetIpAddressType", "ipAddressType", LoadBalancerArn=ID),)),
        Update(_ATTRIBUTES.properties, lambda work: set_attributes(work, "LoadBalancer", _ATTRIBUTES)),
    ),
    waiting=Waiting(
        state="State.Code",
        ready=("active", "active_impaired"),
        failed=("failed",),
        why=lambda item: str(dig(item, "State.Reason") or ""),
        every=10.0,
        limit=900.0,
    ),
    leaving=Leaving.AT_ONCE,
    delete=call("DeleteLoadBalancer", LoadBalancerArn=ID),
)

TYPES = (_LOAD_BALANCER,)
