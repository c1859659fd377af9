"""The site: the account, region and partition that a provider works in, for ARNs and other derived texts."""

from __future__ import annotations

import msgspec


class Site(msgspec.Struct, frozen=True):
    """Where."""

    account: str
    region: str
    partition: str

    def spell(self, form: str, **values: object) -> str:
        """A format such as `arn:{partition}:ec2:{region}:{account}:vpc/{id}` filled in; "" where a value is missing."""
        known = {"account": self.account, "region": self.region, "partition": self.partition, **values}
        try:
            return form.format_map(known)
        except KeyError:
            return ""
