from __future__ import annotations

from mlinfra.aws.codes import Code
from mlinfra.core.errors import ProviderError


def test_every_kind_of_error_has_its_code_listed() -> None:
    kinds: set[type[ProviderError]] = {ProviderError, *ProviderError.__subclasses__()}
    assert {kind.default_code for kind in kinds} == {code.value for code in Code if code < "MLI5010"}
