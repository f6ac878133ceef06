"""python -m tradewind.cli"""

from __future__ import annotations

from tradewind.cli import main

main()
