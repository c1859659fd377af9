"""The release of Istio that all its charts are of: a gateway and the control plane that it asks are never apart.

Its repository stamps the versions of its charts at release; this is the newest that its announcements name.
For modules.
"""

from __future__ import annotations

from mlinfra.library.contract import Chart

_VERSION = "1.31.1"


def istio_chart(name: str) -> Chart:
    """One of its charts: `base`, `istiod`, `gateway`."""
    return Chart(
        name=name,
        version=_VERSION,
        repository="https://istio-release.storage.googleapis.com/charts",
        app_version=_VERSION,
        source=f"https://istio.io/latest/news/releases/1.31.x/announcing-{_VERSION}/",
        looked_up="2026-11-24",
    )
