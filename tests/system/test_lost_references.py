"""A stack whose file refers to what is gone can still be looked at and taken down: its state says what it made."""

from __future__ import annotations

from pathlib import Path

import pytest

from .account import Account

SHARED = """
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: shared}
target: {platform: aws, region: us-east-1}
resources: {q: {type: "aws:sqs/queue:Queue"}}
outputs: {seconds: 7}
"""
SHOP = """
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: shop, tags: {commit: "${env.COMMIT_OF_SHOP}"}}
target: {platform: aws, region: us-east-1}
inputs: {delay: {type: integer}}
stacks: {common: {state: .mlinfra/state/shared}}
resources:
  dead: {type: "aws:sqs/queue:Queue"}
  q:
    type: aws:sqs/queue:Queue
    properties:
      visibilityTimeoutSeconds: ${stacks.common.outputs.seconds}
      delaySeconds: ${inputs.delay}
      redrivePolicy: '{"deadLetterTargetArn": "${resources.dead.arn}", "maxReceiveCount": 3}'
outputs: {arn: "${resources.q.arn}"}
"""


@pytest.fixture
def shop(account: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    """A stack that was applied, and of which nothing that it refers to is there any more."""
    Path("shared.yaml").write_text(SHARED)
    Path("shop.yaml").write_text(SHOP)
    account.do("apply", "shared.yaml", "--yes")
    monkeypatch.setenv("COMMIT_OF_SHOP", "1a2b3c")
    account.do("apply", "shop.yaml", "--yes", "--set", "delay=5")
    monkeypatch.delenv("COMMIT_OF_SHOP")
    assert "shop reads the output seconds of shared" in account.do("destroy", "shared.yaml", "--yes").out
    return account


def test_a_stack_goes_by_its_state_where_its_file_cannot_be_followed(shop: Account) -> None:
    assert {"MLI1121", "MLI1132", "MLI1136"} <= {*shop.run("plan", "shop.yaml").err.replace(":", " ").split()}
    assert shop.do("output", "shop.yaml", "arn").out.strip() == "arn:aws:sqs:us-east-1:123456789012:shop-resources-q"
    assert "no drift" in shop.do("drift", "shop.yaml").out
    queues = shop.client("sqs")
    url = queues.get_queue_url(QueueName="shop-resources-q")["QueueUrl"]
    queues.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "9"})
    drifted = shop.run("drift", "shop.yaml")
    assert drifted.code == 2
    assert "delaySeconds" in drifted.out
    assert "MLI3082" in drifted.out
    text = Path("shop.yaml").read_text()
    Path("shop.yaml").write_text(f"{text}lifecycle: {{protect: [resources.q]}}\n")
    kept = shop.run("destroy", "shop.yaml", "--yes")
    assert kept.code == 1
    assert "resources.q is protected" in kept.out
    Path("shop.yaml").write_text(text)
    shop.do("destroy", "shop.yaml", "--yes")
    assert shop.left() == []
