"""The forms of text that many sections hold. Authors describe a field on top: `Annotated[Name, Meta(...)]`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.documents.wording import FORM

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", examples=["gpu-inference"])]
_BYTE = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
Cidr = Annotated[str, Meta(pattern=rf"^({_BYTE}\.){{3}}{_BYTE}/(3[0-2]|[12]?[0-9])$", examples=["10.40.0.0/16"])]
Domain = Annotated[str, Meta(pattern=r"^([a-z0-9-]+(\.[a-z0-9-]+)+)?$", examples=["ml.example.com"])]  # or nothing
Duration = Annotated[
    str,
    Meta(
        pattern=r"^(?=.*[1-9])([0-9]+[smhdw])+$",
        examples=["30m", "8h", "14d"],
        extra_json_schema={FORM: "a duration that is longer than nothing, such as 30m, 8h or 14d"},
    ),
]
Quantity = Annotated[
    str,
    Meta(
        pattern=r"^(?=.*[1-9])[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$",
        examples=["8Gi", "500m"],
        extra_json_schema={FORM: "a quantity of more than nothing, such as 8Gi or 500m"},
    ),
]
Share = Annotated[str, Meta(pattern=r"^([0-9]+|[0-9]{1,2}%|100%)$", examples=["2", "25%"])]
