"""The command line: parses, calls a flow, and prints."""

from __future__ import annotations

import os

from tradewind.cli import terminal
from tradewind.errors import Infeasible, TradewindError, WorkspaceBusy


def main() -> None:
    """Run a command; what the user can mend is told in one line and ends with 1 or 2."""
    # Read when OpenMP is loaded: threads that spin while they wait starve whatever else runs.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from tradewind.cli.app import app

    try:
        app()
    except (WorkspaceBusy, Infeasible) as error:
        terminal.failed(str(error))
        raise SystemExit(1) from None
    except TradewindError as error:
        terminal.failed(str(error))
        raise SystemExit(2) from None
