"""An inventory that runs out now and then: what limits the sales of a synthetic shop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Floats, Ints

LONGEST = 180
"""Days: no lead time is longer."""


@dataclass(frozen=True, slots=True)
class Sourcing:
    """How N series are supplied: lead times in days, order sizes in units, all [N]."""

    lead_time_mean: Floats
    lead_time_sd: Floats
    moq: Floats
    pack_size: Floats


@dataclass(frozen=True, slots=True)
class Stocked:
    """What an inventory did.

    sales      [N, T]  min(demand, what was there)
    stock      [N, T]  on hand at the end of the day
    orders     [M, 4]  series, day placed, day of arrival, units; those that arrive after T are open
    """

    sales: Floats
    stock: Floats
    orders: Ints


def run_inventory(
    demand: Floats,
    sourcing: Sourcing,
    cover: float,
    rng: np.random.Generator,
    *,
    limited: bool = True,
) -> Stocked:
    """Serve demand from stock under daily review: at or below s, order up to S.

    The planner expects the smoothed sales of the last month; she does not see lost sales. She
    does not foresee promotions, so these run out more often, as they do in shops.

        s = expected · (L + 3 · cover),   S = s + 21 days of expected sales

    limited   False: an express delivery covers every shortfall, and sales are demand
    """
    n, steps = demand.shape
    wanted = np.nan_to_num(demand)
    sales, stock = np.zeros((n, steps)), np.zeros((n, steps))
    born = ~np.isnan(demand)
    expected = first_month(demand) + 0.02
    on_hand = np.ceil(expected * (sourcing.lead_time_mean + rng.uniform(5, 25, n)))
    on_order = np.zeros(n)
    arriving = np.zeros((LONGEST + 1, n))
    orders: list[Ints] = []
    for t in range(steps):
        slot = arriving[t % (LONGEST + 1)]
        on_hand += slot
        on_order -= slot
        slot[:] = 0
        if not limited:
            short = wanted[:, t] >= on_hand
            on_hand[short] = wanted[short, t] + sourcing.pack_size[short]
        sold = np.minimum(wanted[:, t], on_hand)
        on_hand -= sold
        sales[:, t], stock[:, t] = sold, on_hand
        in_stock = born[:, t] & ((on_hand > 0) | (sold > 0))
        expected += np.where(in_stock, (sold - expected) / 28, 0.0)
        np.maximum(expected, 0.02, out=expected)
        s = expected * (sourcing.lead_time_mean + 3 * cover)
        short_of = s + expected * 21 - on_hand - on_order
        who = np.flatnonzero(on_hand + on_order <= s)
        if len(who):
            packs = np.ceil(np.maximum(short_of[who], sourcing.moq[who]) / sourcing.pack_size[who])
            units = packs * sourcing.pack_size[who]
            drawn = rng.normal(sourcing.lead_time_mean[who], sourcing.lead_time_sd[who])
            days = np.clip(np.rint(drawn), 1, LONGEST).astype(np.int64)
            arriving[(t + days) % (LONGEST + 1), who] += units
            on_order[who] += units
            orders.append(
                np.stack([who, np.full(len(who), t), t + days, units.astype(np.int64)], axis=1)
            )
    sales[~born], stock[~born] = np.nan, np.nan
    log = np.concatenate(orders) if orders else np.zeros((0, 4), np.int64)
    return Stocked(sales, stock, log)


def first_month(demand: Floats) -> Floats:
    """Mean demand of the first 28 days of each series: the planner's first guess, [N]."""
    first = np.argmax(~np.isnan(demand), axis=1)
    days = np.minimum(first[:, None] + np.arange(28), demand.shape[1] - 1)
    out: Floats = np.nan_to_num(np.take_along_axis(demand, days, axis=1)).mean(axis=1)
    return out
