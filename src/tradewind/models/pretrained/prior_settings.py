"""Rates and sizes of the synthetic world: the settings of the prior."""

from __future__ import annotations

from dataclasses import dataclass

Pair = tuple[float, float]

FAMILIES = ("hour", "day", "week", "month", "quarter", "year", "other")
"""Frequencies; `other` has any season of 2 to 60 steps and no dates."""
HOUR, DAY, WEEK, MONTH, QUARTER, YEAR, OTHER = range(7)


@dataclass(frozen=True, slots=True)
class Prior:
    """What synthetic shops are like. Shares and chances are in [0, 1].

    Sizes are on the logarithm of mean sales unless they say otherwise. (a, b) is a range to draw
    from uniformly, Normal(a, b) of a logarithm ("log-normal"), or shape and scale ("gamma").

    families            chances of the FAMILIES where a series has up to 400 steps
    short_families      the same for up to 200 steps: coarse frequencies have no more
    long_families       the same for longer ones
    siblings            range of the number of series of a group
    kinship             range of the share of variance that siblings have in common

    trend               factor on slopes and on the wandering of level; 0 for none
    damped              chance that a slope dies out
    growing             chance that the slope of weeks and coarser series points up
    breaks              twice the chance of each of three changes of level, Normal(0, break_size);
                        half of them pass
    life_cycles         chance of a bell-shaped life; declines: of fading out to the end
    launches            share of groups in which launch_share of the series start late
    zeros_before        share of those groups whose books hold zeros before the launch, not gaps

    season              chance of a main season; its log-normal size is season_size
    second_season       chance of a yearly season of days and weeks, or a weekly one of hours
    second_size         its log-normal size
    part_year           share of daily and weekly groups that sell in a part of the year only
    drift               chance that a season grows or shrinks over the span
    paydays             share of daily and hourly groups with a bump around paydays

    shops               share of hourly, daily and weekly groups (no additive ones) that close on
                        known dates
    renovations         chance that a series of such a group is shut for weeks
    holidays            share of groups that keep holidays; moving: share of those that move
    holiday_closing     chance that a shop is shut on a given holiday
    holiday_size        gamma, of the effect; holiday_down: chance that it is negative

    price               share of groups with a price
    elasticity          gamma, of minus the elasticity; price_inert: chance that it is 0
    price_step          standard deviation of a price change; everyday: chance of daily variation
    price_shown         chance that the price is among the covariates

    promotion           share of groups with promotions
    promotion_rate      log-uniform range of the chance that one starts at a step
    promotion_days      range of their length in days (weekly: one to four weeks)
    uplift              gamma, of the effect; depth: range of the price cut, a share
    fading              share of groups where the effect wears off; dip: chance of a dip afterwards
    cuts                share of groups whose promotions lower the price
    idle                share of groups whose promotions work by the price alone, if at all
    promotion_shown     chance that promotions are among the covariates
    alternating         share of groups with a fixed cycle of weeks, on and off
    cannibals           share of groups where a sibling's promotion lowers (or raises) sales
    adverts             share of groups with advertising that works for some time

    generics            mean number of generic covariates; generic_effect: chance that one matters
    late_columns        chance that a column is empty before some date
    competitors         share of priced groups with a competitor's price
    views               share of groups with a noisy signal of demand, seen afterwards

    noise               log-normal standard deviation; autocorrelated, heavy_tails: chances
    shocks              chance of surprises that a group shares
    level               log-normal mean sales; additive: share of additive groups
    counts              chance of small counts; count_level: their log-normal mean
    zero_inflated       chance of extra zeros among counts; zeros: range of their share
    rounded             chance that other sales are whole numbers
    returns, outliers   chances that a series has a few
    stockouts           chance that a series runs out; flagged: share of spells that are known
    availability        share of groups that tell afterwards how well they were stocked
    gaps, missing_runs  chances of scattered and of long gaps
    static              share of groups with static features
    """

    families: tuple[float, ...] = (0.06, 0.42, 0.24, 0.12, 0.05, 0.02, 0.09)
    short_families: tuple[float, ...] = (0.03, 0.30, 0.23, 0.22, 0.12, 0.04, 0.06)
    long_families: tuple[float, ...] = (0.13, 0.55, 0.21, 0.02, 0.0, 0.0, 0.09)
    siblings: tuple[int, int] = (8, 16)
    kinship: Pair = (0.2, 0.95)

    trend: float = 1.0
    damped: float = 0.6
    growing: float = 0.75
    breaks: float = 0.25
    break_size: float = 0.5
    life_cycles: float = 0.1
    declines: float = 0.05
    launches: float = 0.25
    launch_share: float = 0.4
    zeros_before: float = 0.25

    season: float = 0.85
    season_size: Pair = (-1.2, 0.8)
    second_season: float = 0.65
    second_size: Pair = (-1.3, 0.7)
    part_year: float = 0.04
    drift: float = 0.25
    paydays: float = 0.2

    shops: float = 0.35
    renovations: float = 0.08
    holidays: float = 0.65
    moving: float = 0.45
    holiday_closing: float = 0.5
    holiday_size: Pair = (2.0, 0.3)
    holiday_down: float = 0.3

    price: float = 0.5
    elasticity: Pair = (2.0, 0.9)
    price_inert: float = 0.15
    price_step: float = 0.12
    everyday: float = 0.35
    price_shown: float = 0.85

    promotion: float = 0.6
    promotion_rate: Pair = (0.01, 0.12)
    promotion_days: tuple[int, int] = (1, 14)
    uplift: Pair = (2.0, 0.3)
    depth: Pair = (0.05, 0.5)
    fading: float = 0.3
    dip: float = 0.4
    cuts: float = 0.6
    idle: float = 0.12
    promotion_shown: float = 0.9
    alternating: float = 0.2
    cannibals: float = 0.3
    adverts: float = 0.15

    generics: float = 1.4
    generic_effect: float = 0.35
    late_columns: float = 0.06
    competitors: float = 0.3
    views: float = 0.12

    noise: Pair = (-2.0, 1.1)
    autocorrelated: float = 0.6
    heavy_tails: float = 0.3
    shocks: float = 0.4
    level: Pair = (3.0, 2.0)
    additive: float = 0.18
    counts: float = 0.35
    count_level: Pair = (0.9, 1.6)
    zero_inflated: float = 0.4
    zeros: Pair = (0.0, 0.7)
    rounded: float = 0.3
    returns: float = 0.04
    outliers: float = 0.1
    stockouts: float = 0.1
    flagged: float = 0.5
    availability: float = 0.06
    gaps: float = 0.12
    missing_runs: float = 0.08
    static: float = 0.5
