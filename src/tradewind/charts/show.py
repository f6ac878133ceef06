"""A chart in a notebook: an option with the HTML that draws it."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from tradewind.charts.base import FONT, Option
from tradewind.charts.figure import Figure
from tradewind.charts.theme import Theme, tokens

HEAD = 84
"""Room for a title and a note above a chart, px, until the frame has measured them."""


def script_json(value: object) -> str:
    """JSON that may stand inside a <script>: no tag can begin or end in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def echarts() -> str:
    """The vendored ECharts, minified."""
    return files("tradewind.charts").joinpath("assets/echarts.min.js").read_text(encoding="utf-8")


@cache
def packed() -> str:
    """The same, compressed for a notebook, which keeps it beside every chart: 0.5 MB, not 1.3."""
    return b64encode(gzip.compress(echarts().encode(), 9, mtime=0)).decode()


def coloured(value: Any, theme: Theme) -> Any:
    """An option with the colours of a theme in place of their names.

    >>> coloured({"color": ["token:card", 1]}, {"card": "#ffffff"})
    {'color': ['#ffffff', 1]}
    """
    if isinstance(value, dict):
        return {key: coloured(item, theme) for key, item in value.items()}
    if isinstance(value, list):
        return [coloured(item, theme) for item in value]
    if isinstance(value, str) and value.startswith("token:"):
        return theme[value.removeprefix("token:")]
    return value


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """A chart that a notebook draws by itself.

    option   an ECharts option with its colours
    height   of the drawing, px
    title    the finding, and `note`, how to read it; both above the drawing
    """

    option: Option
    height: int = 400
    title: str = ""
    note: str = ""
    theme: Theme = field(default_factory=tokens)

    def __repr__(self) -> str:
        """What the chart shows, for those who cannot see it."""
        text: str = self.option["aria"]["label"]["description"]
        return text

    def _repr_html_(self) -> str:
        """A frame with ECharts inside: it draws in a saved notebook and without a network."""
        head = "".join(
            f'<div style="{style}">{escape(text)}</div>'
            for text, style in (
                (self.title, f"font-weight:600;color:{self.theme['ink']}"),
                (self.note, f"color:{self.theme['muted']}"),
            )
            if text
        )
        above = HEAD if head else 0
        page = (
            f'<!doctype html><meta charset="utf-8"><style>body{{margin:0;padding:8px 16px;'
            f"background:{self.theme['card']};font:15px/1.5 {FONT}}}"
            f"#c{{height:{self.height}px;margin-top:8px}}</style>"
            f'{head}<div id="c"></div><script type="module">'
            f'const packed=Uint8Array.from(atob("{packed()}"),c=>c.charCodeAt(0));'
            'const plain=new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));'
            'const script=document.createElement("script");'
            "script.textContent=await new Response(plain).text();document.head.append(script);"
            'const chart=echarts.init(document.getElementById("c"));'
            f"chart.setOption({script_json(self.option)});"
            "const fit=()=>{if(frameElement)"
            'frameElement.style.height=document.body.offsetHeight+"px";chart.resize()};'
            'addEventListener("resize",fit);fit()</script>'
        )
        return (
            f'<iframe srcdoc="{escape(page, quote=True)}" title="{escape(repr(self), quote=True)}" '
            f'style="width:100%;height:{self.height + above + 24}px;border:0"></iframe>'
        )


def show(chart: Option | Figure, height: int = 0, title: str = "", mode: str = "light") -> Shown:
    """Draw an option, or a figure with its title and note, in a notebook.

    height   of the drawing, px; 0 for that of the figure, or 400
    title    of an option
    mode     "light" or "dark"
    """
    theme = tokens(mode)
    if isinstance(chart, Figure):
        option = coloured(chart.option, theme)
        return Shown(option, height or chart.height, chart.title, chart.note, theme)
    return Shown(coloured(chart, theme), height or 400, title, theme=theme)
