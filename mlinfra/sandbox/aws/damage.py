"""How faults strike a call to the simulated AWS: what the caller gets instead of, before, or after the effect.

The gateway wraps each call in one `Damage`; the rules come from `mlinfra.sandbox.faults`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from moto.moto_server.werkzeug_app import BackendRequest
from werkzeug.wrappers import Response

from mlinfra.core.clock import Clock
from mlinfra.sandbox.aws.call import AwsError
from mlinfra.sandbox.aws.connection import Client
from mlinfra.sandbox.aws.protocol import error_response
from mlinfra.sandbox.faults import FaultKind, FaultRule
from mlinfra.sandbox.garbling import garbled

# What each service answers to a caller that is too fast. Sources, read in November 2026: the exceptions in botocore's
# service models; where a model has none, the "Common Errors" page of the service's API reference
# (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html: RequestLimitExceeded, and likewise).
_THROTTLED = {
    "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "s3": ("SlowDown", "Please reduce your request rate.", 503),
    "sqs": ("RequestThrottled", "The request was denied due to request throttling.", 403),
    "sns": ("Throttled", "Rate exceeded", 429),
    "dynamodb": ("ProvisionedThroughputExceededException", "Rate exceeded", 400),
    "eks": ("ThrottlingException", "Rate exceeded", 429),
    "ecr": ("ThrottlingException", "Rate exceeded", 400),
    "kms": ("ThrottlingException", "Rate exceeded", 400),
    "logs": ("ThrottlingException", "Rate exceeded", 400),
    "events": ("ThrottlingException", "Rate exceeded", 400),
    "service-quotas": ("TooManyRequestsException", "Too many requests", 429),
}
_THROTTLED_ELSEWHERE = ("Throttling", "Rate exceeded", 400)

_DENIED = {
    "ec2": ("UnauthorizedOperation", "You are not authorized to perform this operation.", 403),
    "iam": ("AccessDenied", "User is not authorized to perform this operation", 403),
    "s3": ("AccessDenied", "Access Denied", 403),
    "autoscaling": ("AccessDenied", "User is not authorized to perform this operation", 403),
    "elbv2": ("AccessDenied", "User is not authorized to perform this operation", 403),
    "cloudwatch": ("AccessDenied", "User is not authorized to perform this operation", 403),
    "sns": ("AuthorizationError", "User is not authorized to perform this operation", 403),
}
_DENIED_ELSEWHERE = ("AccessDeniedException", "User is not authorized to perform this operation", 403)

_FAILED = {
    "ec2": ("InternalError", "An internal error has occurred", 500),
    "s3": ("InternalError", "We encountered an internal error. Please try again.", 500),
    "eks": ("ServerException", "These errors are usually caused by a server-side issue.", 500),
    "iam": ("ServiceFailure", "The request processing has failed because of an unknown error", 500),
}
_FAILED_ELSEWHERE = ("InternalFailure", "The request processing has failed because of an unknown error", 500)

_QUOTA = {
    "CreateVpc": ("VpcLimitExceeded", "The maximum number of VPCs has been reached.", 400),
    "CreateSubnet": ("SubnetLimitExceeded", "The maximum number of subnets has been reached.", 400),
    "AllocateAddress": ("AddressLimitExceeded", "The maximum number of addresses has been reached.", 400),
    "CreateInternetGateway": (
        "InternetGatewayLimitExceeded",
        "The maximum number of internet gateways has been reached.",
        400,
    ),
    "CreateNatGateway": (
        "NatGatewayLimitExceeded",
        "Performing this operation would exceed the limit of 5 NAT gateways",
        400,
    ),
    "CreateSecurityGroup": (
        "SecurityGroupLimitExceeded",
        "The maximum number of security groups has been reached.",
        400,
    ),
    "RunInstances": (
        "VcpuLimitExceeded",
        "You have requested more vCPU capacity than your current vCPU limit allows for the instance bucket that the "
        "specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an "
        "adjustment to this limit.",
        400,
    ),
    "CreateRole": ("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000", 409),
    "CreateLoadBalancer": ("TooManyLoadBalancers", "The maximum number of load balancers has been reached", 400),
}
_QUOTA_BY_SERVICE = {
    "eks": ("ResourceLimitExceededException", "You have encountered a service limit on the specified resource.", 400),
    "iam": ("LimitExceeded", "The request was rejected because it attempted to exceed the account's quotas.", 409),
}
_QUOTA_ELSEWHERE = ("LimitExceededException", "A service quota is exhausted.", 400)

_CAPACITY = (
    "InsufficientInstanceCapacity",
    "We currently do not have sufficient capacity in the Availability Zone you requested. Our system will be working "
    "on provisioning additional capacity.",
    500,
)

_REFUSALS = frozenset({FaultKind.THROTTLE, FaultKind.ERROR, FaultKind.DENIED, FaultKind.QUOTA, FaultKind.CAPACITY})


def refusal(service: str, operation: str, rule: FaultRule) -> AwsError:
    """The error that a refusing rule gives to a call."""
    match rule.kind:
        case FaultKind.THROTTLE:
            code, message, status = _THROTTLED.get(service, _THROTTLED_ELSEWHERE)
        case FaultKind.DENIED:
            code, message, status = _DENIED.get(service, _DENIED_ELSEWHERE)
        case FaultKind.QUOTA:
            code, message, status = _QUOTA.get(operation) or _QUOTA_BY_SERVICE.get(service, _QUOTA_ELSEWHERE)
        case FaultKind.CAPACITY:
            code, message, status = _CAPACITY
        case _:
            code, message, status = _FAILED.get(service, _FAILED_ELSEWHERE)
    return AwsError(rule.code or code, rule.message or message, status=rule.status or status)


class Damage:
    """What the rules that strike one call do to it."""

    def __init__(
        self, clock: Clock, service: str, operation: str, rules: Sequence[FaultRule], request: BackendRequest
    ) -> None:
        self._clock = clock
        self._service = service
        self._operation = operation
        self._request = request
        self._client = Client(request.environ)
        self._before = [rule for rule in rules if not rule.comes_after and rule.kind is not FaultKind.STALE]
        self._after = [rule for rule in rules if rule.comes_after and rule.kind is not FaultKind.STALE]
        self.name = ",".join(f"{rule.kind}-{rule.when}" for rule in rules)

    def around(self, answer: Callable[[], Response]) -> Response:
        """What the caller gets. Raises `ConnectionBroken` where that is nothing."""
        for rule in self._before:
            if (instead := self._strike(rule)) is not None:
                return instead
        response = answer()
        for rule in self._after:
            if (instead := self._strike(rule, response)) is not None:
                return instead
        return response

    def _strike(self, rule: FaultRule, answered: Response | None = None) -> Response | None:
        match rule.kind:
            case FaultKind.GARBLED:
                return _garbled(rule, answered)
            case FaultKind.LATENCY:
                self._clock.sleep(rule.seconds)
            case FaultKind.TIMEOUT:
                self._client.stay_silent(rule.seconds or 60.0)
            case FaultKind.RESET:
                self._client.reset()
            case FaultKind.KILL:
                self._client.kill(rule.pid)
        if rule.kind in _REFUSALS:
            return error_response(self._service, self._request, refusal(self._service, self._operation, rule))
        return None


def _garbled(rule: FaultRule, answered: Response | None) -> Response:
    body, content_type = garbled(rule, None if answered is None else answered.get_data())
    status = rule.status or (200 if answered is None else answered.status_code)
    return Response(
        body, status, content_type=content_type or (answered.content_type if answered is not None else None)
    )
