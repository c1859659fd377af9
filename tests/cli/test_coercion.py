"""Arguments that fit already, and those that do not."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, Literal

import pytest

from mlinfra.cli.coercion import fits
from mlinfra.cli.main import application


@pytest.mark.parametrize(
    ("value", "annotation"),
    [("a", str), (True, bool), ("json", Literal["text", "json"]), (("a", "b"), list[str]), ([], list[str])],
)
def test_plain_values_of_their_kind_fit(value: object, annotation: Any) -> None:
    assert fits(value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [(1, str), ("yes", bool), ("yaml", Literal["text", "json"]), ((1,), list[str]), ("8080", int), ("a", list[str])],
)
def test_everything_else_is_left_to_conversion(value: object, annotation: Any) -> None:
    assert not fits(value, annotation)


def test_a_number_is_still_converted() -> None:
    up = application().get_command(None, "sandbox").get_command(None, "up")  # type: ignore[union-attr]
    context = up.make_context("up", ["--port", "8080"])  # type: ignore[union-attr]
    assert context.params["port"] == 8080


def test_a_plan_is_asked_for_without_pydantic() -> None:
    asked = (
        "import sys; from mlinfra.cli.main import main; main(['plan', 'no-such-file.yaml']); print(sorted(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    modules = set(told.stdout.replace("'", "").strip("[]\n").split(", "))
    assert "mlinfra.session" in modules
    assert not modules & {"pydantic", "jsonschema", "httpx", "moto", "botocore", "boto3"}
    assert "mlinfra.providers.kubernetes.client" not in modules
