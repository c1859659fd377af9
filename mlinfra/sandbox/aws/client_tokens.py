"""Client tokens: the same token with the same parameters gives the same object, with others an error.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html (2026): the result of the first request is
returned, also once its object is gone; the token is the region's. EKS looks after the tokens of its creations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Handler, Params, Proceed
from mlinfra.sandbox.aws.extension import Extension, method_name

# The creations of EC2 whose input has a ClientToken (botocore 1.44), as far as anything simulates them.
_OF_EC2 = (
    "CreateCapacityReservation",
    "CreateEgressOnlyInternetGateway",
    "CreateFlowLogs",
    "CreateLaunchTemplate",
    "CreateLaunchTemplateVersion",
    "CreateNatGateway",
    "CreateNetworkAcl",
    "CreateNetworkInterface",
    "CreateRouteTable",
    "CreateVolume",
    "CreateVpcEndpoint",
    "RunInstances",
)
# EKS has a clientRequestToken in each of its updates as well (API reference, 2017-11-01).
_UPDATES_OF_EKS = (
    "AssociateEncryptionConfig",
    "UpdateAddon",
    "UpdateClusterConfig",
    "UpdateClusterVersion",
    "UpdateNodegroupConfig",
    "UpdateNodegroupVersion",
)


@dataclass
class Tokens:
    """The tokens seen in one region: what was asked with them, and the answer."""

    seen: dict[tuple[str, str], tuple[Params, Any]] = field(default_factory=dict)


class ClientTokens(Extension):
    """Stands before everything else that looks at a creation."""

    def __init__(self, account: Account, service: str, operations: tuple[str, ...], member: str, code: str) -> None:
        super().__init__(account)
        self.service = service
        self._operations = operations
        self._member = member
        self._code = code

    def handlers(self) -> Mapping[str, Handler]:
        """One and the same for every operation."""
        return {method_name(operation): self._answer for operation in self._operations}

    def _answer(self, call: Call, proceed: Proceed) -> Answer:
        token = call.get(self._member)
        if not token:
            return proceed()
        seen = self.account.store(Tokens, call.region).seen
        key = (f"{call.service}:{call.operation}", str(token))
        if key in seen:
            asked, answer = seen[key]
            if asked != call.params:
                raise AwsError(
                    self._code,
                    "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
                )
            return answer
        answer = proceed()
        seen[key] = (call.params, answer)
        return answer


def client_tokens(account: Account) -> list[ClientTokens]:
    """For each service that has tokens."""
    return [
        ClientTokens(account, "ec2", _OF_EC2, "ClientToken", "IdempotentParameterMismatch"),
        ClientTokens(account, "eks", _UPDATES_OF_EKS, "clientRequestToken", "InvalidRequestException"),
        ClientTokens(account, "amp", ("CreateWorkspace",), "clientToken", "ConflictException"),
        # "A string ... that Amazon FSx uses to ensure idempotent updates" (API reference, 2018-03-01).
        ClientTokens(account, "fsx", ("UpdateFileSystem",), "ClientRequestToken", "IncompatibleParameterError"),
    ]
