"""JSON in one text with outputs in it, as people write policies in stack files."""

from __future__ import annotations

import pytest

from mlinfra.core.address import Address
from mlinfra.core.value import Concat, Ref, Secret, Value
from mlinfra.documents.composed import composed_document
from mlinfra.documents.verdict import Criterion, Verdict

ARN, URL = Ref(Address("resources.github"), ("arn",)), Ref(Address("resources.github"), ("url",))


def test_outputs_stand_where_they_were_written() -> None:
    text = Concat(('{"a": "', ARN, '", "b": ["x", "', URL, ':sub"], "', URL, ':aud": 1}'))
    assert composed_document(text) == {"a": ARN, "b": ["x", Concat((URL, ":sub"))], Concat((URL, ":aud")): 1}


@pytest.mark.parametrize(
    "parts",
    [
        ('{"a": ', ARN, "}"),  # not within a string: who knows what it will be
        ('{"a": "', ARN),
        ('{"a": "', Secret("sm", "x"), '"}'),
        ('{"a": "\ue0000\ue001', ARN, '"}'),
        ("[" * 100_000, ARN),
    ],
)
def test_what_cannot_be_read_yet_is_not_guessed(parts: tuple[Value, ...]) -> None:
    assert composed_document(Concat(parts)) is None


@pytest.mark.parametrize(
    ("action", "verdict"), [("s3:GetObject", Verdict.PASS), ("*", Verdict.FAIL), ("${x}", Verdict.PASS)]
)
def test_rules_look_into_them(action: str, verdict: Verdict) -> None:
    schema = {
        "contentMediaType": "application/json",
        "contentSchema": {"properties": {"Action": {"not": {"const": "*"}}}},
    }
    text = Concat((f'{{"Action": "{action}", "Resource": "', ARN, '"}'))
    assert Criterion(schema).verdict(text) is verdict
