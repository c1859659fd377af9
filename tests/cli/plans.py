"""Ten plans made by hand, one for each thing that a reviewer must recognise."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.plan import Action, Cause, Change, Field, Plan, Seal, Step, Verb
from mlinfra.core.resource import Connection, Ownership
from mlinfra.core.source import Source
from mlinfra.core.value import Base64, Concat, Json, Ref, Secret

VPC, CLUSTER, GPU = Address("network.vpc"), Address("cluster.control-plane"), Address("nodeGroups.gpu.group")
ROLE, TEMPLATE, OLD = Address("cluster.role"), Address("nodeGroups.gpu.launch-template"), Address("registries.old")
AWS = Connection("aws", {"account": "123456789012", "region": "us-east-1"})
_VERBS = {
    Action.CREATE: (Verb.CREATE,),
    Action.UPDATE: (Verb.UPDATE,),
    Action.DELETE: (Verb.DELETE,),
    Action.REPLACE: (Verb.DELETE, Verb.CREATE),
    Action.ADOPT: (Verb.ADOPT,),
    Action.MOVE: (Verb.MOVE,),
    Action.FORGET: (Verb.FORGET,),
    Action.NO_OP: (),
}
_TYPES = {
    VPC: "aws:ec2/vpc:Vpc",
    CLUSTER: "aws:eks/cluster:Cluster",
    GPU: "aws:eks/nodeGroup:NodeGroup",
    ROLE: "aws:iam/role:Role",
    TEMPLATE: "aws:ec2/launchTemplate:LaunchTemplate",
    OLD: "aws:ecr/repository:Repository",
}


def change(address: Address, action: Action, *fields: Field, line: int = 0, **rest: Any) -> Change:
    source = Source("stack.yaml", line, 3) if line else None
    origin = Address(rest.pop("origin")) if "origin" in rest else None
    return Change(
        address=address, type=_TYPES[address], action=action, fields=fields, source=source, origin=origin, **rest
    )


def plan(*changes: Change, diagnostics: tuple[Diagnostic, ...] = (), partial: bool = False) -> Plan:
    steps = tuple(
        Step(key=f"{c.address}:{verb}", address=c.address, generation=1, verb=verb, type=c.type, connection=AWS)
        for c in changes
        for verb in _VERBS[c.action]
    )
    return Plan(
        ownership=Ownership("demo", "l1"),
        serial=4,
        steps=steps,
        changes=changes,
        seal=Seal("3f9a1c2b77aa99d0"),
        diagnostics=diagnostics,
        partial=partial,
    )


KEPT = (change(VPC, Action.NO_OP), change(ROLE, Action.NO_OP), change(TEMPLATE, Action.NO_OP))
CREATE = plan(
    change(VPC, Action.CREATE, Field(path=("cidrBlock",), after="10.0.0.0/16"), line=9),
    change(ROLE, Action.CREATE, line=12),
    change(CLUSTER, Action.CREATE, Field(path=("roleArn",), after=Ref(ROLE, ("arn",)), cause=Cause.UNKNOWN), line=12),
)
NO_OP = plan(*KEPT)


def unread(of: Plan) -> Plan:
    """A plan in which the role could not be read."""
    told = Diagnostic(severity=Severity.WARNING, code="MLI3034", summary=f"{ROLE} could not be read", address=ROLE)
    return msgspec.structs.replace(of, diagnostics=(*of.diagnostics, told))


DRIFT = plan(
    *KEPT,
    change(
        GPU,
        Action.UPDATE,
        Field(path=("scalingConfig", "maxSize"), before=4, after=8),
        Field(path=("labels", "team"), before="intruder", after="recsys", cause=Cause.DRIFT),
        Field(path=("version",), before="1.32", after="1.33", cause=Cause.BOTH),
        line=20,
    ),
)
CREATE_FIRST = plan(
    *KEPT,
    change(
        GPU,
        Action.REPLACE,
        Field(path=("tags", "team"), before="a", after="b"),
        Field(path=("instanceTypes",), before=["g5.xlarge"], after=["g5.2xlarge"], forces=True),
        line=20,
        order="create-first",
        id="gpu-1",
        reason="a node group's instance types are fixed",
    ),
)
DELETE_FIRST = plan(
    change(
        VPC,
        Action.REPLACE,
        Field(path=("cidrBlock",), before="10.0.0.0/16", after="10.1.0.0/16", forces=True),
        line=9,
        order="delete-first",
        id="vpc-1",
        reason="two networks may not overlap",
    ),
    change(ROLE, Action.NO_OP),
)
DELETE = plan(*KEPT, change(OLD, Action.DELETE, id="old", reason="the stack no longer declares it"))
ADOPT = plan(*KEPT, change(OLD, Action.ADOPT, id="old", line=30))
MOVE = plan(*KEPT, change(GPU, Action.MOVE, line=20, origin="nodeGroups.inference.group", id="gpu-1"))
UNKNOWN = plan(
    *KEPT,
    change(
        CLUSTER,
        Action.UPDATE,
        Field(path=("encryptionKey",), before="arn:aws:kms:old", after=Ref(VPC, ("key", 0)), cause=Cause.UNKNOWN),
        Field(path=("userData",), after=Base64(Concat(("id=", Ref(VPC)))), cause=Cause.UNKNOWN),
        Field(
            path=("policy",),
            before=json.dumps(
                {"Version": "2012-10-17", "Statement": [{"Action": ["a:Get", "a:List"], "Resource": "*"}]}
            ),
            after=Json(
                {"Version": "2012-10-17", "Statement": [{"Action": ["a:Get", "a:Put"], "Resource": Ref(VPC, ("arn",))}]}
            ),
            cause=Cause.UNKNOWN,
        ),
        line=12,
    ),
)
SECRETS = plan(
    *KEPT,
    change(
        CLUSTER,
        Action.UPDATE,
        Field(path=("password",), before="hunter2", after=Secret("sm", "recsys/db", "password"), secret=True),
        Field(path=("url",), after=Concat(("postgres://admin:", Secret("ssm", "/db/pw"), "@db")), cause=Cause.UNKNOWN),
        line=12,
    ),
)
DIAGNOSTICS = plan(
    *KEPT,
    change(ROLE, Action.UPDATE, Field(path=("description",), before="a", after="b"), line=12),
    diagnostics=(
        Diagnostic(severity=Severity.NOTE, code="MLI2009", summary="two zones offer g5.xlarge", address=GPU),
        Diagnostic(
            severity=Severity.WARNING,
            code="MLI2003",
            summary="the group could not be read",
            detail="AccessDenied: eks:DescribeNodegroup",
            address=GPU,
            source=Source("stack.yaml", 20, 3),
            hint="allow it, and plan again",
        ),
    ),
)
ALL = {
    "create": CREATE,
    "no-op": NO_OP,
    "drift": DRIFT,
    "create-first": CREATE_FIRST,
    "delete-first": DELETE_FIRST,
    "delete": DELETE,
    "adopt": ADOPT,
    "move": MOVE,
    "unknown": UNKNOWN,
    "secrets": SECRETS,
    "diagnostics": DIAGNOSTICS,
}
