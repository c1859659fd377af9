"""What the process that all others are forked from imports and reads beforehand. It starts no thread, opens nothing.

pytest is among it as each new process imports the main module of the one that asked for it; the clients are, as making
one imports most of the SDK and reads its models; so are the types of AWS, and all modules with what describes them.
"""

from importlib import import_module

import pytest  # noqa: F401

import mlinfra.cli.commands.apply
import mlinfra.cli.commands.destroy
import mlinfra.cli.main
import mlinfra.cli.plans
import mlinfra.session.plans.planfile
import mlinfra.session.session
import mlinfra.state.s3.store  # noqa: F401
from mlinfra.aws.clients import Clients, Endpoint
from mlinfra.aws.regions import known_regions
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.session.reading.catalogue import library

for _name in (
    "encodings.idna",
    "mlinfra.cli.interrupt",
    "mlinfra.cli.progress",
    "mlinfra.cli.render.diagnostics",
    "mlinfra.cli.render.plan_text",
    "mlinfra.cli.render.report",
):
    import_module(_name)
known_regions()
catalogue()
for _module in library().modules.values():
    _module.described()

_CLIENTS = Clients("us-east-1", Endpoint(url="http://127.0.0.1:1", access_key="none", secret_key="none"))
for _service in (
    "ec2",
    "iam",
    "sts",
    "s3",
    "kms",
    "sqs",
    "eks",
    "ecr",
    "logs",
    "cloudwatch",
    "resourcegroupstaggingapi",
):
    _CLIENTS.of(_service)
