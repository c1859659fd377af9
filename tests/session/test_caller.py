"""Without credentials a plan ends at the line of the stack that needs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlinfra.core.errors import ConfigError
from mlinfra.session.reading.options import Options
from mlinfra.session.session import open_session

pytestmark = pytest.mark.usefixtures("nowhere")

_STACK = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: demo}
target: {platform: aws, region: us-east-1}
registries: {models: {}}
"""


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        (_STACK, "stack.yaml:4:1", "sts GetCallerIdentity: there are no AWS credentials"),
        (_STACK + "state: s3://acme-state/demo\n", "stack.yaml:6:1", "cannot read s3://acme-state/demo: there are no"),
    ],
)
def test_a_plan_without_credentials_says_where_they_are_needed(text: str, place: str, what: str) -> None:
    Path("stack.yaml").write_text(text)
    with pytest.raises(ConfigError) as refused:
        open_session(Options("stack.yaml")).plan()
    (found,) = refused.value.diagnostics
    assert (found.code, str(found.source)) == ("MLI5020", place)
    assert found.summary.startswith(what)
    assert "AWS_PROFILE" in found.hint
