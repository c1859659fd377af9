"""News of machines: what starts or ends instances, or lets them join, has the clusters look at the account at once.

A scaling group of one's own belongs to no cluster that it could tell, and may be there before its role is let in:
without this its nodes would come only when the clusters look round by themselves, once a minute.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, Call, Handler, Proceed
from mlinfra.sandbox.aws.endpoints import ClusterEndpoints
from mlinfra.sandbox.aws.extension import Extension, method_name

_OPERATIONS = {
    "autoscaling": (
        "CreateAutoScalingGroup",
        "DeleteAutoScalingGroup",
        "DetachInstances",
        "SetDesiredCapacity",
        "TerminateInstanceInAutoScalingGroup",
        "UpdateAutoScalingGroup",
    ),
    "ec2": ("TerminateInstances",),
    "eks": ("CreateAccessEntry", "DeleteAccessEntry"),
    "iam": ("AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"),
}


class MachineNews(Extension):
    """Stands before everything that looks at these operations of one service."""

    def __init__(self, account: Account, endpoints: ClusterEndpoints, service: str) -> None:
        super().__init__(account)
        self.service = service
        self._endpoints = endpoints

    def handlers(self) -> Mapping[str, Handler]:
        """One and the same for every operation."""
        return {method_name(operation): self._tell for operation in _OPERATIONS[self.service]}

    def _tell(self, call: Call, proceed: Proceed) -> Answer:
        answer = proceed()
        self._endpoints.machines_changed()
        return answer


def machine_news(account: Account, endpoints: ClusterEndpoints) -> list[MachineNews]:
    """For each service that has such operations."""
    return [MachineNews(account, endpoints, service) for service in _OPERATIONS]
