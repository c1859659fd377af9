"""The charts that came before those that our contracts name: what somebody has who applied us some weeks ago.

Laid into a project as modules of its own, which stand in for ours as anybody's do: copies of ours, with these versions.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import mlinfra.library.istio
from mlinfra.library.folders import bundled_modules
from mlinfra.library.library import Library

# The release before, by chart: as the index of its repository lists it (its gh-pages branch, read 2026-11-24), or,
# where it publishes none, its tags and announcements.
FORMER = {
    "aws-load-balancer-controller": "3.4.3",
    "base": "1.31.0",  # istio.io/latest/news/releases/1.31.x
    "cert-manager": "v1.21.1",  # github.com/cert-manager/cert-manager/releases
    "cluster-autoscaler": "9.58.0",
    "dcgm-exporter": "4.8.1",
    "fluent-bit": "0.58.0",
    "flyte-binary": "v2.0.41",
    "gateway": "1.31.0",
    "istiod": "1.31.0",
    "keda": "2.20.1",
    "kserve-crd": "v0.19.0",  # github.com/kserve/kserve, tags
    "kserve-resources": "v0.19.0",
    "kserve-runtime-configs": "v0.19.0",
    "kube-prometheus-stack": "88.5.2",  # github.com/prometheus-community/helm-charts, tags
    "metrics-server": "3.13.0",
    "mlflow": "1.11.4",
    "nvidia-device-plugin": "0.19.3",
}
_ISTIO = Path(mlinfra.library.istio.__file__)


def lay_former_charts(folder: Path) -> None:
    """Lay the modules with these charts into `folder`, which must be taken away again to have ours."""
    for module in Library.find((bundled_modules(),)).modules.values():
        charts = module.contract.every_chart if module.contract is not None else ()
        versions = {chart.version: FORMER[chart.name] for chart in charts if chart.name in FORMER}
        if versions:
            _lay(module.folder, folder / module.folder.name, versions)


def _lay(ours: Path, copy: Path, versions: dict[str, str]) -> None:
    copy.mkdir(parents=True)
    for file in ours.glob("*"):
        if file.is_file():
            text = file.read_text().replace("from mlinfra.library.istio import", "from .istio_charts import")
            (copy / file.name).write_text(_before(text, versions))
    (copy / "istio_charts.py").write_text(_before(_ISTIO.read_text(), versions))


def _before(text: str, versions: dict[str, str]) -> str:
    """With each version replaced by the one before, and without the digest, which is not that one's."""
    for now, before in versions.items():
        text = re.sub(rf'(\b_?VERSION = |\bversion=)"{re.escape(now)}"', rf'\g<1>"{before}"', text)
        text = re.sub(rf'(\bversion="{re.escape(before)}",)\s*digest="sha256:\w+",', r"\g<1>", text)
    return text


def forget_former_charts(folder: Path) -> None:
    """Take them away again."""
    shutil.rmtree(folder)
