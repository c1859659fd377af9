"""Load balancers: named for what they are, standing in their subnets with interfaces, refused what AWS refuses.

moto calls every load balancer an application load balancer in its ARN, and puts nothing into the subnets.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html and its neighbours
(2026).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import hexadecimal

_PATHS = {"application": "app", "network": "net", "gateway": "gwy"}


class LoadBalancers(Extension):
    """CreateLoadBalancer, DeleteLoadBalancer, SetSecurityGroups, SetSubnets, CreateListener, CreateRule, ModifyRule."""

    service = "elbv2"

    def create_load_balancer(self, call: Call, proceed: Proceed) -> Answer:
        """Begin to make a load balancer. The same again gives the same one; the name with other settings is refused."""
        kind = call.get("Type", "application")
        self._check_name(call, kind)
        self._check(call, kind)
        existing = next((b for b in self._balancers(call).values() if b.name == call["Name"]), None)
        if existing is not None:
            return {"LoadBalancers": [existing]}
        answer = proceed()
        made = next(balancer for balancer in self._balancers(call).values() if balancer.name == call["Name"])
        give_identity(self.account, call.region, made)
        made.state = "provisioning"
        place(self.account, call.region, made)
        self.account.timeline.after(self.account.pace.network, lambda: setattr(made, "state", "active"))
        return answer

    def describe_load_balancers(self, call: Call, proceed: Proceed) -> Answer:
        """moto makes a load balancer active by looking at it; here that is a matter of time."""
        states = {arn: balancer.state for arn, balancer in self._balancers(call).items()}
        answer = proceed()
        for arn, state in states.items():
            if arn in self._balancers(call):
                self._balancers(call)[arn].state = state
        return answer

    def delete_load_balancer(self, call: Call, proceed: Proceed) -> Answer:
        """Delete a load balancer; its interfaces linger for a while, as they do in AWS."""
        balancer = self._balancers(call).get(call["LoadBalancerArn"])
        answer = proceed()
        if balancer is not None:
            ours = interfaces(self.account, call.region, balancer)
            self.account.timeline.after(self.account.pace.deletion, lambda: [eni.delete() for eni in ours])
        return answer

    def set_security_groups(self, call: Call, proceed: Proceed) -> Answer:
        """Other groups for a load balancer, which its interfaces are in from then on, and no more in the former ones.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSecurityGroups.html (2026): not for
        a network load balancer that was made without any.
        """
        balancer = self._balancers(call).get(call["LoadBalancerArn"])
        if balancer is not None and balancer.type == "network" and not balancer.security_groups:
            message = "Security groups cannot be set for a network load balancer that was created without them"
            raise AwsError("InvalidConfigurationRequest", message)
        answer = proceed()
        if balancer is not None:
            ec2 = self.account.ec2(call.region)
            for eni in interfaces(self.account, call.region, balancer):
                ec2.modify_network_interface_attribute(eni.id, list(balancer.security_groups))
        return answer

    def set_subnets(self, call: Call, proceed: Proceed) -> Answer:
        """Other subnets: an interface comes in each that is new, and goes from each that is not named any more."""
        balancer = self._balancers(call).get(call["LoadBalancerArn"])
        answer = proceed()
        if balancer is not None:
            held = {eni.subnet.id: eni for eni in interfaces(self.account, call.region, balancer)}
            place(self.account, call.region, balancer, without=held)
            for subnet in held.keys() - {subnet.id for subnet in balancer.subnets}:
                held[subnet].delete()
        return answer

    def create_listener(self, call: Call, proceed: Proceed) -> Answer:
        """On a port that is free."""
        balancer = self._balancers(call).get(call["LoadBalancerArn"])
        taken = [int(listener.port) for listener in balancer.listeners.values()] if balancer else []
        if call.get("Port") in taken:
            raise AwsError("DuplicateListener", "A listener already exists on this port for this load balancer")
        return proceed()

    def create_rule(self, call: Call, proceed: Proceed) -> Answer:
        """With regular expressions and tokens as well, which moto does not know of."""
        if not _is_new(call):
            return proceed()
        actions = _known(call["Actions"])
        about = (call["ListenerArn"], _patterns(call), int(call["Priority"]), actions, call.get("Tags"))
        made = self.account.backend("elbv2", call.region).create_rule(*about)
        return {"Rules": [_as_asked(made, call)]}

    def modify_rule(self, call: Call, proceed: Proceed) -> Answer:
        """Likewise."""
        if not _is_new(call):
            return proceed()
        backend = self.account.backend("elbv2", call.region)
        changed = backend.modify_rule(call["RuleArn"], _patterns(call), _known(call.get("Actions") or []))
        return {"Rules": [_as_asked(changed, call)]}

    def _balancers(self, call: Call) -> dict[str, Any]:
        found: dict[str, Any] = self.account.backend("elbv2", call.region).load_balancers
        return found

    def _check_name(self, call: Call, kind: str) -> None:
        existing = next((b for b in self._balancers(call).values() if b.name == call["Name"]), None)
        if existing is None:
            return
        subnets = {subnet.id for subnet in existing.subnets}
        wanted = set(call.get("Subnets", [])) | {mapping["SubnetId"] for mapping in call.get("SubnetMappings", [])}
        scheme = call.get("Scheme", "internet-facing")
        if (existing.type, existing.scheme, subnets) != (kind, scheme, wanted):
            message = f"A load balancer with the same name '{call['Name']}' exists, but with different settings"
            raise AwsError("DuplicateLoadBalancerName", message)

    def _check(self, call: Call, kind: str) -> None:
        ec2 = self.account.ec2(call.region)
        for group in call.get("SecurityGroups", []):
            if ec2.get_security_group_from_id(group) is None:
                raise AwsError("InvalidSecurityGroup", f"One or more security groups are invalid: {group}")
        ids = [*call.get("Subnets", []), *(mapping["SubnetId"] for mapping in call.get("SubnetMappings", []))]
        known = {key: subnet for by_zone in ec2.subnets.values() for key, subnet in by_zone.items()}
        if missing := [key for key in ids if key not in known]:
            raise AwsError("SubnetNotFound", f"The subnet ID '{missing[0]}' does not exist")
        subnets = [known[key] for key in ids]
        if kind == "application" and len({subnet.availability_zone for subnet in subnets}) < 2:
            message = "At least two subnets in two different Availability Zones must be specified"
            raise AwsError("ValidationError", message)
        vpc = subnets[0].vpc_id if subnets else ""
        has_gateway = any(g.vpc and g.vpc.id == vpc for g in ec2.internet_gateways.values())
        if call.get("Scheme", "internet-facing") == "internet-facing" and vpc and not has_gateway:
            raise AwsError("InvalidSubnet", f"VPC {vpc} has no internet gateway")


_EXPRESSED = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig"}


_TOKENS, _ANY = "jwt-validation", "redirect"  # what moto lets pass instead


def _is_new(call: Call) -> bool:
    """Whether moto does not know all that a rule is made of."""
    return _has_expressions(call) or any(one.get("Type") == _TOKENS for one in call.get("Actions") or [])


def _known(actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The actions as moto lets them pass; refuses what AWS refuses of those that look at tokens.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_JwtValidationActionConfig.html (2026).
    """
    for one in actions:
        about = one.get("JwtValidationConfig") or {}
        addresses = [about.get("JwksEndpoint", "")] if one.get("Type") == _TOKENS else []
        if any(not url.startswith("https://") or len(url) > 256 for url in addresses):
            raise AwsError("ValidationError", "The JWKS endpoint must be a full HTTPS URL of at most 256 characters")
    return [{**one, "Type": _ANY} if one.get("Type") == _TOKENS else one for one in actions]


def _as_asked(rule: Any, call: Call) -> Any:
    """The rule, with what moto does not know of."""
    if call.get("Conditions"):
        rule.conditions = call["Conditions"]
    for action, asked in zip(rule.actions, call.get("Actions") or (), strict=False):
        if asked.get("Type") == _TOKENS:
            action.type = action.data["Type"] = _TOKENS
            action.__dict__.update(action.data)
    return rule


def _has_expressions(call: Call) -> bool:
    """Whether there are regular expressions among the conditions of a rule; refuses what AWS refuses of them.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_PathPatternConditionConfig.html (2026).
    """
    settings = [one.get(_EXPRESSED.get(one.get("Field", ""), ""), {}) for one in call.get("Conditions") or []]
    if any(len(value) > 128 for one in settings for value in one.get("RegexValues", [])):
        raise AwsError("ValidationError", "The regular expression is too long; the limit is '128'")
    return any("RegexValues" in one for one in settings)


def _patterns(call: Call) -> list[dict[str, Any]]:
    """The conditions with every expression as if it were a plain pattern, as far as moto looks at it."""
    return [_plain(condition) for condition in call.get("Conditions") or []]


def _plain(condition: dict[str, Any]) -> dict[str, Any]:
    name = _EXPRESSED.get(condition.get("Field", ""), "")
    values = [*condition.get(name, {}).get("Values", []), *condition.get(name, {}).get("RegexValues", [])]
    return {**condition, name: {"Values": values}} if name else condition


def give_identity(account: Account, region: str, balancer: Any) -> None:
    """Give a balancer that moto has made the ARN and the name in DNS that its kind has."""
    backend = account.backend("elbv2", region)
    tags = backend.tagging_service.get_tag_dict_for_resource(balancer.arn)
    backend.tagging_service.delete_all_tags_for_resource(balancer.arn)
    del backend.load_balancers[balancer.arn]
    kind, identity = balancer.type, balancer.arn.rpartition("/")[2]
    resource = f"loadbalancer/{_PATHS[kind]}/{balancer.name}/{identity}"
    balancer.arn = account.arn("elasticloadbalancing", resource, region=region)
    internal = "internal-" if balancer.scheme == "internal" and kind == "application" else ""
    domain = f"elb.{region}.amazonaws.com" if kind == "network" else f"{region}.elb.amazonaws.com"
    balancer.dns_name = f"{internal}{balancer.name}-{identity if kind == 'network' else hexadecimal(10)}.{domain}"
    backend.load_balancers[balancer.arn] = balancer
    backend.tagging_service.tag_resource(balancer.arn, [{"Key": key, "Value": value} for key, value in tags.items()])


def place(account: Account, region: str, balancer: Any, without: Collection[str] = ()) -> None:
    """Put an interface into each of its subnets, but for those `without`.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/.
    """
    ec2 = account.ec2(region)
    for subnet in balancer.subnets:
        if subnet.id in without:
            continue
        interface = ec2.create_network_interface(
            subnet, [], group_ids=list(balancer.security_groups or []), description=_description(balancer)
        )
        interface.status, interface.requester_managed = "in-use", True


def interfaces(account: Account, region: str, balancer: Any) -> list[Any]:
    """Its interfaces, which have to go after it."""
    wanted = _description(balancer)
    return [eni for eni in account.ec2(region).enis.values() if eni.description == wanted]


def _description(balancer: Any) -> str:
    return f"ELB {balancer.arn.partition('loadbalancer/')[2]}"
