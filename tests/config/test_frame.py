"""The frame of a stack: what holds of it whatever it desires, and however wrong that is by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from mlinfra.config.loader import load_frame
from mlinfra.core.errors import ConfigError
from mlinfra.core.stack import Stack
from tests.config.language import LANGUAGE
from tests.config.project import Project

FRAME = """
    apiVersion: mlinfra/v1
    kind: Stack
    metadata: {name: "shop-${inputs.pr}", tags: {commit: "${env.GONE}"}}
    target: {platform: aws, region: us-east-1}
    inputs: {pr: {type: integer, default: 0}, size: {type: integer}}
    lifecycle: {protect: [network], ttl: "${env.GONE}"}
"""
WRONG = """
    stacks: {shared: {state: .mlinfra/state/shared}}
    network: {cidr: "${stacks.shared.outputs.cidr}", zonse: 3}
    resources: {q: {type: "aws:nothing/of:TheKind", properties: {size: "${inputs.size}"}}}
    outputs: {q: "${resources.z.id}"}
"""


def _framed(
    project: Project, text: str, *, sets: Sequence[str] = (), environ: Mapping[str, str] | None = None
) -> Stack:
    return load_frame(project.write(text), LANGUAGE, environ=environ or {}, sets=sets)


def test_what_is_desired_may_be_wrong_in_every_way(project: Project) -> None:
    stack = _framed(project, FRAME + WRONG, sets=["pr=7"])
    assert (stack.name, stack.target.region, stack.protect) == ("shop-7", "us-east-1", ("network",))
    assert not stack.sections
    assert not stack.resources
    assert not stack.outputs


@pytest.mark.parametrize(
    ("change", "sets", "code"),
    [
        (("shop-${inputs.pr}", "shop-${inputs.size}"), [], "MLI1121"),  # it might be any stack
        (("shop-${inputs.pr}", "shop-${env.GONE}"), [], "MLI1132"),
        (("us-east-1", '"${env.GONE}"'), [], "MLI1132"),
        (("protect:", "protct:"), [], "MLI1030"),
        (("lifecycle:", "lifecyle:"), [], "MLI1150"),
        (("[network]", "[nettwork]"), [], "MLI1154"),
        (("kind: Stack", "kind: Stuck"), [], "MLI1107"),
        (("", ""), ["prr=7"], "MLI1120"),  # meant for the name, which has a default
        (("", ""), ["pr=seven"], "MLI1032"),
    ],
)
def test_what_the_frame_says_is_never_guessed(
    change: tuple[str, str], sets: list[str], code: str, project: Project
) -> None:
    text = (FRAME + WRONG).replace(*change) if change[0] else FRAME + WRONG
    with pytest.raises(ConfigError) as refused:
        _framed(project, text, sets=sets)
    assert code in {one.code for one in refused.value.diagnostics}
