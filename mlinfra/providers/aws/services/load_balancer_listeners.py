"""Listeners and their rules: which requests go where.

Listeners are read of the load balancers that concern us, rules of such listeners. Calls and fields: Elastic Load
Balancing API reference, 2015-12-01. Names and replacement: Pulumi's AWS schema 7.51, without header rewriting and the
attributes of listeners.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.errors import InvalidRequest, NotFound
from mlinfra.core.property import Property, Replace, block, boolean, integer, list_of, map_of, set_of, text
from mlinfra.core.resource_type import Exclusive, ResourceType
from mlinfra.core.value import Properties
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Shape, Update
from mlinfra.providers.aws.forms import CONTENT_TYPE
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.load_balancer_targets import TARGET_GROUP
from mlinfra.providers.aws.services.load_balancers import LOAD_BALANCER
from mlinfra.providers.aws.services.load_balancing import SERVICE, TAGGING, tags_of, with_tags
from mlinfra.providers.aws.template import ID, call
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"

_SIGN_IN = {
    "authenticationRequestExtraParams": map_of(text(), default={}),
    "onUnauthenticatedRequest": text(default="authenticate"),
    "scope": text(default="openid"),
    "sessionCookieName": text(default="AWSELBAuthSessionCookie"),
    "sessionTimeout": integer(default=604800),
}
# What asks who comes, before a request goes anywhere.
_WHO_MAY = {
    "authenticateCognito": block(
        {
            "userPoolArn": text(required=True, default=None),
            "userPoolClientId": text(required=True, default=None),
            "userPoolDomain": text(required=True, default=None),
            **_SIGN_IN,
        }
    ),
    "authenticateOidc": block(
        {
            "authorizationEndpoint": text(required=True, default=None),
            "clientId": text(required=True, default=None),
            "clientSecret": text(required=True, write_only=True),
            "issuer": text(required=True, default=None),
            "tokenEndpoint": text(required=True, default=None),
            "userInfoEndpoint": text(required=True, default=None),
            **_SIGN_IN,
        }
    ),
    "jwtValidation": block(
        {
            "issuer": text(required=True, default=None),
            "jwksEndpoint": text(required=True, default=None, pattern="^https://"),
            "additionalClaims": set_of(
                block(
                    {
                        "name": text(required=True),
                        "format": text(required=True),
                        "values": set_of(text(), required=True),
                    }
                ),
                default=[],
            ),
        }
    ),
}


def _action() -> Property:
    """One action. Actions are put as a whole: what is taken out of the stack is not in them any more."""
    return block(
        {
            "type": text(required=True),
            "order": integer(default=None),
            "targetGroupArn": text(default=None, refers=TARGET_GROUP),
            "forward": block(
                {
                    "targetGroups": set_of(
                        block({"arn": text(required=True, refers=TARGET_GROUP), "weight": integer()}),
                        required=True,
                        default=None,
                        canonical=_weighed,
                    ),
                    "stickiness": block({"enabled": boolean(default=False), "duration": integer(default=None)}),
                }
            ),
            "fixedResponse": block(
                {
                    "contentType": text(
                        rules=CONTENT_TYPE,
                        required=True,
                        default=None,
                    ),
                    "messageBody": text(default=None),
                    "statusCode": text(default=None),
                }
            ),
            "redirect": block(
                {
                    "statusCode": text(required=True, default=None),
                    "host": text(default="#{host}"),
                    "path": text(default="/#{path}"),
                    "port": text(default="#{port}"),
                    "protocol": text(default="#{protocol}"),
                    "query": text(default="#{query}"),
                }
            ),
            **_WHO_MAY,
        }
    )


def _weighed(groups: Any) -> Any:
    """A target group without a weight has that of one."""
    return [{"weight": 1, **group} if isinstance(group, dict) else group for group in groups]


_ACTION_NAMES = {
    "forward": "ForwardConfig",
    "forward.targetGroups[].arn": "TargetGroupArn",
    "forward.stickiness": "TargetGroupStickinessConfig",
    "forward.stickiness.duration": "DurationSeconds",
    "fixedResponse": "FixedResponseConfig",
    "redirect": "RedirectConfig",
    "authenticateCognito": "AuthenticateCognitoConfig",
    "authenticateOidc": "AuthenticateOidcConfig",
    "jwtValidation": "JwtValidationConfig",
}


def _under(root: str) -> dict[str, str]:
    return {f"{root}[].{path}": name for path, name in _ACTION_NAMES.items()}


_ONE = Shape(outward=lambda value: [value], inward=lambda value: value[0] if value else None)
_CERTIFICATE = Shape(
    outward=lambda arn: [{"CertificateArn": arn}], inward=lambda shown: shown[0]["CertificateArn"] if shown else None
)


def _listeners(reader: Reader, wanted: Wanted) -> list[Item]:
    """A listener's ARN is its balancer's with a number behind it, a rule's likewise."""
    balancers = _parents(reader, wanted, LOAD_BALANCER, ":listener/", ":loadbalancer/")
    return _of_each(reader, balancers, "Listener", "LoadBalancerArn")


def _parents(reader: Reader, wanted: Wanted, token: str, mark: str, above: str) -> list[str]:
    """The ARNs of those to look into: our own, and those that ids and keys of interest name."""
    listing = reader.objects(token)
    if listing.incomplete:
        raise InvalidRequest(f"what it stands below could not all be read: {listing.incomplete}")
    told = {_parent(arn, mark, above) for arn in wanted.interest.ids if mark in arn}
    told |= {name for name in wanted.interest.names if above in name}
    return sorted({present.id for present in listing.objects} | told)


def _parent(arn: str, mark: str, above: str) -> str:
    """The ARN of what something stands below: it is the beginning of its own."""
    return arn.rpartition("/")[0].replace(mark, above)


def _of_each(reader: Reader, parents: list[str], kind: str, parent: str) -> list[Item]:
    def read(arn: str) -> list[Item]:
        try:
            return reader.pages(SERVICE, f"Describe{kind}s", f"{kind}s", {parent: arn})
        except NotFound:  # gone meanwhile, and all that hung on it
            return []

    found = [
        {parent: arn, **item} for arn, items in zip(parents, reader.each(read, parents), strict=True) for item in items
    ]
    return with_tags(reader, [item for item in found if not item.get("IsDefault")], f"{kind}Arn")


def _of_a_controller(properties: Properties) -> bool:
    """Whether the AWS Load Balancer Controller made it for a cluster: it marks so (its docs, "Resource Tags")."""
    tags = properties.get("tags")
    return isinstance(tags, dict) and "elbv2.k8s.aws/cluster" in tags


_LISTENER_FIELDS = {
    "port": integer(minimum=1, maximum=65535),
    "protocol": text(),
    "sslPolicy": text(),
    "certificateArn": text(),
    "alpnPolicy": text(default=None),
    "defaultActions": list_of(_action(), required=True),
    "mutualAuthentication": block(
        {
            "mode": text(required=True),
            "trustStoreArn": text(default=None),
            "ignoreClientCertificateExpiry": boolean(default=None),
            "advertiseTrustStoreCaNames": text(default=None),
        },
        default={"mode": "off"},
    ),
}

_LISTENER = AwsType(
    about=ResourceType(
        token=LISTENER,
        inputs=block(
            {
                "loadBalancerArn": text(required=True, replace=Replace.CREATE_FIRST, refers=LOAD_BALANCER),
                **_LISTENER_FIELDS,
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("loadBalancerArn", "port"),
        exclusive=Exclusive(
            of=LOAD_BALANCER,
            by="{loadBalancerArn}",
            said=lambda listener: f"listens at port {listener.get('port')}",
            welcome=_of_a_controller,
        ),
    ),
    service=SERVICE,
    id="ListenerArn",
    made="Listeners[0].ListenerArn",
    names={"certificateArn": "Certificates", **_under("defaultActions")},
    shapes={"certificateArn": _CERTIFICATE, "alpnPolicy": _ONE},
    create=call("CreateListener", "loadBalancerArn", *_LISTENER_FIELDS),
    reading=Reading(
        source=_listeners,
        details=lambda reader, item: tags_of(reader, item, "ListenerArn"),
        one=call("DescribeListeners", ListenerArns=[ID]),
        items="Listeners",
        outputs={"arn": "ListenerArn"},
    ),
    tagging=TAGGING,
    updates=(Update(tuple(_LISTENER_FIELDS), (call("ModifyListener", *_LISTENER_FIELDS, ListenerArn=ID),)),),
    delete=call("DeleteListener", ListenerArn=ID),
)

# Pulumi's name of a condition, AWS's name of its field and of its settings.
_FIELDS = {
    "HostHeader": "host-header",
    "PathPattern": "path-pattern",
    "HttpHeader": "http-header",
    "HttpRequestMethod": "http-request-method",
    "QueryStrings": "query-string",
    "SourceIp": "source-ip",
}


def _condition_outward(condition: Any) -> Any:
    """AWS names the field, and has its settings beside that."""
    name, settings = next(iter(condition.items()))
    if name == "QueryStrings":
        return {"Field": _FIELDS[name], "QueryStringConfig": {"Values": settings}}
    return {"Field": _FIELDS[name], f"{name}Config": settings}


def _condition_inward(shown: Any) -> Any:
    name = next((name for name, field in _FIELDS.items() if field == shown.get("Field")), "")
    if name == "QueryStrings":
        return {name: shown.get("QueryStringConfig", {}).get("Values", [])}
    settings = shown.get(f"{name}Config") or {"Values": shown.get("Values", [])}
    return {name: {key: value for key, value in settings.items() if value}}


_VALUES = set_of(text())
_CONDITION = block(
    {
        "hostHeader": block({"values": _VALUES, "regexValues": _VALUES}),
        "pathPattern": block({"values": _VALUES, "regexValues": _VALUES}),
        "httpHeader": block({"httpHeaderName": text(required=True), "values": _VALUES, "regexValues": _VALUES}),
        "httpRequestMethod": block({"values": set_of(text(), required=True)}),
        "queryStrings": set_of(block({"key": text(), "value": text(required=True)})),
        "sourceIp": block({"values": _VALUES}),
    },
    minProperties=1,
    maxProperties=1,
)


def _rules(reader: Reader, wanted: Wanted) -> list[Item]:
    return _of_each(reader, _parents(reader, wanted, LISTENER, ":listener-rule/", ":listener/"), "Rule", "ListenerArn")


def _rule(work: Work) -> Item | None:
    """DescribeRules does not say of which listener; the ARN does."""
    found = work.call("DescribeRules", RuleArns=[work.id])["Rules"]
    return {"ListenerArn": _parent(work.id, ":listener-rule/", ":listener/"), **found[0]} if found else None


def _prioritise(work: Work) -> None:
    work.call("SetRulePriorities", RulePriorities=[{"RuleArn": work.id, "Priority": work.value("priority")}])


_LISTENER_RULE = AwsType(
    about=ResourceType(
        token=LISTENER_RULE,
        inputs=block(
            {
                "listenerArn": text(required=True, replace=Replace.CREATE_FIRST, refers=LISTENER),
                "priority": integer(required=True, minimum=1, maximum=50000),
                "actions": list_of(_action(), required=True),
                "conditions": set_of(_CONDITION, required=True),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("listenerArn", "priority"),
        exclusive=Exclusive(
            of=LISTENER,
            by="{listenerArn}",
            said=lambda rule: f"has a rule of priority {rule.get('priority')}",
            welcome=_of_a_controller,
        ),
    ),
    service=SERVICE,
    id="RuleArn",
    made="Rules[0].RuleArn",
    names=_under("actions"),
    shapes={
        "conditions[]": Shape(outward=_condition_outward, inward=_condition_inward),
        "priority": Shape(outward=lambda value: value, inward=int),
    },
    create=call("CreateRule", "listenerArn", "priority", "actions", "conditions"),
    reading=Reading(
        source=_rules,
        details=lambda reader, item: tags_of(reader, item, "RuleArn"),
        one=_rule,
        outputs={"arn": "RuleArn"},
    ),
    tagging=TAGGING,
    updates=(
        Update(("priority",), _prioritise),
        Update(("actions", "conditions"), (call("ModifyRule", "actions", "conditions", RuleArn=ID),)),
    ),
    delete=call("DeleteRule", RuleArn=ID),
)

TYPES = (_LISTENER, _LISTENER_RULE)
