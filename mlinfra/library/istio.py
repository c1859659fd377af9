"""The release of Istio that all its charts are of: a gateway and the control plane that it asks are never apart.

Its repository stamps the versions of its charts at release; this is the newest that its announcements name.
For modules.
"""

from __future__ import annotations

from mlinfra.library.contract import Chart

_VERSION = "1.31.1"
# Of the archives, by those who keep them beside their own (deploy/dependencies.lock.json of tetral-ai/tetral at
# 01e06cbd1fda, read 2026-11-25; what it says of cert-manager's is what we know of that from its own repository). Of the
# gateway's nobody says it.
_DIGESTS = {
    ("base", "1.31.1"): "sha256:6a5f3a628e31ea03994f5c8ff44804fcec54ac1b13893f1a3f3c26340c8f2015",
    ("istiod", "1.31.1"): "sha256:d49e3ac3100e9c24efbd3a7c26e8e6dd707431f8c06f203182ba54a2e8651a74",
}


def istio_chart(name: str) -> Chart:
    """One of its charts: `base`, `istiod`, `gateway`."""
    return Chart(
        name=name,
        version=_VERSION,
        digest=_DIGESTS.get((name, _VERSION), ""),
        repository="https://istio-release.storage.googleapis.com/charts",
        app_version=_VERSION,
        source=f"https://istio.io/latest/news/releases/1.31.x/announcing-{_VERSION}/",
        looked_up="2026-11-24",
    )
