"""Charts that lie on this machine as the stack names them: folders and archives."""

from __future__ import annotations

from mlinfra.core.errors import InvalidRequest
from mlinfra.providers.helm.chart import Chart, read_chart
from mlinfra.providers.helm.codes import Code
from mlinfra.providers.helm.reference import Reference


def local_chart(reference: Reference) -> Chart:
    """The folder or archive that a reference names, if it is the chart that is pinned."""
    assert reference.path is not None
    chart = read_chart(reference.path)
    if reference.version and reference.version != chart.version:
        raise InvalidRequest(
            f"{reference.chart} is version {chart.version}, not {reference.version}",
            code=Code.NO_CHART,
            hint="change the version in the stack, or the chart",
        )
    require_digest(chart, reference)
    return chart


def require_digest(chart: Chart, reference: Reference) -> None:
    """Raises `InvalidRequest` (MLI5161) where a chart is not the one that is pinned."""
    if reference.digest and reference.digest != chart.digest:
        raise InvalidRequest(
            f"{reference} is another chart than the one that is pinned: its digest is sha256:{chart.digest}, "
            f"not sha256:{reference.digest}",
            code=Code.OTHER_DIGEST,
            hint="nothing is installed of it: find out who changed it; pin the new digest only if it is to be trusted",
        )
