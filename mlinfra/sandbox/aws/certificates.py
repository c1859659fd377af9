"""ACM: certificates are issued once their names are proven, and stay while anything uses them.

https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html (the record has to be in the public DNS: here, in a
public zone of this account); https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html (the
records show some seconds after the request) and API_DeleteCertificate.html (2026). moto issues all after a minute.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


class Certificates(Extension):
    """RequestCertificate, DescribeCertificate, ListCertificates, UpdateCertificateOptions, DeleteCertificate."""

    service = "acm"

    def request_certificate(self, call: Call, proceed: Proceed) -> Answer:
        """Ask for one, which then waits for its names to be proven."""
        before = set(self._certificates(call))
        answer = proceed()
        for arn in set(self._certificates(call)) - before:
            made = self._certificates(call)[arn]
            made.check = lambda: None  # nothing is issued for having waited
            made.method = call.get("ValidationMethod", "EMAIL")
            made.algorithm = call.get("KeyAlgorithm", "RSA_2048")
            made.names = list(dict.fromkeys([call["DomainName"], *call.get("SubjectAlternativeNames", [])]))
            made.shows_records = False
            self.account.timeline.after(0, partial(setattr, made, "shows_records", True))
        return answer

    def describe_certificate(self, call: Call, proceed: Proceed) -> Answer:
        """As it is now, with the records that prove its names."""
        answer = proceed()
        found = self._certificates(call)[call["CertificateArn"]]
        if not hasattr(found, "names"):
            return answer  # it was imported
        self._issue_if_proven(call, found)
        return {"Certificate": {**answer.result["Certificate"], **self._shown(call, found)}}

    def list_certificates(self, call: Call, proceed: Proceed) -> Answer:
        """Those with keys of the kinds asked for; by default, of RSA up to 2048 bits."""
        kinds = (call.get("Includes") or {}).get("keyTypes") or ["RSA_1024", "RSA_2048"]
        statuses = call.get("CertificateStatuses") or []
        listed = []
        for found in self._certificates(call).values():
            if hasattr(found, "names"):
                self._issue_if_proven(call, found)
            fits = getattr(found, "algorithm", "RSA_2048") in kinds and (not statuses or found.status in statuses)
            if fits:
                listed.append({"CertificateArn": found.arn, "DomainName": found.common_name, "Status": found.status})
        return {"CertificateSummaryList": listed}

    def update_certificate_options(self, call: Call, proceed: Proceed) -> Answer:
        """Log it in public, or do not."""
        found = self._certificates(call).get(call["CertificateArn"])
        if found is None:
            raise AwsError("ResourceNotFoundException", f"Could not find certificate {call['CertificateArn']}")
        found.cert_options = {**found.cert_options, **call["Options"]}
        return {}

    def delete_certificate(self, call: Call, proceed: Proceed) -> Answer:
        """Not one that a listener uses."""
        arn = call["CertificateArn"]
        users = [
            balancer.arn
            for balancer in self.account.backend("elbv2", call.region).load_balancers.values()
            for listener in balancer.listeners.values()
            if arn in _certificates_of(listener)
        ]
        if users:
            raise AwsError("ResourceInUseException", f"Certificate {arn} in account {self.account.id} is in use.")
        return proceed()

    def _certificates(self, call: Call) -> Any:
        return self.account.backend("acm", call.region)._certificates

    def _shown(self, call: Call, found: Any) -> dict[str, Any]:
        status = "SUCCESS" if found.status == "ISSUED" else "PENDING_VALIDATION"
        options = [
            {
                "DomainName": name,
                "ValidationDomain": name,
                "ValidationStatus": status,
                "ValidationMethod": found.method,
                **({"ResourceRecord": self._proof(name)} if found.shows_records and found.method == "DNS" else {}),
            }
            for name in found.names
        ]
        return {
            "Status": found.status,
            "DomainName": found.names[0],
            "SubjectAlternativeNames": found.names,
            "DomainValidationOptions": options,
            "KeyAlgorithm": found.algorithm.replace("RSA_", "RSA-"),
            "Options": found.cert_options,
        }

    def _proof(self, name: str) -> dict[str, str]:
        """The record of a name, which is the same for every certificate of an account."""
        bare = name.removeprefix("*.")
        digits = hashlib.sha256(f"{self.account.id}/{bare}".encode()).hexdigest()
        return {
            "Name": f"_{digits[:32]}.{bare}.",
            "Type": "CNAME",
            "Value": f"_{digits[32:]}.xlfgrmvvlj.acm-validations.aws.",
        }

    def _issue_if_proven(self, call: Call, found: Any) -> None:
        if found.status != "PENDING_VALIDATION" or getattr(found, "is_proven", False):
            return
        proofs = [self._proof(name) for name in found.names]
        if found.method == "DNS" and all(self._is_public(call, proof) for proof in proofs):
            found.is_proven = True
            self.account.timeline.after(self.account.pace.certificate, lambda: setattr(found, "status", "ISSUED"))

    def _is_public(self, call: Call, proof: dict[str, str]) -> bool:
        zones = self.account.backend("route53", call.region).zones.values()
        records = [record for zone in zones if not zone.private_zone for record in zone.rrsets]
        values = [
            str(value if isinstance(value, str) else value["Value"]).rstrip(".")
            for record in records
            if record.type == "CNAME" and record.name.rstrip(".") == proof["Name"].rstrip(".")
            for value in record.records or []
        ]
        return proof["Value"].rstrip(".") in values


def _certificates_of(listener: Any) -> list[str]:
    shown = [*(listener.certificates or []), getattr(listener, "certificate", None)]
    named = [one.get("CertificateArn", one.get("certificate_arn")) if isinstance(one, dict) else one for one in shown]
    return [str(arn) for arn in named if arn]
