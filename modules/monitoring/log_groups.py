"""Log groups: where the logs of pods, nodes and Kubernetes itself are kept in CloudWatch, and for how long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.value import Concat, Value
from mlinfra.library import Block, Handle, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.forms import Duration
from mlinfra.library.outputs import Cluster

from .writers import add_identity

# CloudWatch's own names for them, which its Container Insights look for (CloudWatch user guide, November 2026).
_PARTS = ("application", "host", "dataplane")
# CloudWatch Logs API reference, PutRetentionPolicy (November 2026).
_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


class Logs(Block, frozen=True, kw_only=True):
    """Where logs go."""

    kind: Annotated[
        Literal["cloudwatch", "loki", "none"], Meta(description="CloudWatch, Loki in the cluster, or nowhere")
    ] = "cloudwatch"
    retention: Annotated[Duration, Meta(description="how long they are kept")] = "30d"

    @property
    def days(self) -> float:
        """How long they are kept, in days."""
        parts = re.findall(r"([0-9]+)([smhdw])", self.retention)
        return sum(int(number) * _SECONDS[unit] for number, unit in parts) / _SECONDS["d"]

    @property
    def hours(self) -> int:
        """The same in hours, as many as are begun; a day at least."""
        return max(24, int(-(-self.days * 24 // 1)))


def retention_problems(logs: Logs) -> Iterator[Problem]:
    """A time that CloudWatch does not offer, or that is too short for Loki."""
    if logs.kind == "loki" and logs.days < 1:
        summary = f"Loki keeps no logs for {logs.retention}"
        hint = "choose 1d or more: what is older goes once a day"
        yield Problem(Code.LOG_RETENTION, summary, at=("logs", "retention"), hint=hint)
    if logs.kind == "cloudwatch" and logs.days not in _DAYS:
        nearest = next((days for days in _DAYS if days > logs.days), _DAYS[-1])
        summary = f"CloudWatch keeps no logs for {logs.retention}"
        hint = f"choose {nearest}d; there is {', '.join(map(str, _DAYS))} days"
        yield Problem(Code.LOG_RETENTION, summary, at=("logs", "retention"), hint=hint)


def add_log_groups(scope: Scope, logs: Logs, cluster: Cluster) -> dict[str, Value]:
    """Add them, and the identity of what writes there. Answers their names."""
    groups = {
        part: scope.add(
            f"logs.{part}",
            "aws:cloudwatch/logGroup:LogGroup",
            {"name": f"/aws/containerinsights/{scope.stack.name}/{part}", "retentionInDays": int(logs.days)},
        )
        for part in _PARTS
    }
    # Whoever reads logs sees the node's own folders, and has a namespace of its own for that.
    rights = _rights(list(groups.values()))
    add_identity(scope, cluster, "logs.writer", "fluent-bit", rights, namespace="fluent-bit")
    return {part: group["name"] for part, group in groups.items()}


def _rights(groups: list[Handle]) -> list[dict[str, Value]]:
    arns = [arn for group in groups for arn in (group.arn, Concat((group.arn, ":*")))]
    actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    return [{"Effect": "Allow", "Action": actions, "Resource": arns}]
