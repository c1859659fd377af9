"""The name of Flyte outside of the cluster, and who asks there who somebody is: it has no sign-in of its own.

It is made to stand behind a load balancer of AWS that does (charts/flyte-binary/values.yaml at v2.0.42, `ingress` and
`identityHeaders`; August 2026): its console below `/v2`, and the calls that the console makes. Programs have no browser
to sign in with; they reach it within the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import Meta

from mlinfra.core.value import Properties, Secret
from mlinfra.library import Block, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.outputs import Exposure, LoadBalancer
from mlinfra.library.own_domain import add_domain, domain_problems, way_to
from mlinfra.library.route import Route, Way

from .contract import API, CONSOLE, NAME, NAMESPACE

_HTTPS = r"^https://.+$"


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
    if sign_in is None:
        summary = "Flyte asks nobody who he is: whoever the load balancer lets in may run and stop everything"
        hint = "add signIn, with an OpenID Connect provider, and a load balancer that is its own gateway"
        scope.note(Problem(Code.SIGN_IN_OF_NOBODY, summary, ("domain",), hint=hint))
    asked = _asked(sign_in) if sign_in is not None else None
    routes = [
        Route(host=domain, service=service, namespace=NAMESPACE, ways=(way,), sign_in=asked, part=part)
        for part, (service, way) in ways.items()
    ]
    return add_domain(scope, domain, balancers, *routes)


def _asked(sign_in: SignIn) -> Properties:
    return {
        "issuer": sign_in.issuer,
        "authorizationEndpoint": sign_in.authorization_endpoint,
        "tokenEndpoint": sign_in.token_endpoint,
        "userInfoEndpoint": sign_in.user_info_endpoint,
        "clientId": sign_in.client_id,
        "clientSecret": sign_in.client_secret,
    }
