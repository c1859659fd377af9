"""The example in docs/adding-a-resource-type.md is the real one, whole, and its tables leave no field out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlinfra.core.property import Property
from mlinfra.providers.aws.aws_type import AwsType
from mlinfra.providers.aws.services.secretsmanager import TYPES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "adding-a-resource-type.md").read_text()
QUOTE = re.compile(r"^In `([^`]+)`:\n\n```python\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
FILES = ("mlinfra/providers/aws/services/secretsmanager.py", "tests/providers/aws/test_secretsmanager.py")


def _quotes(path: str) -> list[str]:
    return [quote for of, quote in QUOTE.findall(TEXT) if of == path]


def test_every_block_of_code_says_where_it_is_from() -> None:
    assert TEXT.count("```python") == sum(len(_quotes(path)) for path in FILES)


@pytest.mark.parametrize("path", FILES)
def test_what_is_quoted_stands_in_the_file_and_nothing_of_the_file_is_left_out(path: str) -> None:
    source = (ROOT / path).read_text()
    rest = source
    for quote in _quotes(path):
        assert quote in source
        assert quote in rest, "it is quoted twice"
        rest = rest.replace(quote, "", 1)
    assert rest.strip() == ""


@pytest.mark.parametrize("kind", [Property, AwsType])
def test_every_field_is_explained(kind: type[Property] | type[AwsType]) -> None:
    rows = TEXT.split(f"| of a{'n' if kind is AwsType else ''} `{kind.__name__}` |")[1].split("\n\n")[0]
    named = {name for row in rows.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if row else "")}
    assert named == set(kind.__struct_fields__)


def test_the_type_is_the_one_that_the_document_adds() -> None:
    assert [f"`{kind.token}`" in TEXT.partition("\n## ")[0] for kind in TYPES] == [True]
