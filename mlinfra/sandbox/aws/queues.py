"""Queues: what moto forgets, or does not know, of their attributes.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html (2026): only what is
named changes, and one kind of encryption at rest takes the place of the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from mlinfra.core.value import canonical_json
from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.keys import is_usable_key

_LARGEST = 1048576
_FOR_FIFO = ("FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")


@dataclass
class RedriveAllowances:
    """Which queues may use one as their dead-letter queue, by its name: moto keeps no such attribute."""

    policies: dict[str, str] = field(default_factory=dict)


class Queues(Extension):
    """CreateQueue, DeleteQueue, GetQueueAttributes, SetQueueAttributes."""

    service = "sqs"

    def create_queue(self, call: Call, proceed: Proceed) -> Answer:
        """Make a queue."""
        asked, name = call.get("Attributes", {}), call["QueueName"]
        if not name.endswith(".fifo") and (unknown := [key for key in _FOR_FIFO if key in asked]):
            raise AwsError("InvalidAttributeName", f"Unknown Attribute {unknown[0]}.")
        self._check(call, asked)
        is_new = name not in self._backend(call).queues
        answer = proceed()
        queue = self._backend(call).queues[name]
        if is_new and "MaximumMessageSize" not in asked:
            queue.maximum_message_size = _LARGEST
        self._encrypt(queue, asked)
        self._allow(call, name, asked)
        return answer

    def delete_queue(self, call: Call, proceed: Proceed) -> Answer:
        """Delete a queue."""
        answer = proceed()
        self._allowances(call).pop(_name(call), None)
        return answer

    def get_queue_attributes(self, call: Call, proceed: Proceed) -> Answer:
        """Attributes, moto's and the one that it lacks."""
        answer = proceed()
        shown = (getattr(answer, "result", None) or {}).get("Attributes", {})
        if "RedrivePolicy" in shown:  # AWS shows it in a spelling of its own
            shown["RedrivePolicy"] = canonical_json(msgspec.json.decode(shown["RedrivePolicy"]))
        policy = self._allowances(call).get(_name(call))
        names = call.get("AttributeNames", [])
        if policy and "All" in names:
            return {"Attributes": {**shown, "RedriveAllowPolicy": policy}}
        return answer

    def set_queue_attributes(self, call: Call, proceed: Proceed) -> Answer:
        """Change what is named, and nothing else: moto drops the policy when anything is set."""
        asked = call["Attributes"]
        queue = self._backend(call).queues.get(_name(call))
        policy = queue.policy if queue is not None else None
        self._check(call, asked)
        answer = proceed()
        queue = self._backend(call).queues[_name(call)]
        if "Policy" not in asked:
            queue.policy = policy
        self._encrypt(queue, asked)
        self._allow(call, _name(call), asked)
        return answer

    def _backend(self, call: Call) -> Any:
        return self.account.backend("sqs", call.region)

    def _allowances(self, call: Call) -> dict[str, str]:
        return self.account.store(RedriveAllowances, call.region).policies

    def _check(self, call: Call, asked: dict[str, str]) -> None:
        key = asked.get("KmsMasterKeyId")
        if key and not key.startswith("alias/aws/") and not is_usable_key(self.account, call.region, key):
            raise AwsError("KMS.NotFoundException", f"The specified KMS key {key} does not exist")

    def _encrypt(self, queue: Any, asked: dict[str, str]) -> None:
        if asked.get("KmsMasterKeyId"):
            queue.sqs_managed_sse_enabled = "false"
        elif asked.get("SqsManagedSseEnabled") == "true":
            queue.kms_master_key_id = None

    def _allow(self, call: Call, name: str, asked: dict[str, str]) -> None:
        if "RedriveAllowPolicy" in asked:
            self._allowances(call)[name] = asked["RedriveAllowPolicy"]


def _name(call: Call) -> str:
    return str(call["QueueUrl"]).rpartition("/")[2]
