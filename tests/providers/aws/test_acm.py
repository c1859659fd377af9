from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.errors import ProviderError
from mlinfra.core.observed import Present
from mlinfra.core.provider import Interest
from mlinfra.providers.aws.services.acm import CERTIFICATE, CERTIFICATE_VALIDATION
from mlinfra.providers.aws.services.route53 import RECORD, ZONE
from tests.providers.aws.lifecycle import Account, Build, Case, live


def proof(number: int = 0) -> Build:
    def build(account: Account) -> dict[str, Any]:
        option = account.output("certificate", "domainValidationOptions")[number]
        return {
            "zoneId": account.id("zone"),
            "name": option["resourceRecordName"],
            "type": option["resourceRecordType"],
            "ttl": 300,
            "records": [option["resourceRecordValue"]],
        }

    return build


NAMES = {"domainName": "example.com", "subjectAlternativeNames": ["*.example.com"], "validationMethod": "DNS"}
A_ZONE = (ZONE, lambda account: {"name": "example.com"})
A_CERTIFICATE = (CERTIFICATE, lambda account: NAMES)
CASES = [
    Case(
        type=CERTIFICATE,
        properties=lambda account: {
            **NAMES,
            "keyAlgorithm": "EC_prime256v1",
            "options": {"certificateTransparencyLoggingPreference": "ENABLED"},
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"options": {"certificateTransparencyLoggingPreference": "DISABLED"}},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(name="a certificate of the standard kind", type=CERTIFICATE, properties=lambda account: NAMES),
    Case(
        type=CERTIFICATE_VALIDATION,
        needs={"zone": A_ZONE, "certificate": A_CERTIFICATE, "proof": (RECORD, proof())},
        properties=lambda account: {
            "certificateArn": account.id("certificate"),
            "validationRecordFqdns": [account.output("proof", "fqdn")],
        },
        lasting=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    if case.type == CERTIFICATE_VALIDATION:  # nobody has to wait for what is in no stack
        made = _prove(account, case)
        assert isinstance(made, Present)
        return
    live(account, case)


def _prove(account: Account, case: Case) -> Present:
    for name, (token, build) in case.needs.items():
        account.make(name, token, build(account))
    properties = case.properties(account)
    made = account.make("it", CERTIFICATE_VALIDATION, properties)
    assert [one.id for one in account.listed(CERTIFICATE_VALIDATION, Interest(frozenset({made.id})))] == [made.id]
    account.provider.delete(account.target("it", CERTIFICATE_VALIDATION, properties, made.id), account.journal())
    assert account.listed(CERTIFICATE_VALIDATION) == []
    return made


def test_a_certificate_shows_the_records_that_prove_its_names_in_one_order(account: Account) -> None:
    made = account.make("certificate", CERTIFICATE, NAMES)
    options = made.properties["domainValidationOptions"]
    assert [option["domainName"] for option in options] == ["example.com", "*.example.com"]
    assert not any(option["resourceRecordName"].endswith(".") for option in options)


def test_what_is_not_proven_is_waited_for_and_the_record_that_is_missing_is_told(account: Account) -> None:
    made = account.make("certificate", CERTIFICATE, NAMES)
    record = made.properties["domainValidationOptions"][0]["resourceRecordName"]
    with pytest.raises(ProviderError, match=f"still PENDING_VALIDATION after 4500 s: still to be proven.*{record}"):
        account.make("it", CERTIFICATE_VALIDATION, {"certificateArn": made.id})


def test_a_request_that_is_repeated_gives_the_same_certificate(account: Account) -> None:
    first = account.make("certificate", CERTIFICATE, NAMES)
    second = account.make("certificate", CERTIFICATE, NAMES)
    assert first.id == second.id
