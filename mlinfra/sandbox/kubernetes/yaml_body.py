"""Reading a YAML body, for the few clients that send one. Called by `encoding`."""

from __future__ import annotations

from mlinfra.documents.findings import Findings
from mlinfra.documents.yaml import read
from mlinfra.sandbox.kubernetes.errors import bad_request
from mlinfra.sandbox.kubernetes.values import Json


def read_yaml(body: bytes) -> Json:
    """Read one YAML document; 400 when it is not one, or says something that depends on how YAML is read."""
    findings = Findings()
    document = read(body, "the body of the request", findings)
    if document is None or findings.has_errors():
        why = "; ".join(found.summary for found in findings.diagnostics())
        raise bad_request(f"error parsing YAML: {why}")
    return document.root.plain()
