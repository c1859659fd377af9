"""Managed Prometheus: the alert manager of a workspace, which moto lacks.

https://docs.aws.amazon.com/prometheus/latest/APIReference/API_CreateAlertManagerDefinition.html and its neighbours
(2026); what a definition holds: https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-alertmanager-config.html.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mlinfra.documents.findings import Findings
from mlinfra.documents.yaml import read
from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


@dataclass
class Definitions:
    """The definitions, by workspace."""

    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)


class AlertManagers(Extension):
    """The definition of a workspace's alert manager: one, or none."""

    service = "amp"

    def create_alert_manager_definition(self, call: Call, proceed: Proceed) -> Answer:
        """Give a workspace its first one."""
        if call["workspaceId"] in self._known(call):
            raise AwsError("ConflictException", "Alert manager definition already exists.")
        return self._put(call)

    def put_alert_manager_definition(self, call: Call, proceed: Proceed) -> Answer:
        """Put another one in its place."""
        self._found(call)
        return self._put(call)

    def describe_alert_manager_definition(self, call: Call, proceed: Proceed) -> Answer:
        """It, and how it is."""
        return {"alertManagerDefinition": self._found(call)}

    def delete_alert_manager_definition(self, call: Call, proceed: Proceed) -> Answer:
        """Take it away."""
        self._found(call)
        del self._known(call)[call["workspaceId"]]
        return {}

    def delete_workspace(self, call: Call, proceed: Proceed) -> Answer:
        """With a workspace goes what is in it."""
        answer = proceed()
        self._known(call).pop(call["workspaceId"], None)
        return answer

    def _put(self, call: Call) -> Answer:
        self.account.backend("amp", call.region).describe_workspace(call["workspaceId"])
        self._check(call["data"])
        now = self.account.now()
        before = self._known(call).get(call["workspaceId"], {"createdAt": now})
        status = {"statusCode": "ACTIVE"}
        made = {**before, "status": status, "data": _bytes(call["data"]), "modifiedAt": now}
        self._known(call)[call["workspaceId"]] = made
        return {"status": status}

    def _check(self, data: Any) -> None:
        """Alertmanager's own configuration, as a text within the document."""
        try:
            inner = _read(_read(_bytes(data))["alertmanager_config"].encode())
            names = {receiver["name"] for receiver in inner["receivers"]}
            known = inner["route"]["receiver"] in names
        except (KeyError, TypeError, AttributeError) as error:
            raise AwsError("ValidationException", f"the alert manager definition lacks {error}") from error
        if not known:
            raise AwsError("ValidationException", "undefined receiver used in route")

    def _known(self, call: Call) -> dict[str, dict[str, Any]]:
        return self.account.store(Definitions, call.region).definitions

    def _found(self, call: Call) -> dict[str, Any]:
        found = self._known(call).get(call["workspaceId"])
        if found is None:
            raise AwsError("ResourceNotFoundException", "Alert manager definition not found.")
        return found


def _read(data: bytes) -> Any:
    findings = Findings()
    document = read(data, "the alert manager definition", findings)
    if document is None or findings.has_errors():
        why = "; ".join(found.summary for found in findings.diagnostics())
        raise AwsError("ValidationException", f"the alert manager definition cannot be read: {why}")
    return document.root.plain()


def _bytes(data: Any) -> bytes:
    return data.encode() if isinstance(data, str) else bytes(data)
