"""Webhooks whose server is gone: they refuse every call that they are asked about, and are seldom suspected.

Asked for what else may hold an object that does not go. Only looks.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.errors import ProviderError
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.client import Object
from mlinfra.providers.kubernetes.token import Kind

_GROUP = "admissionregistration.k8s.io"
_CONFIGURATIONS = tuple(Kind(_GROUP, "v1", f"{form}WebhookConfiguration") for form in ("Mutating", "Validating"))
_SERVICE = Kind("", "v1", "Service")


def deserted(api: Api) -> tuple[str, ...]:
    """Such webhooks, a phrase each; none where that cannot be seen."""
    try:
        return tuple(dict.fromkeys(_deserted(api)))
    except ProviderError:
        return ()  # it is asked on top of an error that says more


def _deserted(api: Api) -> Iterator[str]:
    services = api.find(_SERVICE)
    for kind in _CONFIGURATIONS:
        place = api.find(kind)
        for configuration in api.each(place) if place is not None else ():
            for service in _served_by(configuration):
                if services is not None and api.get(services, service) is None:
                    name = configuration["metadata"]["name"]
                    yield f"the {kind.name} {name} refuses calls, since its service {service} is not there"


def _served_by(configuration: Object) -> Iterator[str]:
    """The services of those webhooks that refuse where nobody answers, as id."""
    for webhook in configuration.get("webhooks") or ():
        service = (webhook.get("clientConfig") or {}).get("service")
        if service and webhook.get("failurePolicy", "Fail") == "Fail":
            yield f"{service['namespace']}/{service['name']}"
