"""The HTML page in a real browser, where there is one: it works, can be read in both schemes, and fetches nothing."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from mlinfra.cli.render.html import page_html
from mlinfra.cli.render.plan_html import plan_html
from tests.cli import graphs, plans
from tests.cli.feared import ABOUT, planned

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no chromium or google-chrome is installed: the page is not looked at in a browser"
)

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


# Every text with less contrast than WCAG 2.2 asks for (1.4.3: 4.5 to 1), by what it says. Colours are computed ones;
# those of SVG texts are their fill, and what lies below them is the rectangle of their node or box.
CONTRAST = """
const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
const rgb = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return canvas.getImageData(0, 0, 1, 1).data; };
const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
  .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const below = (element) => {
  if (element instanceof SVGElement) {
    return rgb(getComputedStyle(element.parentElement.querySelector("rect") ?? element.previousElementSibling).fill);
  }
  for (let at = element; at; at = at.parentElement) {
    const colour = rgb(getComputedStyle(at).backgroundColor);
    if (colour[3] === 255) return colour;
  }
  return [255, 255, 255];
};
const texts = [...document.querySelectorAll("body *:not(script)")].filter((element) => element.checkVisibility() &&
  [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
const faint = texts.filter((element) => {
  const style = getComputedStyle(element);
  const [a, b] = [light(rgb(element instanceof SVGElement ? style.fill : style.color)), light(below(element))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
}).map((element) => element.textContent.slice(0, 30));
"""
# What can be reached by keyboard, and whether it says what it is; ids that stand twice; what was fetched.
REACH = """
const reached = [...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")];
const nameless = reached.filter((element) =>
  !(element.ariaLabel || element.labels?.length || element.textContent.trim()));
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
const lost = [...document.querySelectorAll("a[href^='#']")]
  .filter((link) => !document.getElementById(link.getAttribute("href").slice(1)));
const fetched = performance.getEntriesByType("resource").map((entry) => entry.name);
const wide = document.documentElement.scrollWidth > innerWidth ? [document.documentElement.scrollWidth] : [];
"""


@pytest.mark.parametrize("name", ["half-of-it-gone", "another-address-range", "another-tag"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_reached_and_named_and_nothing_is_fetched(
    scheme: str, name: str, tmp_path: Path
) -> None:
    plan, graph = planned(name)
    report = """
        const seen = {dark: matchMedia("(prefers-color-scheme: dark)").matches, texts: texts.length > 40,
          faint, nameless: nameless.length, twice, lost: lost.length, fetched, wide};
        document.body.dataset.seen = btoa(unescape(encodeURIComponent(JSON.stringify(seen))));
    """
    page = plan_html(plan, ABOUT, graph)
    # Preferred schemes as Blink counts them: 0 is dark, 1 is light.
    options = [f"--blink-settings=preferredColorScheme={int(scheme == 'light')}", "--window-size=700,900"]
    after = opened(tmp_path, CONTRAST + REACH + report, page, options)
    found = re.search(r'data-seen="([^"]*)"', after)
    assert found is not None
    assert json.loads(base64.b64decode(found[1])) == {
        "dark": scheme == "dark",
        "texts": True,
        "faint": [],
        "nameless": 0,
        "twice": [],
        "lost": 0,
        "fetched": [],
        "wide": [],
    }


def test_the_test_sees_faint_and_nameless_things(tmp_path: Path) -> None:
    bad = '<p style="color:#bbb;background:#fff">faint words</p><button></button><i id="x"></i><i id="x"></i>'
    report = "document.body.dataset.seen = [faint.join(), nameless.length, twice.join()].join('|');"
    after = opened(tmp_path, CONTRAST + REACH + report, page_html("bad", bad), [])
    assert 'data-seen="faint words|1|x"' in after


def opened(folder: Path, script: str, page: str = "", options: Sequence[str] = ()) -> str:
    """The page's document after its own script and `script` have run."""
    page = page or plan_html(PLAN, {"target": "sandbox"}, graphs.cluster(1))
    path = folder / "plan.html"
    path.write_text(page.replace("</body>", f"<script>{{{script}}}</script></body>"), encoding="utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", *options, "--dump-dom", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
