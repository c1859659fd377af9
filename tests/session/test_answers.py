"""A reference to what an object never answers is refused before anything is made, with the name that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlinfra.session.reading.options import Options
from mlinfra.session.session import open_session

_STACK = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: demo}
target: {platform: aws, region: us-east-1, account: "123456789012"}
resources:
  z: {type: "aws:sqs/queue:Queue"}
  secret: {type: "aws:secretsmanager/secret:Secret"}
  notes: {type: "kubernetes:core/v1:ConfigMap", properties: {metadata: {name: notes, namespace: default}}}
  q:
    type: aws:sqs/queue:Queue
    properties:
      redrivePolicy: REDRIVE
outputs: {e: "OUTPUT"}
cluster: {}
network: {}
nodeGroups: {system: {instances: [m6i.large], max: 2}}
"""


def _refused(redrive: str, output: str) -> list[tuple[str, str]]:
    Path("stack.yaml").write_text(_STACK.replace("REDRIVE", redrive).replace("OUTPUT", output))
    found = open_session(Options("stack.yaml")).refusals()
    return [(f"{one.code} {one.source}: {one.summary}", one.hint) for one in found if one.code == "MLI1139"]


@pytest.mark.usefixtures("nowhere")
def test_a_misspelt_output_of_a_resource_is_refused_where_it_stands() -> None:
    policy = '\'{"deadLetterTargetArn": "%s", "maxReceiveCount": 3}\''
    assert _refused(policy % "${resources.z.arn}", "${resources.z.url} ${resources.notes.data}") == []
    assert _refused(policy % "${resources.z.Arn}", "${resources.secret.recoveryWindowInDays} ${resources.z.nam}") == [
        (
            "MLI1139 stack.yaml:12:7: resources.q.properties.redrivePolicy refers to Arn of resources.z, "
            "and aws:sqs/queue:Queue has no such output",
            "did you mean arn?",
        ),
        (
            "MLI1139 stack.yaml:13:11: outputs.e refers to recoveryWindowInDays of resources.secret, "
            "and aws:secretsmanager/secret:Secret has no such output",
            "there is arn, description, id, kmsKeyId, name, tags",
        ),
        (
            "MLI1139 stack.yaml:13:11: outputs.e refers to nam of resources.z, "
            "and aws:sqs/queue:Queue has no such output",
            "did you mean name?",
        ),
    ]
