"""A certificate for a gateway that ends TLS itself, signed by an authority of the stack's own.

For load balancers without a certificate of ACM: who calls them trusts the authority in the secret `gateway-authority`,
or is given the secret `gateway-tls` by somebody else. cert-manager makes both and renews them.
"""

from __future__ import annotations

from mlinfra.core.value import Properties, Value
from mlinfra.library import Handle, Scope
from mlinfra.library.addon import component

SECRET = "gateway-tls"
_AUTHORITY = "gateway-authority"
_API = "kubernetes:cert-manager.io/v1"
_KEY = {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}


def add_certificate(scope: Scope, namespace: str, names: list[Value]) -> None:
    """Add the authority, which lives for ten years, and a certificate of it for these names."""
    before = [component("cert-manager")]

    def add(local_name: str, kind: str, name: str, spec: Properties) -> Handle:
        properties: Properties = {"metadata": {"name": name, "namespace": namespace}, "spec": spec}
        return scope.add(f"gateway.{local_name}", f"{_API}:{kind}", properties, depends_on=before)

    add("self-issuer", "Issuer", "self", {"selfSigned": {}})
    about = {"secretName": _AUTHORITY, "duration": "87600h0m0s", "privateKey": _KEY}
    signed = {"isCA": True, "commonName": f"{scope.stack.name} {scope.name}", "issuerRef": _by("self")}
    add("authority", "Certificate", _AUTHORITY, {**about, **signed})
    add("issuer", "Issuer", "authority", {"ca": {"secretName": _AUTHORITY}})
    mine: Properties = {"secretName": SECRET, "dnsNames": names, "privateKey": _KEY, "issuerRef": _by("authority")}
    add("certificate", "Certificate", SECRET, mine)


def _by(issuer: str) -> dict[str, str]:
    return {"kind": "Issuer", "name": issuer}
