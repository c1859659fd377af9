"""Images that several modules run beside or before their own."""

from __future__ import annotations

from mlinfra.library.contract import Image

# Knows pod identity, which programs' own clients may not: fetches models, and passwords of databases.
AWS = Image(
    name="public.ecr.aws/aws-cli/aws-cli",
    tag="2.36.49",
    digest="sha256:f42bf088cb1456ba9e179ce71fdeb22cc46ff64ea1e3aeae8251ff81391f5bb1",
    source="https://github.com/aws/aws-cli/tree/2.36.49",
    looked_up="2026-11-24",
)
