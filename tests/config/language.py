"""A small language by hand, and the head that every right stack has."""

from __future__ import annotations

from mlinfra.core.language import Language, Section

TEXT = {"type": "string"}
WHOLE = {"type": "integer", "minimum": 0}

NETWORK = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "cidr": {"type": "string", "default": "10.0.0.0/16"},
        "zones": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "array", "items": TEXT}], "default": 3},
        "nat": {"enum": ["none", "single", "per-zone"], "default": "per-zone", "description": "NAT gateways"},
        "flowLogs": {"type": "boolean", "default": True},
    },
}
NODE_GROUP = {
    "type": "object",
    "additionalProperties": False,
    "required": ["instances", "max"],
    "properties": {
        "instances": {"type": "array", "items": TEXT, "minItems": 1},
        "min": {**WHOLE, "default": 1},
        "max": WHOLE,
        "labels": {"type": "object", "additionalProperties": TEXT, "default": {}},
        "version": TEXT,
        "token": TEXT,
        "capacity": {"$ref": "#/$defs/Capacity"},
        "volume": {"$ref": "#/$defs/Volume"},
    },
    "$defs": {
        "Capacity": {"anyOf": [{"$ref": "#/$defs/Spot"}, {"$ref": "#/$defs/Mixed"}]},
        "Spot": {
            "type": "object",
            "additionalProperties": False,
            "required": ["type"],
            "properties": {"type": {"enum": ["spot"]}},
        },
        "Mixed": {
            "type": "object",
            "additionalProperties": False,
            "required": ["type"],
            "properties": {"type": {"enum": ["mixed"]}, "onDemandBase": WHOLE, "maxPrice": TEXT},
        },
        "Volume": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"size": {"type": "string", "default": "100Gi"}, "iops": WHOLE},
        },
    },
}
REGISTRY = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"immutable": {"type": "boolean", "default": True}, "keepLast": {**WHOLE, "default": 30}},
}
BUCKET = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "bucket": TEXT,
        "tags": {"type": "object", "additionalProperties": TEXT},
        "forceDestroy": {"type": "boolean", "default": False},
        "size": {"type": "integer"},
    },
}
PARAMETER = {
    "type": "object",
    "additionalProperties": False,
    "required": ["type", "value"],
    "properties": {"type": {"enum": ["String", "SecureString"]}, "value": TEXT, "name": TEXT},
}

LANGUAGE = Language(
    sections={
        "network": Section(module="network", schema=NETWORK, outputs={"vpcId": "the VPC", "subnetIds": "its subnets"}),
        "nodeGroups": Section(module="node-group", many=True, schema=NODE_GROUP, outputs={"arn": "the group"}),
        "registries": Section(module="registry", many=True, schema=REGISTRY, outputs={"url": "where to push"}),
        "runtimes": Section(module="runtime", many=True, schema={"type": "object"}, built=False),
    },
    types={"aws:s3/bucket:Bucket": BUCKET, "aws:ssm/parameter:Parameter": PARAMETER},
)

HEAD = """
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: shop}
target: {platform: sandbox}
"""
