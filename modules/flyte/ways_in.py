"""The name of Flyte outside of the cluster, and who asks there who somebody is: it has no sign-in of its own.

It is made to stand behind a load balancer of AWS that does (charts/flyte-binary/values.yaml at v2.0.42, `ingress` and
`identityHeaders`; August 2026): its console below `/v2`, and the calls that the console makes. Programs bring a token
of the same provider, which the load balancer judges before (`apiJwtIngress` there). Where they get one, Flyte tells
whoever asks (`wellknownIngress`; runs/config/config.go, `authMetadata`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from msgspec import Meta
from msgspec.structs import replace

from mlinfra.core.value import Properties, Secret
from mlinfra.library import Block, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.outputs import Exposure, LoadBalancer
from mlinfra.library.own_domain import add_domain, domain_problems, way_to
from mlinfra.library.route import Route, Sooner, Way

from .contract import API, CONSOLE, NAME, NAMESPACE

_HTTPS = r"^https://.+$"
# charts/flyte-binary/templates/_helpers.tpl, `wellknownPaths`.
_DISCOVERY = (r"^/\.well-known/oauth-authorization-server$", r"^/flyteidl2\.auth\.AuthMetadataService/.*$")


class Programs(Block, frozen=True, kw_only=True):
    """A public client of the same provider, which programs sign in as, and what their tokens must be."""

    client_id: Annotated[str, Meta(description="what the provider knows it by; it has no secret", min_length=1)]
    audience: Annotated[
        str, Meta(description="whom tokens must be for (`aud`); those for others are refused", min_length=1)
    ]
    audience_form: Annotated[
        Literal["text", "list"], Meta(description="how tokens of this provider say that: one text, or a list")
    ] = "text"
    keys: Annotated[
        str,
        Meta(
            description="where the provider publishes the keys that tokens are signed with (`jwks_uri`)",
            pattern=r"^https://.{1,248}$",
            examples=["https://login.acme.example/keys"],
        ),
    ]
    scopes: Annotated[tuple[str, ...], Meta(description="what programs ask the provider for")] = ("openid",)
    redirect_uri: Annotated[
        str, Meta(description="where the provider sends the browser back to, as the client is registered with")
    ] = "http://localhost:53593/callback"


class SignIn(Block, frozen=True, kw_only=True):
    """An OpenID Connect provider, and what Flyte is to it: what its `/.well-known/openid-configuration` says."""

    issuer: Annotated[str, Meta(description="its issuer", pattern=_HTTPS, examples=["https://login.acme.example"])]
    authorization_endpoint: Annotated[
        str, Meta(examples=["https://login.acme.example/authorize"], description="where people sign in", pattern=_HTTPS)
    ]
    token_endpoint: Annotated[
        str, Meta(examples=["https://login.acme.example/token"], description="where it gives tokens", pattern=_HTTPS)
    ]
    user_info_endpoint: Annotated[
        str,
        Meta(
            examples=["https://login.acme.example/userinfo"],
            description="where it says who somebody is",
            pattern=_HTTPS,
        ),
    ]
    client_id: Annotated[str, Meta(description="what it knows Flyte by", min_length=1)]
    client_secret: Annotated[Any, Meta(description="a reference to what Flyte proves that with: ${secret.sm:NAME#KEY}")]
    programs: Annotated[
        Programs | None, Meta(description="what programs sign in as, `flyte` on a laptop among them; null: none get in")
    ] = None


def sign_in_problems(domain: str, sign_in: SignIn | None) -> Iterator[Problem]:
    """A sign-in without a name, and a secret that everybody can read."""
    if sign_in is not None and not domain:
        hint = "add domain, or take signIn out"
        yield Problem(Code.SIGN_IN, "nobody comes to sign in: it has no domain", ("signIn",), hint=hint)
    if sign_in is not None and not isinstance(sign_in.client_secret, Secret):
        hint = "put it into Secrets Manager, and write ${secret.sm:NAME#KEY}"
        summary = "the client's secret stands in the stack file, or is no reference to a secret"
        yield Problem(Code.SIGN_IN, summary, ("signIn", "clientSecret"), hint=hint)


def way_in_problems(domain: str, sign_in: SignIn | None, balancers: tuple[LoadBalancer, ...]) -> Iterator[Problem]:
    """Why it could not be reached under that name, or by everybody, or by nobody who was asked."""
    yield from domain_problems(domain, balancers)
    balancer = way_to(domain, balancers) if domain else None
    if balancer is None:
        return
    if sign_in is None and balancer.everybody:
        hint = f"add signIn, with an OpenID Connect provider; or name those who may in {balancer.address}.allowedCidrs"
        yield Problem(
            Code.SIGN_IN, "Flyte has no sign-in of its own, and would let everybody in", ("domain",), hint=hint
        )
    if sign_in is not None and balancer.door is not None:
        hint = f"set {balancer.address}.type to application and .gateway to alb, with a certificate"
        summary = f"the gateway {balancer.gateway} asks nobody who he is, and neither does Flyte"
        yield Problem(Code.SIGN_IN, summary, ("domain",), hint=hint)


def add_ways_in(
    scope: Scope, domain: str, sign_in: SignIn | None, balancers: tuple[LoadBalancer, ...]
) -> tuple[Exposure, ...]:
    """Add the routes to its console and to its API; whoever comes by them has signed in, where there is a sign-in."""
    ways = {
        "console": (f"{NAME}-console", Way("/v2", 80, pods=CONSOLE, health="/v2")),
        "api": (f"{NAME}-http", Way("/flyteidl2.", API, health="/healthz")),
    }
    programs = sign_in.programs if sign_in is not None else None
    if sign_in is None:
        summary = "Flyte asks nobody who he is: whoever the load balancer lets in may run and stop everything"
        hint = "add signIn, with an OpenID Connect provider, and a load balancer that is its own gateway"
        scope.note(Problem(Code.SIGN_IN_OF_NOBODY, summary, ("domain",), hint=hint))
    asked = _asked(sign_in) if sign_in is not None else None
    routes = {
        part: Route(host=domain, service=service, namespace=NAMESPACE, ways=(way,), sign_in=asked, part=part)
        for part, (service, way) in ways.items()
    }
    if sign_in is not None and asked is not None and programs is not None:
        # A program that brings no token is told so, where a browser is sent to sign in: only then does it ask for one.
        told = {**asked, "onUnauthenticatedRequest": "deny"}
        routes["api"] = replace(routes["api"], sign_in=told, sooner=_sooner(sign_in.issuer, programs))
    return add_domain(scope, domain, balancers, *routes.values())


def _sooner(issuer: str, programs: Programs) -> tuple[Sooner, ...]:
    """Whoever has no token yet finds out where there are some; whoever has one is judged by it."""
    form = {"text": "single-string", "list": "string-array"}[programs.audience_form]
    tokens: Properties = {
        "issuer": issuer,
        "jwksEndpoint": programs.keys,
        "additionalClaims": [{"name": "aud", "format": form, "values": [programs.audience]}],
    }
    return (Sooner(name="discovery", paths=_DISCOVERY), Sooner(name="programs", tokens=tokens))


def told_to_programs(sign_in: SignIn | None) -> Properties:
    """What Flyte says to programs of where they sign in; nothing where none get in."""
    if sign_in is None or sign_in.programs is None:
        return {}
    programs = sign_in.programs
    client = {
        "clientId": programs.client_id,
        "redirectUri": programs.redirect_uri,
        "scopes": list(programs.scopes),
        "audience": programs.audience,
    }
    # What an OpenID Connect provider says of itself has all that Flyte reads of an authorization server's.
    where = {"externalAuthServerBaseUrl": sign_in.issuer, "externalMetadataUrl": ".well-known/openid-configuration"}
    return {"authMetadata": {**where, "flyteClient": client}}


def _asked(sign_in: SignIn) -> Properties:
    return {
        "issuer": sign_in.issuer,
        "authorizationEndpoint": sign_in.authorization_endpoint,
        "tokenEndpoint": sign_in.token_endpoint,
        "userInfoEndpoint": sign_in.user_info_endpoint,
        "clientId": sign_in.client_id,
        "clientSecret": sign_in.client_secret,
    }
