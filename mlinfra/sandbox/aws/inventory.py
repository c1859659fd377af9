"""What is in the simulated account, read from moto's backends and our own stores: for "the account is what it was".

What every account has by itself is left out (the default VPC with its subnets), and so is what comes and goes with its
owner (a VPC's main route table, default network ACL and default security group). Things that have ended but are still
shown for a while do not count either: terminated instances, deleted gateways, keys and secrets that await deletion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from mlinfra.sandbox.aws.account import Account, used_backends
from mlinfra.sandbox.aws.eks.store import Clusters
from mlinfra.sandbox.aws.eks.tags import tagged

Entry: TypeAlias = tuple[str, str]
_ENDED = ("terminated", "shutting-down")


def take(account: Account) -> list[Entry]:
    """Everything, as sorted pairs of type and id."""
    found: set[Entry] = set()
    for region in account.stores(Clusters):
        found |= {(_eks_type(arn), arn) for arn, _ in tagged(account, region)}
    for backends in used_backends():
        collect = _COLLECTORS.get(str(backends.service_name))
        if collect is None or account.id not in backends:
            continue
        for backend in list(backends[account.id].values()):
            found |= set(collect(backend))
    for contents in account.contents():
        found |= set(contents)
    return sorted(found)


def _eks_type(arn: str) -> str:
    return "eks:" + arn.split(":")[5].partition("/")[0]


def _ec2(backend: Any) -> Iterator[Entry]:
    yield from (("ec2:vpc", key) for key, vpc in backend.vpcs.items() if not _is_true(vpc.is_default))
    for by_zone in backend.subnets.values():
        yield from (("ec2:subnet", key) for key, subnet in by_zone.items() if not _is_true(subnet.default_for_az))
    yield from (("ec2:internet-gateway", key) for key in backend.internet_gateways)
    yield from (("ec2:egress-only-internet-gateway", key) for key in backend.egress_only_internet_gateways)
    yield from (
        ("ec2:natgateway", key) for key, nat in backend.nat_gateways.items() if nat.state not in ("deleted", "failed")
    )
    yield from (("ec2:elastic-ip", address.allocation_id) for address in backend.addresses)
    yield from (
        ("ec2:route-table", key) for key, table in backend.route_tables.items() if not table.main_association_id
    )
    for groups in backend.groups.values():
        yield from (("ec2:security-group", key) for key, group in groups.items() if group.name != "default")
    yield from (("ec2:network-acl", key) for key, acl in backend.network_acls.items() if not _is_true(acl.default))
    yield from (("ec2:network-interface", key) for key in backend.enis)
    for reservation in backend.reservations.values():
        yield from (("ec2:instance", i.id) for i in reservation.instances if i.state not in _ENDED)
    yield from (("ec2:volume", key) for key in backend.volumes)
    yield from (("ec2:launch-template", key) for key in backend.launch_templates)
    yield from (("ec2:vpc-endpoint", key) for key, e in backend.vpc_end_points.items() if "delet" not in e.state)
    yield from (("ec2:flow-log", key) for key in backend.flow_logs)
    yield from (("ec2:key-pair", name) for name in backend.key_pairs)
    yield from (("ec2:vpc-peering-connection", key) for key in backend.vpc_pcxs)


def _iam(backend: Any) -> Iterator[Entry]:
    for role in backend.roles.values():
        yield "iam:role", role.name
        yield from (("iam:role-policy", f"{role.name}/{name}") for name in role.policies)
        yield from (("iam:role-policy-attachment", f"{role.name}/{arn}") for arn in role.managed_policies)
    yield from (("iam:instance-profile", profile.name) for profile in backend.instance_profiles.values())
    yield from (("iam:user", name) for name in backend.users)
    yield from (("iam:group", name) for name in backend.groups)
    yield from (("iam:policy", arn) for arn in backend.managed_policies if ":iam::aws:" not in arn)
    yield from (("iam:oidc-provider", arn) for arn in backend.open_id_providers)


def _elbv2(backend: Any) -> Iterator[Entry]:
    yield from (("elasticloadbalancing:loadbalancer", arn) for arn in backend.load_balancers)
    yield from (("elasticloadbalancing:targetgroup", arn) for arn in backend.target_groups)
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            yield "elasticloadbalancing:listener", listener.arn
            rules = [rule for rule in listener.rules.values() if not getattr(rule, "is_default", False)]
            yield from (("elasticloadbalancing:listener-rule", rule.arn) for rule in rules)


def _kms(backend: Any) -> Iterator[Entry]:
    for key in backend.keys.values():
        if any(name.startswith("alias/aws/") for name in key.aliases):
            continue  # AWS's own: it comes with the first encrypted volume, say, and stays
        if key.key_state != "PendingDeletion":
            yield "kms:key", key.id
        yield from (("kms:alias", name) for name in key.aliases if not name.startswith("alias/aws/"))


def _ecr(backend: Any) -> Iterator[Entry]:
    for repository in backend.repositories.values():
        yield "ecr:repository", repository.name
        yield from (("ecr:image", f"{repository.name}@{image.get_image_digest()}") for image in repository.images)


def _events(backend: Any) -> Iterator[Entry]:
    for bus in backend.event_buses.values():
        if bus.name != "default":
            yield "events:event-bus", bus.name
        yield from (("events:rule", rule.arn) for rule in bus.rules.values())


def _rds(backend: Any) -> Iterator[Entry]:
    yield from (("rds:db", name) for name in backend.databases)
    yield from (("rds:cluster", name) for name in backend.clusters)
    yield from (("rds:subgrp", name) for name in backend.subnet_groups)
    yield from (("rds:pg", name) for name in backend.db_parameter_groups if not name.startswith("default."))
    yield from (("rds:snapshot", name) for name in backend.database_snapshots if not name.startswith("rds:"))


def _is_true(value: Any) -> bool:
    return value in (True, "true", "True")


def _keys(type: str, attribute: str) -> Callable[[Any], Iterator[Entry]]:
    """A collector of the keys of one of a backend's tables."""
    return lambda backend: ((type, str(key)) for key in getattr(backend, attribute))


def _joined(*collectors: Callable[[Any], Iterator[Entry]]) -> Callable[[Any], Iterator[Entry]]:
    return lambda backend: (entry for collector in collectors for entry in collector(backend))


_COLLECTORS: Mapping[str, Callable[[Any], Iterator[Entry]]] = {
    "acm": _keys("acm:certificate", "_certificates"),
    "amp": _joined(_keys("aps:workspace", "workspaces")),
    "autoscaling": _joined(
        _keys("autoscaling:autoScalingGroup", "autoscaling_groups"),
        _keys("autoscaling:launchConfiguration", "launch_configurations"),
    ),
    "budgets": lambda backend: (("budgets:budget", name) for by in backend.budgets.values() for name in by),
    "cloudwatch": _joined(_keys("cloudwatch:alarm", "alarms"), _keys("cloudwatch:dashboard", "dashboards")),
    "dynamodb": _keys("dynamodb:table", "tables"),
    "ec2": _ec2,
    "ecr": _ecr,
    "efs": _joined(
        _keys("elasticfilesystem:file-system", "file_systems_by_id"),
        _keys("elasticfilesystem:mount-target", "mount_targets_by_id"),
        _keys("elasticfilesystem:access-point", "access_points"),
    ),
    "elbv2": _elbv2,
    "events": _events,
    "fsx": _joined(_keys("fsx:file-system", "file_systems"), _keys("fsx:backup", "backups")),
    "iam": _iam,
    "kms": _kms,
    "lambda": lambda backend: (("lambda:function", function.function_name) for function in backend.list_functions()),
    "logs": _keys("logs:log-group", "groups"),
    "rds": _rds,
    "route53": _keys("route53:hostedzone", "zones"),
    "s3": _keys("s3:bucket", "buckets"),
    "secretsmanager": lambda backend: (
        ("secretsmanager:secret", secret.arn) for secret in backend.secrets.values() if not secret.is_deleted()
    ),
    "sns": _joined(_keys("sns:topic", "topics"), _keys("sns:subscription", "subscriptions")),
    "sqs": _keys("sqs:queue", "queues"),
    "ssm": lambda backend: (("ssm:parameter", name) for name in backend._parameters if not name.startswith("/aws/")),
}
