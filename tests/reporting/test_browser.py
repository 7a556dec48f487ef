"""The self-contained page in a real browser: all of it is shown, without errors in the console, and it fits a phone."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ablate.reporting.study.data import write
from ablate.reporting.study.page import write_report
from tests.helpers import fabricated

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"),
]

QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"),
    "--allow-file-access-from-files",  # the probe measures the page in its frame
)

PROBE = """\
<iframe id="page" src="{address}" style="width: {width}px; height: 3000px; border: 0"></iframe>
<pre id="found"></pre>
<script>
document.getElementById("page").onload = event => {{
  const page = event.target.contentDocument;
  const figures = [...page.querySelectorAll("figure svg")].map(figure => {{
    const box = figure.getBoundingClientRect();
    const text = figure.querySelector("text").getBoundingClientRect();
    return {{id: figure.id, width: box.width, height: box.height, text: text.height}};
  }});
  const root = page.documentElement;
  const found = {{figures, wide: root.scrollWidth, title: page.title, tables: page.querySelectorAll("table").length}};
  document.getElementById("found").textContent = JSON.stringify(found);
}};
</script>
"""


def opened(page: Path, width: int, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """What the browser shows of a page in a window of this width, and the lines of its console."""
    assert CHROMIUM is not None
    (folder / "probe.html").write_text(PROBE.format(address=page.as_uri(), width=width))
    command = [CHROMIUM, *QUIET, f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=10000", "--dump-dom"]
    done = subprocess.run(
        [*command, (folder / "probe.html").as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    (found,) = re.findall(r'<pre id="found">(.*?)</pre>', done.stdout)
    return json.loads(html.unescape(found)), [line for line in done.stderr.splitlines() if ":CONSOLE" in line]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = fabricated.grid_study()
    folder = tmp_path_factory.mktemp("grid")
    write(study, fabricated.fabricate(study, fabricated.grid_score), folder)
    write_report(study, folder)
    return folder / "report.html"


@pytest.mark.parametrize("width", [360, 1280])
def test_every_figure_is_shown_without_an_error(page: Path, width: int, tmp_path: Path) -> None:
    found, console = opened(page, width, tmp_path)
    assert console == []
    assert {figure["id"] for figure in found["figures"]} == {path.stem for path in (page.parent / "figures").iterdir()}
    assert all(figure["width"] > 300 and figure["height"] > 100 for figure in found["figures"])
    assert found["tables"] >= 8


def test_on_a_phone_only_boxes_scroll_and_letters_stay_readable(page: Path, tmp_path: Path) -> None:
    found, _ = opened(page, 360, tmp_path)
    assert found["wide"] <= 360
    assert all(figure["text"] > 9 for figure in found["figures"])


def test_a_page_that_reaches_for_the_network_gives_an_error(page: Path, tmp_path: Path) -> None:
    broken = page.read_text().replace("</main>", '<img src="https://example.org/a.png" alt=""></main>')
    (tmp_path / "broken.html").write_text(broken)
    _, console = opened(tmp_path / "broken.html", 360, tmp_path)
    assert any("Content Security Policy" in line for line in console)
