"""OpenID Connect providers: the audiences that they are for, which moto cannot change.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html and
https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveClientIDFromOpenIDConnectProvider.html (2026): to add one
that is there, or to remove one that is not, is no error.
"""

from __future__ import annotations

from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


class IdentityProviders(Extension):
    """AddClientIDToOpenIDConnectProvider and RemoveClientIDFromOpenIDConnectProvider."""

    service = "iam"

    def add_client_id_to_open_id_connect_provider(self, call: Call, proceed: Proceed) -> Answer:
        """One more audience."""
        clients = self._clients(call)
        if call["ClientID"] not in clients:
            clients.append(call["ClientID"])

    def remove_client_id_from_open_id_connect_provider(self, call: Call, proceed: Proceed) -> Answer:
        """One audience less."""
        clients = self._clients(call)
        if call["ClientID"] in clients:
            clients.remove(call["ClientID"])

    def _clients(self, call: Call) -> list[str]:
        provider = self.account.iam.get_open_id_connect_provider(call["OpenIDConnectProviderArn"])
        clients: list[str] = provider.client_id_list
        return clients
