"""The ways out of a network: internet gateways, addresses, NAT gateways.

Calls and fields: EC2 API reference, 2016-11-15. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from mlinfra.core.property import Replace, block, text
from mlinfra.core.resource_type import ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Leaving, Reading, Update, Waiting
from mlinfra.providers.aws.services.ec2_network import SUBNET, VPC
from mlinfra.providers.aws.tags import ec2_tags
from mlinfra.providers.aws.template import ID, call, dig
from mlinfra.providers.aws.work import Work

INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
EIP = "aws:ec2/eip:Eip"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"


def _attach(work: Work) -> None:
    """Attach it to the network that is desired, and detach it from any other."""
    desired = work.value("vpcId")
    if _detach(work, keep=desired) != desired and desired:
        work.call("AttachInternetGateway", InternetGatewayId=work.id, VpcId=desired)


def _detach(work: Work, keep: str | None = None) -> str | None:
    """Detach it, unless from `keep`. What it was attached to."""
    item = work.describe()
    attached: str | None = dig(item, "Attachments[0].VpcId")
    if attached and attached != keep:
        work.call("DetachInternetGateway", InternetGatewayId=work.id, VpcId=attached)
    return attached


def _delete_internet_gateway(work: Work) -> None:
    _detach(work)
    work.call("DeleteInternetGateway", InternetGatewayId=work.id)


_INTERNET_GATEWAY = AwsType(
    about=ResourceType(
        token=INTERNET_GATEWAY,
        inputs=block({"vpcId": text(default=None, refers=VPC), "tags": TAGS_PROPERTY}),
    ),
    service="ec2",
    id="InternetGatewayId",
    made="InternetGateway.InternetGatewayId",
    create=call("CreateInternetGateway"),
    reading=Reading(
        listing=call("DescribeInternetGateways"),
        items="InternetGateways",
        one=call("DescribeInternetGateways", InternetGatewayIds=[ID]),
        outputs={
            "vpcId": "Attachments[0].VpcId",
            "arn": "arn:{partition}:ec2:{region}:{account}:internet-gateway/{id}",
            "ownerId": "OwnerId",
        },
    ),
    tagging=ec2_tags("internet-gateway"),
    updates=(Update(("vpcId",), _attach),),
    delete=_delete_internet_gateway,
)

_EIP = AwsType(
    about=ResourceType(
        token=EIP,
        irreplaceable="its address, which others may let in",
        inputs=block(
            {
                "domain": text(replace=Replace.CREATE_FIRST, default="vpc", enum=["vpc"]),
                "publicIpv4Pool": text(replace=Replace.CREATE_FIRST),
                "tags": TAGS_PROPERTY,
            }
        ),
        volatile={"associationId": (), "privateIp": ()},
    ),
    service="ec2",
    id="AllocationId",
    made="AllocationId",
    create=call("AllocateAddress", "domain", "publicIpv4Pool"),
    reading=Reading(
        listing=call("DescribeAddresses"),
        items="Addresses",
        one=call("DescribeAddresses", AllocationIds=[ID]),
        outputs={
            "arn": "arn:{partition}:ec2:{region}:{account}:elastic-ip/{id}",
            "allocationId": "AllocationId",
            "publicIp": "PublicIp",
            "associationId": "AssociationId",
            "privateIp": "PrivateIpAddress",
        },
    ),
    tagging=ec2_tags("elastic-ip"),
    delete=call("ReleaseAddress", AllocationId=ID),
)


def _why_not(item: Item) -> str:
    return ": ".join(str(item[name]) for name in ("FailureCode", "FailureMessage") if item.get(name))


_NAT_GATEWAY = AwsType(
    about=ResourceType(
        token=NAT_GATEWAY,
        inputs=block(
            {
                # An address serves one gateway at a time, so the old one goes first.
                "subnetId": text(required=True, replace=Replace.DELETE_FIRST, refers=SUBNET),
                "allocationId": text(replace=Replace.DELETE_FIRST, refers=EIP),
                "connectivityType": text(replace=Replace.DELETE_FIRST, default="public"),
                "privateIp": text(replace=Replace.DELETE_FIRST),
                "tags": TAGS_PROPERTY,
            }
        ),
    ),
    service="ec2",
    id="NatGatewayId",
    made="NatGateway.NatGatewayId",
    names={"privateIp": "PrivateIpAddress"},
    create=call("CreateNatGateway", "subnetId", "allocationId", "connectivityType", "privateIp"),
    reading=Reading(
        listing=call("DescribeNatGateways"),
        items="NatGateways",
        one=call("DescribeNatGateways", NatGatewayIds=[ID]),
        outputs={
            "allocationId": "NatGatewayAddresses[0].AllocationId",
            "privateIp": "NatGatewayAddresses[0].PrivateIp",
            "publicIp": "NatGatewayAddresses[0].PublicIp",
            "networkInterfaceId": "NatGatewayAddresses[0].NetworkInterfaceId",
        },
        absent={"State": ("deleted",)},
    ),
    tagging=ec2_tags("natgateway"),
    waiting=Waiting(state="State", ready=("available",), failed=("failed",), why=_why_not, limit=900.0),
    leaving=Leaving.SLOWLY,
    delete=call("DeleteNatGateway", NatGatewayId=ID),
)

TYPES = (_INTERNET_GATEWAY, _EIP, _NAT_GATEWAY)
