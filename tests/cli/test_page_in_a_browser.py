"""The HTML page in a real browser, where there is one: its script filters, searches and follows links."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mlinfra.cli.render.plan_html import plan_html
from tests.cli import graphs, plans

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no browser is installed")

PLAN = plans.plan(*plans.DELETE_FIRST.pending(), *plans.UNKNOWN.pending(), *plans.DELETE.pending(), *plans.KEPT)


def test_the_page_filters_searches_and_lights_up_neighbours(tmp_path: Path) -> None:
    after = opened(
        tmp_path,
        """
        const seen = [];
        const shown = () => [...document.querySelectorAll("details.change:not([hidden])")].map((c) => c.id).join(" ");
        seen.push(document.querySelector("#found").textContent);
        search.value = "kms encryptionkey"; search.dispatchEvent(new Event("input")); seen.push(shown());
        search.value = ""; search.dispatchEvent(new Event("input"));
        chips[0].click(); seen.push(shown());
        document.querySelector("#close").click();
        seen.push(document.querySelectorAll("details[open]:not([hidden])").length);
        const node = document.querySelector('[data-node="cluster.control-plane"]');
        // Whether a headless window has the focus is not ours to say; the events of both are handled alike.
        node.dispatchEvent(new Event("mouseenter")); seen.push(document.querySelectorAll(".edges .lit").length);
        node.focus(); seen.push(document.activeElement === node);
        document.body.dataset.seen = seen.join("|");
        """,
    )
    found = re.search(r'data-seen="([^"]*)"', after)
    assert found is not None
    assert found.group(1).split("|") == [
        "3 of 3 shown",
        "c-cluster.control-plane",
        "c-registries.old c-cluster.control-plane",
        "0",
        "8",
        "true",
    ]


def opened(folder: Path, script: str) -> str:
    """The page's document after its own script and `script` have run."""
    page = plan_html(PLAN, {"target": "sandbox"}, graphs.cluster(1))
    path = folder / "plan.html"
    path.write_text(page.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
