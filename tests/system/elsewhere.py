"""What random stacks refer to and never make: there before them, under names that the account gives.

Stacks are drawn without an account, so they name all of this by `STAND_INS`; `Elsewhere.named` puts the names in. Made
by `test_chains.py`, once for each account.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.modules.cases import CERTIFICATE

from .account import Account

ZONE = "Z0123456789"
RESERVATION = "cr-0123456789abcdef0"
PEOPLE = ["ml-admins", "ml-users"]
DOMAINS = ["acme.example", "*.acme.example", "models.acme.example", "*.models.acme.example"]
TOPIC = "everybody"
SECRET = "acme/flyte"
STATES = "chains-of-states"
VPC, SUBNETS = "vpc-0abc", ("subnet-0a", "subnet-0b")


class Elsewhere(msgspec.Struct, frozen=True):
    """What stands elsewhere: by its stand-in, its name in this account."""

    names: dict[str, str]

    @staticmethod
    def made(account: Account) -> Elsewhere:
        """Make all of it."""
        for role in PEOPLE:
            account.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
        account.client("sns").create_topic(Name=TOPIC)
        account.client("secretsmanager").create_secret(Name=SECRET, SecretString=json.dumps({"clientSecret": "s" * 20}))
        account.client("s3").create_bucket(Bucket=STATES)
        zone = account.client("route53").create_hosted_zone(Name="models.acme.example", CallerReference="once")
        reservation = account.client("ec2").create_capacity_reservation(
            InstanceType="g5.xlarge", InstancePlatform="Linux/UNIX", AvailabilityZone="us-east-1a", InstanceCount=4
        )
        return Elsewhere(
            {
                CERTIFICATE: account.client("acm").import_certificate(**_certificate())["CertificateArn"],
                ZONE: zone["HostedZone"]["Id"].rpartition("/")[2],
                RESERVATION: reservation["CapacityReservation"]["CapacityReservationId"],
                **_network(account),
            }
        )

    def named(self, text: str) -> str:
        """A stack file's text with the names of this account."""
        for stand_in, name in self.names.items():
            text = text.replace(stand_in, name)
        return text


def _network(account: Account) -> dict[str, str]:
    """A network with two subnets, each with a way out."""
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.80.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    made = {VPC: vpc}
    for number, stand_in in enumerate(SUBNETS):
        zone = f"us-east-1{'ab'[number]}"
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.80.{number}.0/24", AvailabilityZone=zone)
        made[stand_in] = subnet["Subnet"]["SubnetId"]
    return made


def trust(service: str) -> str:
    """A policy by which a service may take a role."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _certificate() -> dict[str, bytes]:
    """For all names of the stacks, signed by itself: the account looks at no more."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, DOMAINS[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in DOMAINS]), critical=False)
        .sign(key, hashes.SHA256())
    )
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    return {
        "Certificate": certificate.public_bytes(serialization.Encoding.PEM),
        "PrivateKey": key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()),
    }
