"""OpenID Connect providers: whose tokens IAM accepts.

Calls and fields: IAM API reference, 2010-05-08. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.property import Replace, block, set_of, text
from mlinfra.core.resource_type import ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Tagging, Update
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.tags import to_form
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, call
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

OIDC_PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"

# IAM is global; the tagging API shows what is IAM's in this region alone ("Supported resource types", Resource Groups
# user guide, 2026).
_HOME = "us-east-1"


def _without_scheme(url: Any) -> Any:
    """IAM keeps the issuer without `https://`."""
    return str(url).removeprefix("https://") if url else url


def _providers(reader: Reader, wanted: Wanted) -> list[Item]:
    """By their ARNs, of which what follows the slash is the URL: those that are listed, or, once one is recorded, ours.

    What a run begins is in the state before it is there, so that a listing shows nothing else that may be ours then.
    Where the tagging API knows them, it says whose they are; elsewhere each is asked, and each cluster has one.
    """
    if wanted.interest.recorded:
        found = _of_interest(reader, wanted)
    else:
        found = {one["Arn"] for one in reader.pages("iam", "ListOpenIDConnectProviders", "OpenIDConnectProviderList")}
    items = [{"Arn": arn, "Url": arn.partition("/")[2]} for arn in sorted(found)]
    if not _is_told(reader):
        return items
    known = reader.tags_by_arn()
    return [{**one, "Tags": to_form("list", known.get(one["Arn"], {}))} for one in items]


def _of_interest(reader: Reader, wanted: Wanted) -> set[str]:
    """The ARNs of interest, by URL too, and those that bear the stack's tags."""
    ours = reader.site.spell("arn:{partition}:iam::{account}:oidc-provider/", id="")
    tagged = reader.tagged(ours) if _is_told(reader) else set()
    return {ours + _without_scheme(url) for url in tagged | wanted.interest.names} | wanted.interest.ids


def _is_told(reader: Reader) -> bool:
    """Whether the tagging API says whose they are."""
    return reader.site.region == _HOME and not reader.thorough


def _describe(reader: Reader, item: Item) -> Item:
    about = {"OpenIDConnectProviderArn": item["Arn"]}
    return {**item, **reader.one("iam", "GetOpenIDConnectProvider", about, item["Arn"])}


def _look(work: Work) -> Item:
    return {"Arn": work.id, **work.call("GetOpenIDConnectProvider", OpenIDConnectProviderArn=work.id)}


def _change_clients(work: Work) -> None:
    desired = set(work.value("clientIdLists") or [])
    shown = set(work.prior.properties.get("clientIdLists", []) if work.prior is not None else [])
    for client in sorted(desired - shown):
        work.call("AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=work.id, ClientID=client)
    for client in sorted(shown - desired):
        work.call("RemoveClientIDFromOpenIDConnectProvider", OpenIDConnectProviderArn=work.id, ClientID=client)


_OIDC_PROVIDER = AwsType(
    about=ResourceType(
        token=OIDC_PROVIDER,
        inputs=block(
            {
                "url": text(required=True, replace=Replace.CREATE_FIRST, canonical=_without_scheme),
                "clientIdLists": set_of(text(), required=True),
                "thumbprintLists": set_of(text()),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("url",),
    ),
    service="iam",
    id="Arn",
    made="OpenIDConnectProviderArn",
    names={"clientIdLists": "ClientIDList", "thumbprintLists": "ThumbprintList"},
    create=call("CreateOpenIDConnectProvider", "url", "clientIdLists", "thumbprintLists"),
    reading=Reading(source=_providers, details=_describe, one=_look, outputs={"arn": "Arn"}),
    tagging=Tagging(
        form="list",
        creation={"Tags": TAGS},
        add=call("TagOpenIDConnectProvider", OpenIDConnectProviderArn=ID, Tags=TAGS),
        remove=call("UntagOpenIDConnectProvider", OpenIDConnectProviderArn=ID, TagKeys=TAG_KEYS),
    ),
    updates=(
        Update(("clientIdLists",), _change_clients),
        Update(
            ("thumbprintLists",),
            (call("UpdateOpenIDConnectProviderThumbprint", "thumbprintLists", OpenIDConnectProviderArn=ID),),
        ),
    ),
    delete=call("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=ID),
)

TYPES = (_OIDC_PROVIDER,)
