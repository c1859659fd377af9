from __future__ import annotations

import json

import pytest

from mlinfra.providers.aws.services.ec2_endpoints import VPC_ENDPOINT
from mlinfra.providers.aws.services.ec2_flow_logs import FLOW_LOG
from mlinfra.providers.aws.services.logs import LOG_GROUP
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_ec2_network import A_TABLE, A_VPC
from tests.providers.aws.test_ec2_security_groups import A_GROUP, ANOTHER
from tests.providers.aws.test_eks import role, subnet

ONE_BUCKET = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::one/*"}]}
)
CASES = [
    Case(
        name="gateway endpoint",
        type=VPC_ENDPOINT,
        needs={"vpc": A_VPC, "table": A_TABLE, "other": A_TABLE},
        properties=lambda account: {
            "vpcId": account.id("vpc"),
            "serviceName": "com.amazonaws.us-east-1.s3",
            "vpcEndpointType": "Gateway",
            "routeTableIds": [account.id("table")],
            "tags": {"Name": "s3"},
        },
        changes=(
            lambda account: {"policy": ONE_BUCKET},
            lambda account: {"policy": None},
            lambda account: {"routeTableIds": [account.id("table"), account.id("other")]},
            lambda account: {"routeTableIds": [account.id("other")]},
            lambda account: {"routeTableIds": None},
            lambda account: {"tags": None},
        ),
    ),
    Case(
        name="endpoint of no stated type",
        type=VPC_ENDPOINT,
        needs={"vpc": A_VPC, "table": A_TABLE},
        properties=lambda account: {"vpcId": account.id("vpc"), "serviceName": "com.amazonaws.us-east-1.dynamodb"},
        changes=(lambda account: {"routeTableIds": [account.id("table")]},),
    ),
    Case(
        name="interface endpoint",
        type=VPC_ENDPOINT,
        needs={"vpc": A_VPC, "a": subnet(0), "b": subnet(1), "group": A_GROUP, "other": ANOTHER},
        properties=lambda account: {
            "vpcId": account.id("vpc"),
            "serviceName": "com.amazonaws.us-east-1.ecr.api",
            "vpcEndpointType": "Interface",
            "subnetIds": [account.id("a")],
            "securityGroupIds": [account.id("group")],
            "privateDnsEnabled": True,
        },
        changes=(
            lambda account: {"subnetIds": [account.id("a"), account.id("b")]},
            lambda account: {"subnetIds": [account.id("b")]},
            lambda account: {"securityGroupIds": [account.id("other")]},
            lambda account: {"privateDnsEnabled": None},
        ),
    ),
    Case(
        type=FLOW_LOG,
        needs={
            "vpc": A_VPC,
            "group": (LOG_GROUP, lambda account: {"name": "flows"}),
            "role": role("vpc-flow-logs", "flows"),
        },
        properties=lambda account: {
            "vpcId": account.id("vpc"),
            "trafficType": "ALL",
            "logDestination": account.output("group", "arn"),
            "iamRoleArn": account.output("role", "arn"),
            "maxAggregationInterval": 60,
            "tags": {"Name": "flows"},
        },
        changes=(lambda account: {"tags": {"Name": "others"}},),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)
