"""Flow logs: who talked to whom, in CloudWatch."""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.core.value import Concat, Json
from mlinfra.library import Handle, Scope

_RETENTION_DAYS = 30


def add_flow_logs(scope: Scope, vpc: Handle, facts: Facts) -> None:
    """Log all traffic of `vpc`, through a role that can write to this one log group."""
    group = scope.add("flow-logs.log-group", "aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": _RETENTION_DAYS})
    role = scope.add("flow-logs.role", "aws:iam/role:Role", {"assumeRolePolicy": Json(_trust(facts))})
    policy = scope.add(
        "flow-logs.role.policy", "aws:iam/rolePolicy:RolePolicy", {"role": role.id, "policy": Json(_policy(group))}
    )
    properties = {
        "vpcId": vpc.id,
        "trafficType": "ALL",
        "logDestinationType": "cloud-watch-logs",
        "logDestination": group.arn,
        "iamRoleArn": role.arn,
        "maxAggregationInterval": 600,
    }
    scope.add("flow-logs", "aws:ec2/flowLog:FlowLog", properties, depends_on=[policy])


def _trust(facts: Facts) -> dict[str, object]:
    # The condition keeps other accounts' flow logs from using the role (VPC user guide, "Publish to CloudWatch Logs").
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": facts.account}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _policy(group: Handle) -> dict[str, object]:
    write = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        "Resource": [group.arn, Concat((group.arn, ":*"))],
    }
    # Listing log groups cannot be limited to one (service authorization reference, CloudWatch Logs).
    find = {"Effect": "Allow", "Action": ["logs:DescribeLogGroups"], "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [write, find]}
