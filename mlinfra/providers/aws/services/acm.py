"""Certificates that ACM issues, and the wait until it has.

Calls and fields: ACM API reference, 2015-12-08. Names and replacement: Pulumi's AWS schema 7.51, without imported
certificates, private authorities and validation domains of e-mails.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.errors import NotFound
from mlinfra.core.property import Replace, block, set_of, text
from mlinfra.core.resource_type import OwnedBy, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Tagging, Update, Waiting
from mlinfra.providers.aws.listing import parents
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.template import ID, TAGS, Computed, call, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

CERTIFICATE = "aws:acm/certificate:Certificate"
CERTIFICATE_VALIDATION = "aws:acm/certificateValidation:CertificateValidation"

# Without these, ListCertificates leaves out all keys but RSA of 1024 and 2048 bits (API reference, November 2026).
_KEYS = ("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")
_HOPELESS = ("FAILED", "VALIDATION_TIMED_OUT", "REVOKED", "EXPIRED")
_PREPARING = "waiting for the records that prove its names"


def _algorithm(name: Any) -> Any:
    """Asked for as RSA_2048, and shown as RSA-2048."""
    return name.replace("-", "_") if isinstance(name, str) else name


def _whole(reader: Reader, item: Item) -> Item | None:
    arn = item["CertificateArn"]
    if "State" in item:
        return item
    return _flat(reader.one("acm", "DescribeCertificate", {"CertificateArn": arn}, arn)["Certificate"])


def _look(work: Work) -> Item | None:
    return _flat(work.call("DescribeCertificate", CertificateArn=work.id)["Certificate"])


def _flat(item: Item) -> Item:
    """Without its own name among the alternatives, where AWS adds it, and with what it still waits for."""
    options = item.get("DomainValidationOptions", [])
    others = [name for name in item.get("SubjectAlternativeNames", []) if name != item["DomainName"]]
    method = next((one["ValidationMethod"] for one in options if "ValidationMethod" in one), None)
    pending = item["Status"] == "PENDING_VALIDATION"
    bare = pending and method in (None, "DNS") and (not options or any("ResourceRecord" not in one for one in options))
    return {
        **item,
        "SubjectAlternativeNames": others,
        "ValidationMethod": method,
        "State": _PREPARING if bare else item["Status"],
    }


def _options(item: Item) -> list[dict[str, str]]:
    """The records that prove the names, in the order of the names; AWS's order changes."""
    found = [
        {
            "domainName": one["DomainName"],
            "resourceRecordName": str(one["ResourceRecord"]["Name"]).rstrip("."),
            "resourceRecordType": one["ResourceRecord"]["Type"],
            "resourceRecordValue": one["ResourceRecord"]["Value"],
        }
        for one in item.get("DomainValidationOptions", [])
        if "ResourceRecord" in one
    ]
    return sorted(found, key=lambda one: (one["domainName"] != item["DomainName"], one["domainName"]))


def _why(item: Item) -> str:
    return str(item.get("FailureReason", ""))


def _untag(work: Work) -> None:
    """Keys alone: with a value, only that value would be taken away."""
    work.call("RemoveTagsFromCertificate", CertificateArn=work.id, Tags=[{"Key": key} for key in sorted(work.tags)])


_CERTIFICATE = AwsType(
    about=ResourceType(
        token=CERTIFICATE,
        inputs=block(
            {
                "domainName": text(required=True, replace=Replace.CREATE_FIRST),
                "subjectAlternativeNames": set_of(
                    text(), replace=Replace.CREATE_FIRST, default=[], description="Besides domainName itself."
                ),
                "validationMethod": text(
                    replace=Replace.CREATE_FIRST,
                    required=True,
                    enum=["DNS", "EMAIL"],
                    description="DNS renews by itself.",
                ),
                "keyAlgorithm": text(
                    replace=Replace.CREATE_FIRST, default="RSA_2048", canonical=_algorithm, enum=list(_KEYS)
                ),
                "options": block(
                    {"certificateTransparencyLoggingPreference": text(default="ENABLED", enum=["ENABLED", "DISABLED"])}
                ),
                "tags": TAGS_PROPERTY,
            }
        ),
    ),
    service="acm",
    id="CertificateArn",
    made="CertificateArn",
    create=call(
        "RequestCertificate",
        "domainName",
        "subjectAlternativeNames",
        "validationMethod",
        "keyAlgorithm",
        "options",
        # At most 32 letters; for an hour, the same one gives the same certificate.
        IdempotencyToken=Computed(lambda work: work.target.token[:32] or None),
    ),
    reading=Reading(
        listing=call("ListCertificates", Includes={"keyTypes": list(_KEYS)}),
        items="CertificateSummaryList",
        details=_whole,
        one=_look,
        outputs={"arn": "CertificateArn"},
        derived={"domainValidationOptions": _options},
    ),
    tagging=Tagging(
        form="list",
        creation={"Tags": TAGS},
        add=call("AddTagsToCertificate", CertificateArn=ID, Tags=TAGS),
        remove=_untag,
        path="",
        read=call("ListTagsForCertificate", CertificateArn=ID),
        found="Tags",
        arn="{id}",
    ),
    updates=(Update(("options",), (call("UpdateCertificateOptions", "options", CertificateArn=ID),)),),
    waiting=Waiting(
        state="State",
        ready=("PENDING_VALIDATION", "ISSUED", "INACTIVE"),
        failed=_HOPELESS,
        why=_why,
        every=3.0,
        limit=600.0,
    ),
    delete=call("DeleteCertificate", CertificateArn=ID),
)


def _validations(reader: Reader, wanted: Wanted) -> list[Item]:
    """Of certificates that the stack waits for; that others are issued is nobody's affair."""
    ours = parents(_VALIDATION, reader, wanted) | wanted.interest.names
    return [{"CertificateArn": arn} for arn in sorted(ours) if wanted.named(arn)]


def _issued(reader: Reader, item: Item) -> Item | None:
    if "Status" in item:
        return item
    arn = item["CertificateArn"]
    try:
        found = reader.one("acm", "DescribeCertificate", {"CertificateArn": arn}, arn)["Certificate"]
    except NotFound:
        return None
    return found if found["Status"] == "ISSUED" else None


def _awaited(work: Work) -> Item | None:
    """The certificate, once the wait is for it and not for the end of this."""
    if not work.id:
        return None
    found: Item = work.call("DescribeCertificate", CertificateArn=work.id)["Certificate"]
    return found


def _stop_waiting(work: Work) -> None:
    """There is nothing to delete: the certificate stays issued."""
    work.id = ""


def _unproven(item: Item) -> str:
    """Which names are still to be proven, and by which record."""
    left = [one for one in item.get("DomainValidationOptions", []) if one.get("ValidationStatus") != "SUCCESS"]
    records = [
        f"{one['DomainName']} by {one['ResourceRecord']['Type']} {one['ResourceRecord']['Name']} "
        f"{one['ResourceRecord']['Value']}"
        for one in left
        if "ResourceRecord" in one
    ]
    unproven = f"still to be proven: {'; '.join(records)}" if records else ""
    return _why(item) or unproven


_VALIDATION = AwsType(
    about=ResourceType(
        token=CERTIFICATE_VALIDATION,
        inputs=block(
            {
                "certificateArn": text(required=True, replace=Replace.CREATE_FIRST, refers=CERTIFICATE),
                "validationRecordFqdns": set_of(
                    text(), write_only=True, description="The records that prove the names: waited for, after them."
                ),
            }
        ),
        key=("certificateArn",),
        owned_by=OwnedBy.PARENT,
        parent="certificateArn",
    ),
    service="acm",
    id="{certificateArn}",
    create=call("DescribeCertificate", CertificateArn=prop("certificateArn")),
    reading=Reading(source=_validations, details=_issued, one=_awaited, outputs={"certificateArn": "CertificateArn"}),
    updates=(Update(("validationRecordFqdns",), ()),),
    waiting=Waiting(state="Status", ready=("ISSUED",), failed=_HOPELESS, why=_unproven, every=10.0, limit=4500.0),
    delete=_stop_waiting,
)

TYPES = (_CERTIFICATE, _VALIDATION)
