"""Session Manager, which moto lacks: whom it reaches, and sessions that begin and end. Nothing flows through one here.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartSession.html and its neighbours (2026). Every
machine that runs answers, as in an account with Default Host Management Configuration.
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


class Sessions(Extension):
    """DescribeInstanceInformation, DescribeSessions, StartSession and TerminateSession."""

    service = "ssm"

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._open: dict[str, str] = {}  # the target of each
        self._begun = 0

    def describe_instance_information(self, call: Call, proceed: Proceed) -> Answer:
        """Every machine that runs."""
        found = [
            {"InstanceId": one, "PingStatus": "Online", "ResourceType": "EC2Instance"} for one in self._running(call)
        ]
        return {"InstanceInformationList": found}

    def start_session(self, call: Call, proceed: Proceed) -> Answer:
        """With a machine that answers."""
        target = call["Target"]
        if target not in self._running(call):
            raise AwsError("TargetNotConnected", f"{target} is not connected.", status=400)
        self._begun += 1
        session = f"{call.get('Reason') or 'session'}-{self._begun:017d}"
        self._open[session] = target
        stream = f"wss://ssmmessages.{call.region}.amazonaws.com/v1/data-channel/{session}?role=publish_subscribe"
        return {"SessionId": session, "TokenValue": f"token-of-{session}", "StreamUrl": stream}

    def terminate_session(self, call: Call, proceed: Proceed) -> Answer:
        """One that is open, or was."""
        self._open.pop(call["SessionId"], None)
        return {"SessionId": call["SessionId"]}

    def describe_sessions(self, call: Call, proceed: Proceed) -> Answer:
        """Those that are open."""
        open_ones = self._open.items() if call["State"] == "Active" else ()
        return {"Sessions": [{"SessionId": one, "Target": target} for one, target in open_ones]}

    def _running(self, call: Call) -> list[str]:
        reservations: Any = self.account.ec2(call.region).reservations.values()
        instances = (instance for reservation in reservations for instance in reservation.instances)
        return [str(instance.id) for instance in instances if instance.state == "running"]
