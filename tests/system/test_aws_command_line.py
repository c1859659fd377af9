"""The AWS command line, which knows nothing of us, describes what the quick start's stack says was made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .account import Account
from .foreign import prepare
from .readings import READINGS
from .things import Thing, things

# `aws` without its start-up for every question: its own program, asked one after the other in one process.
_ASKING = """
import io, json, sys
from contextlib import redirect_stdout
from awscli.clidriver import create_clidriver
answers, driver = {}, create_clidriver()
for name, arguments in json.load(sys.stdin).items():
    with redirect_stdout(io.StringIO()) as printed:
        code = driver.main([*arguments, "--output", "json"])
    if code:
        sys.exit(f"aws {' '.join(arguments)} ended with {code}")
    answers[name] = json.loads(printed.getvalue())
json.dump(answers, sys.stdout)
"""


def describe(questions: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """What `aws ARGUMENTS` prints, by the names of the questions."""
    environment = {**os.environ, "AWS_PAGER": "", "AWS_CONFIG_FILE": os.devnull}
    ran = subprocess.run(
        [sys.executable, "-c", _ASKING], input=json.dumps(questions).encode(), capture_output=True, env=environment,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr.decode()
    seen: dict[str, Any] = json.loads(ran.stdout)
    return seen


@pytest.fixture
def account(account: Account) -> Account:
    """One whose clusters answer: GPUs are announced by what runs in them."""
    return account


def test_the_aws_command_line_sees_what_the_stack_says(account: Account, quickstart: Path) -> None:
    quickstart.write_text(quickstart.read_text().replace("  system:\n", "  system:\n    labels: {tier: base}\n"))
    account.do("apply", str(quickstart), "--yes")
    made = things(account)
    group, template = made["nodeGroups.system"], made["nodeGroups.system.launch-template"]
    cluster, role, key = made["cluster"], made["nodeGroups.system.role"], made["cluster.key"]
    logs, addresses = made["resources.training-logs"], _of(made, "aws:ec2/natGateway:NatGateway")
    subnets = _of(made, "aws:ec2/subnet:Subnet")
    seen = describe(_questions(made))

    assert seen["vpc"]["Vpcs"][0]["CidrBlock"] == "10.40.0.0/16"
    assert _tags(seen["vpc"]["Vpcs"][0]["Tags"]) >= {("team", "recsys"), ("mlinfra:address", "network.vpc")}
    assert seen["hostnames"]["EnableDnsHostnames"]["Value"] is True
    assert {one["SubnetId"]: (one["CidrBlock"], one["AvailabilityZone"]) for one in seen["subnets"]["Subnets"]} == {
        one.id: (one.inputs["cidrBlock"], one.inputs["availabilityZone"]) for one in subnets
    }
    assert len({one.inputs["availabilityZone"] for one in subnets}) == 2
    assert [(nat["State"], nat["SubnetId"]) for nat in seen["nat"]["NatGateways"]] == [
        ("available", addresses[0].inputs["subnetId"])
    ]

    described = seen["cluster"]["cluster"]
    assert (described["version"], described["status"]) == ("1.35", "ACTIVE")
    assert described["roleArn"] == cluster.inputs["roleArn"]
    assert sorted(described["resourcesVpcConfig"]["subnetIds"]) == sorted(cluster.inputs["vpcConfig"]["subnetIds"])
    assert described["encryptionConfig"][0]["provider"]["keyArn"] == key.outputs["arn"]

    nodes = seen["nodes"]["nodegroup"]
    assert nodes["instanceTypes"] == ["m6i.large"]
    assert (nodes["scalingConfig"]["minSize"], nodes["scalingConfig"]["maxSize"]) == (2, 3)
    assert nodes["labels"] == group.inputs["labels"]
    assert nodes["labels"]["tier"] == "base"
    assert nodes["launchTemplate"]["id"] == template.id
    data = seen["template"]["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert data["MetadataOptions"]["HttpTokens"] == template.inputs["metadataOptions"]["httpTokens"] == "required"
    disk, wanted = data["BlockDeviceMappings"][0]["Ebs"], template.inputs["blockDeviceMappings"][0]["ebs"]
    assert (disk["VolumeSize"], disk["Encrypted"]) == (wanted["volumeSize"], wanted["encrypted"] == "true")

    trust = seen["role"]["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert trust["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert {one["PolicyArn"] for one in seen["attached"]["AttachedPolicies"]} == {
        one.inputs["policyArn"]
        for one in _of(made, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if one.inputs["role"] == role.id
    }
    assert seen["key"]["KeyMetadata"]["Description"] == "Kubernetes secrets of quickstart"
    assert seen["rotation"]["KeyRotationEnabled"] is True
    assert [(one["logGroupName"], one["retentionInDays"]) for one in seen["logs"]["logGroups"]] == [(logs.id, 7)]
    assert seen["registry"]["repositories"][0]["imageTagMutability"] == "IMMUTABLE"
    assert seen["registry"]["repositories"][0]["imageScanningConfiguration"] == {"scanOnPush": True}
    rules = json.loads(seen["kept"]["lifecyclePolicyText"])["rules"]
    assert 20 in {rule["selection"]["countNumber"] for rule in rules}


def _questions(made: dict[str, Thing]) -> dict[str, tuple[str, ...]]:
    """What is asked of the command line, by what it tells about."""
    group, template = made["nodeGroups.system"], made["nodeGroups.system.launch-template"]
    role, key, network = made["nodeGroups.system.role"], made["cluster.key"], made["network.vpc"]
    logs, registry = made["resources.training-logs"], made["registries.models"]
    addresses = _of(made, "aws:ec2/natGateway:NatGateway")
    return {
        "vpc": ("ec2", "describe-vpcs", "--vpc-ids", network.id),
        "hostnames": ("ec2", "describe-vpc-attribute", "--vpc-id", network.id, "--attribute", "enableDnsHostnames"),
        "subnets": ("ec2", "describe-subnets", "--filters", f"Name=vpc-id,Values={network.id}"),
        "nat": ("ec2", "describe-nat-gateways", "--nat-gateway-ids", *(nat.id for nat in addresses)),
        "cluster": ("eks", "describe-cluster", "--name", "quickstart"),
        "nodes": ("eks", "describe-nodegroup", "--cluster-name", "quickstart", "--nodegroup-name", _name(group)),
        "template": (
            ("ec2", "describe-launch-template-versions", "--versions", "$Latest", "--launch-template-id", template.id)
        ),
        "role": ("iam", "get-role", "--role-name", role.id),
        "attached": ("iam", "list-attached-role-policies", "--role-name", role.id),
        "key": ("kms", "describe-key", "--key-id", key.id),
        "rotation": ("kms", "get-key-rotation-status", "--key-id", key.id),
        "logs": ("logs", "describe-log-groups", "--log-group-name-prefix", logs.id),
        "registry": ("ecr", "describe-repositories", "--repository-names", registry.id),
        "kept": ("ecr", "get-lifecycle-policy", "--repository-name", registry.id),
    }


@pytest.mark.long  # Terraform reads all of every type where it is found
@pytest.mark.parametrize("name", READINGS)
def test_the_aws_command_line_sees_what_a_stack_of_every_service_says(account: Account, name: str) -> None:
    account.do("apply", prepare(account, name), "--yes")
    made = things(account)
    elsewhere = (
        "--endpoint-url",
        account.sandbox.endpoint,
    )  # for some services it passes over the environment
    asked = {}
    for address, one in READINGS[name].items():
        thing = made[address]
        wanted = ", ".join(
            f"{name}: {one.root}.{path}" if one.root != "@" else f"{name}: {path}" for name, path in one.at.items()
        )
        identity = thing.id if one.by == "id" else thing.outputs[one.by]
        asked[address] = (
            *one.command.split(),
            f"--{one.option}",
            str(identity),
            "--query",
            f"{{{wanted}}}",
            *elsewhere,
        )
    seen = describe(asked)
    said = {address: {name: made[address].inputs[name] for name in one.at} for address, one in READINGS[name].items()}
    assert {address: _plain(found) for address, found in seen.items()} == {
        address: _plain(one) for address, one in said.items()
    }


def _plain(properties: dict[str, Any]) -> dict[str, Any]:
    """Sets in one order, names of zones without the dot that DNS ends them with."""
    return {
        name: sorted(value) if isinstance(value, list) else value.rstrip(".") if isinstance(value, str) else value
        for name, value in properties.items()
    }


def _of(made: dict[str, Thing], token: str) -> list[Thing]:
    return [thing for thing in made.values() if thing.type == token]


def _name(group: Thing) -> str:
    return group.id.split(":")[1]


def _tags(shown: list[dict[str, str]]) -> set[tuple[str, str]]:
    return {(tag["Key"], tag["Value"]) for tag in shown}
