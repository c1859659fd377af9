"""Flow logs of networks.

Calls and fields: EC2 API reference, 2016-11-15. Names and replacement: Pulumi's AWS schema 7.51; of what may be
logged, networks.
"""

from __future__ import annotations

from mlinfra.core.property import Replace, block, integer, text
from mlinfra.core.resource_type import ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Reading
from mlinfra.providers.aws.services.ec2_network import VPC
from mlinfra.providers.aws.services.iam_roles import ROLE
from mlinfra.providers.aws.services.logs import LOG_GROUP
from mlinfra.providers.aws.tags import ec2_tags
from mlinfra.providers.aws.template import ID, call, prop

FLOW_LOG = "aws:ec2/flowLog:FlowLog"

_FIXED = Replace.CREATE_FIRST

_FLOW_LOG = AwsType(
    about=ResourceType(
        token=FLOW_LOG,
        inputs=block(
            {
                "vpcId": text(required=True, replace=_FIXED, refers=VPC),
                "trafficType": text(required=True, replace=_FIXED),
                "logDestinationType": text(replace=_FIXED, default="cloud-watch-logs"),
                "logDestination": text(required=True, replace=_FIXED, refers=LOG_GROUP),
                "iamRoleArn": text(replace=_FIXED, refers=ROLE),
                # The same log may not be kept twice, so the old one goes first.
                "logFormat": text(replace=Replace.DELETE_FIRST),
                "maxAggregationInterval": integer(replace=Replace.DELETE_FIRST, default=600, enum=[60, 600]),
                "tags": TAGS_PROPERTY,
            }
        ),
    ),
    service="ec2",
    id="FlowLogId",
    made="FlowLogIds[0]",
    names={"iamRoleArn": "DeliverLogsPermissionArn"},
    create=call(
        "CreateFlowLogs",
        "trafficType",
        "logDestinationType",
        "logDestination",
        "iamRoleArn",
        "logFormat",
        "maxAggregationInterval",
        ResourceIds=[prop("vpcId")],
        ResourceType="VPC",
        lag=r"(?i)(Access ?Error|not authorized to assume|Unable to assume)",
    ),
    reading=Reading(
        listing=call("DescribeFlowLogs"),
        items="FlowLogs",
        one=call("DescribeFlowLogs", FlowLogIds=[ID]),
        outputs={"vpcId": "ResourceId", "arn": "arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{id}"},
    ),
    tagging=ec2_tags("vpc-flow-log"),
    delete=call("DeleteFlowLogs", FlowLogIds=[ID]),
)

TYPES = (_FLOW_LOG,)
