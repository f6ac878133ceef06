"""Event: what was done, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One action and its outcome, with the probability of having taken that action.

    propensity   probability with which the acting policy chose this action, in (0, 1]
    outcome      what was observed afterwards, in `unit`; None until it is known
    """

    at: datetime
    subject: str
    action: str
    propensity: float
    outcome: float | None = None
    unit: str = ""
    context: dict[str, float | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.propensity <= 1:
            raise ValueError(f"propensity must lie in (0, 1], it is {self.propensity}")
