"""A figure as SVG that can share an HTML page with others: its ids and style are its own, and it has no date."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from ablate.reporting.markup.style import report_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def svg(figure: Figure, name: str) -> str:
    """The figure as one `<svg id="name">` element."""
    root = ElementTree.fromstring(_draw(figure))
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    for element in root.iter():
        _rename(element, name)
        if element.tag == f"{{{SVG}}}style":
            element.text = f"#{name} {(element.text or '').strip()}"
    root.set("id", name)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _draw(figure: Figure) -> str:
    file = io.StringIO()
    with report_style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the reader's fonts draw the text, not ours
        figure.savefig(file, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return file.getvalue()


def _rename(element: ElementTree.Element, prefix: str) -> None:
    """Put the figure's name before the id of an element and before the ids that it refers to."""
    if "id" in element.attrib:
        element.set("id", f"{prefix}-{element.attrib['id']}")
    for key, value in element.attrib.items():
        if key == f"{{{XLINK}}}href" and value.startswith("#"):
            element.set(key, f"#{prefix}-{value[1:]}")
        elif "url(#" in value:
            element.set(key, re.sub(r"url\(#", f"url(#{prefix}-", value))
