"""Load balancers that a cluster's controllers make in the simulated account: with listeners, targets, security groups.

Called by `cluster_cloud`, under the account's lock. Subnets that are not named are found by their role tags, as the AWS
Load Balancer Controller finds them: https://kubernetes-sigs.github.io/aws-load-balancer-controller/, subnet discovery
(v2.13, read November 2026).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.eks.store import Cluster
from mlinfra.sandbox.aws.load_balancers import give_identity, interfaces, place
from mlinfra.sandbox.kubernetes.controllers.cloud import CloudError, Listener, LoadBalancer, SecurityGroup, TargetGroup

_ROLES = {"internet-facing": "kubernetes.io/role/elb", "internal": "kubernetes.io/role/internal-elb"}


class Balancers:
    """Brings load balancers to what is wanted; what has not changed since the last time is left alone."""

    def __init__(self, account: Account, cluster: str, region: str) -> None:
        self._account = account
        self._cluster = cluster
        self._region = region
        self._known: dict[str, LoadBalancer] = {}

    def ensure(self, cluster: Cluster, wanted: LoadBalancer) -> str:
        """Make or change a load balancer; answers its host name."""
        present = self._find(wanted.name)
        if present is not None and self._known.get(wanted.name) == wanted:
            return str(present.dns_name)
        groups = [self._ensure_security_group(cluster, group) for group in wanted.security_groups]
        if wanted.kind == "classic":
            made = present or self._make_classic(cluster, wanted, groups)
            self._set_classic(made, wanted)
        else:
            made = present or self._make(cluster, wanted, groups)
            self._set(cluster, made, wanted)
        self._known[wanted.name] = wanted
        return str(made.dns_name)

    def set_targets(self, arn: str, targets: Sequence[tuple[str, int]]) -> None:
        """Have these addresses in a target group of somebody else's."""
        found = self._v2.target_groups.get(arn)
        if found is not None:
            _put(found, dict(targets))
        elif targets:
            raise CloudError("TargetGroupNotFound", f"One or more target groups not found: {arn}")

    def delete(self, name: str) -> None:
        """Delete a load balancer, its target groups, and its security groups.

        Each is looked for by itself: a load balancer that could not be made leaves its group, and so does a deletion
        that failed half-way and is tried again.
        """
        present = self._find(name)
        if present is not None:
            self._delete_balancer(name, present)
        for group in self._security_groups(name):
            self._ec2.delete_security_group(group_id=group.id)
        self._known.pop(name, None)

    def _delete_balancer(self, name: str, present: Any) -> None:
        if name in self._classic.load_balancers:
            self._classic.delete_load_balancer(name)
        else:
            targets = [arn for arn, group in self._v2.target_groups.items() if present.arn in group.load_balancer_arns]
            for arn in list(present.listeners):
                self._v2.delete_listener(arn)
            for interface in interfaces(self._account, self._region, present):
                interface.delete()  # at once, so that the security groups can go with it
            self._v2.delete_load_balancer(present.arn)
            for arn in targets:
                self._v2.target_groups.pop(arn, None)

    def _security_groups(self, name: str) -> list[Any]:
        """Those that a controller makes for a load balancer of this name: they bear it, or `k8s-elb-` and it."""
        names = (name, f"k8s-elb-{name}")
        return [group for groups in self._ec2.groups.values() for group in groups.values() if group.name in names]

    @property
    def _ec2(self) -> Any:
        return self._account.ec2(self._region)

    @property
    def _v2(self) -> Any:
        return self._account.backend("elbv2", self._region)

    @property
    def _classic(self) -> Any:
        return self._account.backend("elb", self._region)

    def _find(self, name: str) -> Any:
        found = next((item for item in self._v2.load_balancers.values() if item.name == name), None)
        return found or self._classic.load_balancers.get(name)

    # Parts

    def _ensure_security_group(self, cluster: Cluster, wanted: SecurityGroup) -> str:
        found = next((g for g in self._ec2.groups.get(cluster.vpc, {}).values() if g.name == wanted.name), None)
        if found is None:
            tags = dict(wanted.tags)
            found = self._ec2.create_security_group(wanted.name, wanted.description, vpc_id=cluster.vpc, tags=tags)
        rules = {(protocol.lower(), port, cidr) for protocol, port in wanted.ports for cidr in wanted.sources}
        present = {(r.ip_protocol, int(r.from_port), r.ip_range["CidrIp"]) for r in found.ingress_rules if r.ip_range}
        for protocol, port, cidr in sorted(present - rules):
            self._ec2.revoke_security_group_ingress(found.id, protocol, port, port, [{"CidrIp": cidr}])
        for protocol, port, cidr in sorted(rules - present):
            self._ec2.authorize_security_group_ingress(found.id, protocol, port, port, [{"CidrIp": cidr}])
        return str(found.id)

    def _subnets(self, cluster: Cluster, wanted: LoadBalancer) -> list[str]:
        """The subnets that were named, by id or Name; else one for each zone by role tag; else the cluster's own."""
        mine = [s for by_zone in self._ec2.subnets.values() for s in by_zone.values() if s.vpc_id == cluster.vpc]
        tags = {subnet.id: {tag["key"]: tag["value"] for tag in subnet.get_tags()} for subnet in mine}
        if wanted.subnets:
            return [s.id for s in mine if s.id in wanted.subnets or tags[s.id].get("Name") in wanted.subnets]
        role = _ROLES[wanted.scheme]
        by_zone = {s.availability_zone: s.id for s in reversed(mine) if tags[s.id].get(role) in ("1", "")}
        if by_zone:
            return [by_zone[zone] for zone in sorted(by_zone)]
        if wanted.kind == "classic":
            return list(cluster.body["resourcesVpcConfig"]["subnetIds"])
        text = f"unable to resolve at least one subnet (0 match VPC and tags: [{role}])"
        raise CloudError("FailedBuildModel", text)

    # Classic load balancers

    def _make_classic(self, cluster: Cluster, wanted: LoadBalancer, groups: list[str]) -> Any:
        ports = [_classic_port(listener, wanted.target_groups) for listener in wanted.listeners]
        subnets = self._subnets(cluster, wanted)
        made = self._classic.create_load_balancer(wanted.name, [], ports, wanted.scheme, subnets, groups)
        made.dns_name = f"{wanted.name}-{self._account.id}.{self._region}.elb.amazonaws.com"
        for key, value in wanted.tags.items():
            made.add_tag(key, value)
        return made

    def _set_classic(self, made: Any, wanted: LoadBalancer) -> None:
        ports = [_classic_port(listener, wanted.target_groups) for listener in wanted.listeners]
        kept = {(int(p["LoadBalancerPort"]), int(p["InstancePort"])) for p in ports}
        made.listeners = [x for x in made.listeners if (int(x.load_balancer_port), int(x.instance_port)) in kept]
        self._classic.create_load_balancer_listeners(wanted.name, ports)
        made.instance_sparse_ids = sorted({identity for group in wanted.target_groups for identity, _ in group.targets})

    # Network and application load balancers

    def _make(self, cluster: Cluster, wanted: LoadBalancer, groups: list[str]) -> Any:
        subnets = self._subnets(cluster, wanted)
        made = self._v2.create_load_balancer(
            wanted.name,
            groups,
            subnets,
            scheme=wanted.scheme,
            loadbalancer_type=wanted.kind,
            tags=_listed(wanted.tags),
        )
        give_identity(self._account, self._region, made)
        place(self._account, self._region, made)
        made.activate()
        return made

    def _set(self, cluster: Cluster, made: Any, wanted: LoadBalancer) -> None:
        old = self._known.get(wanted.name)
        if old is None or old.listeners != wanted.listeners:
            for arn in list(made.listeners):
                self._v2.delete_listener(arn)
        arns = {group.name: self._ensure_target_group(cluster, group) for group in wanted.target_groups}
        ports = {int(listener.port) for listener in made.listeners.values()}
        for listener in wanted.listeners:
            if listener.port not in ports:
                self._listen(made, listener, arns, _listed(wanted.tags))
        self._drop_others(made, set(arns.values()))

    def _ensure_target_group(self, cluster: Cluster, wanted: TargetGroup) -> str:
        found = next((group for group in self._v2.target_groups.values() if group.name == wanted.name), None)
        if found is None:
            found = self._v2.create_target_group(
                wanted.name,
                vpc_id=cluster.vpc,
                protocol=wanted.protocol,
                port=str(wanted.port),
                target_type=wanted.kind,
                tags=_listed(wanted.tags),
            )
        _put(found, {identity: port for identity, port in wanted.targets if self._is_there(wanted, identity)})
        return str(found.arn)

    def _is_there(self, group: TargetGroup, identity: str) -> bool:
        if group.kind == "ip":
            return True
        instance = self._ec2.get_instance_by_id(identity)
        return instance is not None and instance.state == "running"

    def _listen(self, made: Any, wanted: Listener, arns: dict[str, str], tags: list[dict[str, str]]) -> None:
        missing = {"StatusCode": "404", "ContentType": "text/plain"}
        action = (
            {"Type": "forward", "TargetGroupArn": arns[wanted.default]}
            if wanted.default
            else {"Type": "fixed-response", "FixedResponseConfig": missing}
        )
        certificate = wanted.certificates[0] if wanted.certificates else None
        policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"
        listener = self._v2.create_listener(
            made.arn, wanted.protocol, str(wanted.port), policy, certificate, [action], tags=tags
        )
        for priority, (host, path, group) in enumerate(wanted.rules, start=1):
            conditions = [{"Field": "path-pattern", "Values": [path]}]
            if host != "*":
                conditions.insert(0, {"Field": "host-header", "Values": [host]})
            forward = [{"Type": "forward", "TargetGroupArn": arns[group]}]
            self._v2.create_rule(listener.arn, conditions, priority, forward, tags)

    def _drop_others(self, made: Any, kept: set[str]) -> None:
        """Delete the target groups that the load balancer no longer uses."""
        for arn, group in list(self._v2.target_groups.items()):
            if made.arn in group.load_balancer_arns and arn not in kept:
                del self._v2.target_groups[arn]


def _listed(tags: Any) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _classic_port(listener: Listener, groups: Sequence[TargetGroup]) -> dict[str, Any]:
    target = next(group for group in groups if group.name == listener.default)
    return {"Protocol": listener.protocol, "LoadBalancerPort": listener.port, "InstancePort": target.port}


def _put(group: Any, targets: dict[str, int]) -> None:
    """Have these in a target group, and no others."""
    gone = [{"Id": identity} for identity in list(group.targets) if identity not in targets]
    if gone:
        group.deregister(gone)
    group.register([{"Id": identity, "Port": port} for identity, port in targets.items()])
