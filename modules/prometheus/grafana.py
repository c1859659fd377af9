"""Grafana: dashboards from config maps of any namespace, for those who sign in."""

from __future__ import annotations

from mlinfra.core.value import Properties
from mlinfra.library import Handle, Scope
from mlinfra.library.password import add_password
from mlinfra.library.pod_security import CONTAINER

from .names import NAMESPACE

ADMIN = "grafana-admin"


def add_admin(scope: Scope) -> Handle:
    """The administrator's password, generated in Secrets Manager, and the secret in which Grafana finds it."""
    password, made = add_password(scope, "grafana.admin", "Grafana's administrator")
    properties: Properties = {
        "metadata": {"name": ADMIN, "namespace": NAMESPACE},
        "stringData": {"admin-password": password},
    }
    return scope.add("grafana.secret", "kubernetes:core/v1:Secret", properties, depends_on=[made])


def grafana_values() -> Properties:
    """Nothing is kept but what is code: whatever is changed by hand goes with the pod."""
    return {
        "serviceAccount": {"name": "grafana"},
        "admin": {"existingSecret": ADMIN},
        # The secret holds what is secret, and the name is none.
        "env": {"GF_SECURITY_ADMIN_USER": "admin"},
        "defaultDashboardsEditable": False,
        "testFramework": {"enabled": False},
        "sidecar": {"securityContext": CONTAINER},
        "grafana.ini": {
            "analytics": {"check_for_updates": False, "reporting_enabled": False},
            "auth.anonymous": {"enabled": False},
            "security": {"cookie_samesite": "strict", "disable_gravatar": True},
            "users": {"allow_sign_up": False, "allow_org_create": False},
        },
    }
