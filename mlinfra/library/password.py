"""Passwords that nobody makes up and nobody sees: generated inside Secrets Manager, and referred to from there.

For modules whose programs want one. What stands in state and plan is the name of the secret alone.
"""

from __future__ import annotations

from mlinfra.core.value import Secret
from mlinfra.library.scope import Handle, Scope

_SECRET = "aws:secretsmanager/secret:Secret"
_VALUE = "aws:secretsmanager/secretVersion:SecretVersion"
PASSWORD_TYPES = (_SECRET, _VALUE)


def add_password(scope: Scope, local_name: str, purpose: str) -> tuple[Secret, Handle]:
    """Add a secret with a generated value. Answers the reference to it, and what must stand before that is resolved.

    Its name is said here, since references to secrets are resolved by name. It is gone with what it was for: a stack
    made anew makes up another.
    """
    name = f"{scope.stack.name}/{scope.address}/{local_name.replace('.', '/')}"
    properties = {"name": name, "description": purpose, "recoveryWindowInDays": 0}
    secret = scope.add(local_name, _SECRET, properties)
    value = scope.add(f"{local_name}.value", _VALUE, {"secretId": secret.id})
    return Secret("sm", name), value
