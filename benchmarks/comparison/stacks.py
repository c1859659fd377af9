"""The stacks that both tools make: a platform of COUNT resources, as a stack file.

`against_terraform` writes them, mlinfra reads them, and `translation` turns what mlinfra makes of them into
Terraform's configuration: one description for both.
"""

from __future__ import annotations

from typing import Any

import msgspec

REGION = "us-east-1"
ACCOUNT = "123456789012"


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How many there are of each, beside the network, the cluster and the entrance."""

    groups: int
    registries: int
    roles: int
    alarms: int


# The kinds in the proportions of a platform that many teams share. A cluster has 30 managed node groups by default
# (EKS quotas, November 2026). What is left to the round number is filled with alarms.
SMALL = Sizes(groups=1, registries=1, roles=2, alarms=0)
LARGE = Sizes(groups=30, registries=150, roles=120, alarms=0)
COUNTS = {47: SMALL, 1083: LARGE}


def stack_of(name: str, sizes: Sizes) -> dict[str, Any]:
    """A stack file. Every node group brings a role with three policies and a launch template."""
    return {
        "apiVersion": "mlinfra/v1",
        "kind": "Stack",
        "metadata": {"name": name, "tags": {"team": "recsys", "cost-center": "4411"}},
        "target": {"platform": "aws", "region": REGION, "account": ACCOUNT},
        # The other tool holds nothing against rules either.
        "policies": {"packs": []},
        "network": {"zones": 2, "nat": "single", "flowLogs": False},
        "cluster": {"version": "1.33", "secretsEncryption": False, "logs": []},
        "nodeGroups": {
            f"g{number}": {"instances": ["m6i.large"], "min": 1, "max": 3, "labels": {"pool": f"g{number}"}}
            for number in range(sizes.groups)
        },
        "registries": {f"r{number}": {"keepLast": 20} for number in range(sizes.registries)},
        "resources": {**_entrance(), **_roles(sizes.roles), **_alarms(sizes.alarms)},
    }


def _entrance() -> dict[str, Any]:
    """A load balancer, what it sends to, and a queue."""
    return {
        "entrance": {
            "type": "aws:lb/loadBalancer:LoadBalancer",
            "properties": {
                "loadBalancerType": "network",
                "internal": True,
                "subnets": "${network.privateSubnetIds}",
            },
        },
        "targets": {
            "type": "aws:lb/targetGroup:TargetGroup",
            "properties": {"port": 80, "protocol": "TCP", "targetType": "ip", "vpcId": "${network.vpcId}"},
        },
        "listener": {
            "type": "aws:lb/listener:Listener",
            "properties": {
                "loadBalancerArn": "${resources.entrance.arn}",
                "port": 80,
                "protocol": "TCP",
                "defaultActions": [{"type": "forward", "targetGroupArn": "${resources.targets.arn}"}],
            },
        },
        "requests": {"type": "aws:sqs/queue:Queue", "properties": {"visibilityTimeoutSeconds": 60}},
    }


def _roles(count: int) -> dict[str, Any]:
    """Roles of workloads, each with a policy of its own."""
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],'
        '"Principal":{"Service":"pods.eks.amazonaws.com"}}]}'
    )
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
    roles: dict[str, Any] = {
        f"role-{number}": {"type": "aws:iam/role:Role", "properties": {"assumeRolePolicy": trust}}
        for number in range(count)
    }
    policies: dict[str, Any] = {
        f"policy-{number}": {
            "type": "aws:iam/rolePolicy:RolePolicy",
            "properties": {"role": f"${{resources.role-{number}.id}}", "policy": policy},
        }
        for number in range(count)
    }
    return roles | policies


def _alarms(count: int) -> dict[str, Any]:
    return {
        f"alarm-{number}": {
            "type": "aws:cloudwatch/metricAlarm:MetricAlarm",
            "properties": {
                "namespace": "mlinfra/serving",
                "metricName": "Errors",
                "dimensions": {"Endpoint": f"e{number}"},
                "statistic": "Sum",
                "comparisonOperator": "GreaterThanThreshold",
                "threshold": 5,
                "period": 60,
                "evaluationPeriods": 3,
            },
        }
        for number in range(count)
    }
