"""Decision: what we will do, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, as a key with values; the page renders it in the reader's language."""

    key: str
    values: dict[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to do.

    subject            a unique_id, or another thing that is acted on
    action             "order", "price", "recommend"
    amount, unit       how much, in `unit` (pieces, a currency code)
    expected           expected outcome by name: {"fill_rate": 0.97, "margin": 812.0}
    forecast_version   the stored forecast that it stands on
    data_digest        digest of the data that the forecast saw
    """

    subject: str
    action: str
    amount: float
    unit: str
    reason: Reason
    expected: dict[str, float] = field(default_factory=dict)
    forecast_version: str = ""
    data_digest: str = ""
