"""The command line: parses, calls a flow, and prints."""

from __future__ import annotations

from tradewind.cli import terminal
from tradewind.errors import Infeasible, TradewindError, WorkspaceBusy


def main() -> None:
    """Run a command; what the user can mend is told in one line and ends with 1 or 2."""
    from tradewind.cli.app import app

    try:
        app()
    except (WorkspaceBusy, Infeasible) as error:
        terminal.failed(str(error))
        raise SystemExit(1) from None
    except TradewindError as error:
        terminal.failed(str(error))
        raise SystemExit(2) from None
