"""The translation of a graph of ours into Terraform's configuration, in its JSON syntax.

Both vocabularies are one: Pulumi's names are those of Terraform's AWS provider in another case, with the plural for
blocks that repeat. What differs otherwise stands in two tables. Names that we would derive are derived here as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mlinfra.core.address import Address
from mlinfra.core.naming import derive_name
from mlinfra.core.property import Kind, Property
from mlinfra.core.resource import Graph, Resource
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Base64, Concat, Json, Path, Ref, TrimPrefix, canonical_json

# By service and type, where these names are not Terraform's in another case (AWS provider 5.100).
_TYPES = {
    "lb/loadBalancer": "aws_lb",
    "lb/targetGroup": "aws_lb_target_group",
    "lb/listener": "aws_lb_listener",
    "iam/openIdConnectProvider": "aws_iam_openid_connect_provider",
    "autoscaling/tag": "aws_autoscaling_group_tag",
    "amp/workspace": "aws_prometheus_workspace",
    "amp/alertManagerDefinition": "aws_prometheus_alert_manager_definition",
    "amp/ruleGroupNamespace": "aws_prometheus_rule_group_namespace",
    "ec2/capacityReservation": "aws_ec2_capacity_reservation",
    "rds/instance": "aws_db_instance",
    "rds/parameterGroup": "aws_db_parameter_group",
    "rds/subnetGroup": "aws_db_subnet_group",
}
# Pulumi's plurals.
_NAMES = {
    "encryptionConfigurations": "encryption_configuration",
    "clientIdLists": "client_id_list",
    "thumbprintLists": "thumbprint_list",
    "defaultActions": "default_action",
    "identities": "identity",
    "oidcs": "oidc",
    "podIdentityAssociations": "pod_identity_association",
    "taints": "taint",
    "actions": "action",
    "aliases": "alias",
    "conditions": "condition",
    "costFilters": "cost_filter",
    "lifecyclePolicies": "lifecycle_policy",
    "metricQueries": "metric_query",
    "noncurrentVersionTransitions": "noncurrent_version_transition",
    "notifications": "notification",
    "overrides": "override",
    "parameters": "parameter",
    "queryStrings": "query_string",
    "rules": "rule",
    "selectors": "selector",
    "subnetMappings": "subnet_mapping",
    "targetGroups": "target_group",
    "transitions": "transition",
    "vpcZoneIdentifiers": "vpc_zone_identifier",
    "vpcs": "vpc",
}
# What Pulumi calls otherwise altogether, by type.
_OTHER_NAMES = {
    "aws:autoscaling/group:Group": {"tags": "tag"},
    "aws:cloudwatch/metricAlarm:MetricAlarm": {"name": "alarm_name"},
    "aws:sns/topicSubscription:TopicSubscription": {"topic": "topic_arn"},
}
# What Terraform works out for itself and does not let be said, by type: the block and the name.
_WORKED_OUT = {"aws:eks/cluster:Cluster": ("vpc_config", "vpc_id")}


def configuration(graph: Graph, types: Mapping[str, ResourceType], *, stack: str, region: str) -> dict[str, Any]:
    """A root module that makes what `graph` says, under names of `stack`."""
    found: dict[str, dict[str, Any]] = {}
    for resource in graph:
        found.setdefault(type_of(resource.type), {})[label_of(resource.address)] = _block(
            resource, graph, types[resource.type], stack, region
        )
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        # As the provider's documentation says for what is not AWS ("Custom Service Endpoints"); the environment says
        # where that is.
        "provider": {"aws": {"region": region, "skip_credentials_validation": True, "skip_metadata_api_check": True}},
        "resource": found,
    }


def _block(resource: Resource, graph: Graph, kind: ResourceType, stack: str, region: str) -> dict[str, Any]:
    properties = dict(resource.properties)
    rule = kind.name
    if rule is not None and rule.property not in properties:
        name = derive_name(rule, stack=stack, region=region, address=resource.address, generation=1)
        properties[rule.property] = name
    block = block_of(resource.type, properties, kind.inputs, graph)
    if resource.depends_on:
        block["depends_on"] = sorted(_name(graph.resources[address]) for address in resource.depends_on)
    return block


def block_of(token: str, properties: Mapping[str, Any], declared: Property, graph: Graph) -> dict[str, Any]:
    """The content of a resource block. `graph` holds what the properties refer to."""
    block = {spelling(key, token): _value(item, declared.below(key), graph) for key, item in properties.items()}
    if token in _WORKED_OUT:
        within, name = _WORKED_OUT[token]
        block.get(within, {}).pop(name, None)
    return block


def _value(value: Any, declared: Property | None, graph: Graph) -> Any:
    match value:
        case Ref() | Concat() | Json() | Base64() | TrimPrefix():
            return _text(value, graph)
        case dict() if declared is not None and declared.kind is Kind.BLOCK:
            return {_snake(key): _value(item, declared.below(key), graph) for key, item in value.items()}
        case dict():
            return {_text(key, graph): _value(item, None, graph) for key, item in value.items()}
        case list() | tuple():
            below = declared.items if declared is not None else None
            return [_value(item, below, graph) for item in value]
        case str():
            return _escaped(value)
    return value


def _text(value: Any, graph: Graph) -> str:
    """An expression as a template of Terraform's."""
    match value:
        case Ref(address, path):
            return f"${{{_name(graph.resources[address])}{_path(path)}}}"
        case Concat(parts):
            return "".join(_text(part, graph) for part in parts)
        case Json(content):
            return canonical_json(_value(content, None, graph))
        case Base64(content):
            return f'${{base64encode("{_text(content, graph)}")}}'
        case TrimPrefix(content, prefix):
            return f'${{trimprefix("{_text(content, graph)}", "{prefix}")}}'
        case str():
            return _escaped(value)
    return json.dumps(value)


def _path(path: Path) -> str:
    """Blocks that Pulumi has as objects are lists of one in Terraform."""
    spelt = ""
    for part, following in zip(path, [*path[1:], None], strict=True):
        spelt += f"[{part}]" if isinstance(part, int) else f".{_snake(part)}"
        if isinstance(part, str) and isinstance(following, str):
            spelt += "[0]"
    return spelt


def _escaped(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")


def _name(resource: Resource) -> str:
    return f"{type_of(resource.type)}.{label_of(resource.address)}"


def label_of(address: Address) -> str:
    """What a resource is called in Terraform's configuration."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", str(address))


def type_of(token: str) -> str:
    """Terraform's name of a type."""
    short = token.split(":")[1]
    service, _, name = short.partition("/")
    return _TYPES.get(short) or ("aws_" if service == "ec2" else f"aws_{service}_") + _snake(name)


def spelling(name: str, token: str = "") -> str:
    """A property's name as Terraform has it: one of a type, or without `token` one within a block."""
    return _OTHER_NAMES.get(token, {}).get(name) or _snake(name)


def _snake(name: str) -> str:
    return _NAMES.get(name) or re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
