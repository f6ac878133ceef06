"""Colours can be read, in both modes, on every ground they stand on."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tradewind.charts.theme import contrast, stylesheet, symbolic, tokens

MODES = ("light", "dark")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("ground", ["paper", "card"])
@pytest.mark.parametrize("text", ["ink", "muted", "brand", "red", "green", "accent"])
def test_text_has_a_contrast_of_at_least_4_5(mode: str, ground: str, text: str) -> None:
    colours = tokens(mode)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("mark", ["median", "amber", "grey"])
def test_lines_that_carry_meaning_have_a_contrast_of_at_least_3(mode: str, mark: str) -> None:
    colours = tokens(mode)
    assert contrast(colours[mark], colours["card"]) >= 3


@pytest.mark.parametrize("mode", MODES)
def test_the_two_bands_and_the_median_are_told_apart(mode: str) -> None:
    colours = tokens(mode)
    steps = [colours[k] for k in ("card", "band80", "band50", "median")]
    for lighter, darker in pairwise(steps):
        assert contrast(lighter, darker) >= 1.2


def test_both_modes_have_the_same_tokens() -> None:
    assert tokens("light").keys() == tokens("dark").keys() == symbolic().keys()
    assert len(tokens()) == stylesheet().count("--") / 2
