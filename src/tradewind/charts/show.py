"""A chart in a notebook: an option with the HTML that draws it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from tradewind.charts.base import Option


def script_json(value: object) -> str:
    """JSON that may stand inside a <script>: no tag can begin or end in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def echarts() -> str:
    """The vendored ECharts, minified."""
    return files("tradewind.charts").joinpath("assets/echarts.min.js").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Shown:
    """An option that a notebook draws by itself."""

    option: Option
    height: int = 400

    def _repr_html_(self) -> str:
        """A frame with ECharts inside: it draws in a saved notebook and without a network."""
        page = (
            '<!doctype html><meta charset="utf-8"><body style="margin:0">'
            f'<div id="c" style="height:{self.height}px"></div><script>{echarts()}</script><script>'
            'const c=echarts.init(document.getElementById("c"));'
            f"c.setOption({script_json(self.option)});"
            "addEventListener('resize',()=>c.resize())</script>"
        )
        return (
            f'<iframe srcdoc="{escape(page, quote=True)}" title="chart" '
            f'style="width:100%;height:{self.height + 8}px;border:0"></iframe>'
        )


def show(option: Option, height: int = 400) -> Shown:
    """Draw an option in a notebook; `height` in px."""
    return Shown(option, height)
