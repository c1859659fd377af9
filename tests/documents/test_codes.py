from __future__ import annotations

import mlinfra.config.codes
import mlinfra.documents.codes


def test_every_code_is_unique_within_its_range_and_says_what_it_means() -> None:
    documents, config = mlinfra.documents.codes.Code, mlinfra.config.codes.Code
    assert all("MLI1000" <= code < "MLI1100" for code in documents)
    assert all("MLI1100" <= code < "MLI1200" for code in config)
    assert all(code.meaning.endswith(".") for code in [*documents, *config])
    # An alias would be a member of another name with the same code.
    assert len(documents.__members__) == len(list(documents))
    assert len(config.__members__) == len(list(config))
