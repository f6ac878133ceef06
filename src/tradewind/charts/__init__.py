"""One function a chart, used by the report, the page and the notebooks alike."""

from tradewind.charts.fan import fan_chart
from tradewind.charts.grid import grid
from tradewind.charts.learning import learning_figure
from tradewind.charts.scores import calibration_chart, error_by_step_chart, skill_chart
from tradewind.charts.show import show

__all__ = [
    "calibration_chart",
    "error_by_step_chart",
    "fan_chart",
    "grid",
    "learning_figure",
    "show",
    "skill_chart",
]
