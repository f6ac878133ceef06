"""One function a chart, used by the report, the page and the notebooks alike."""
