"""The registry: whole versions or none, promotion, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tradewind.errors import DataError, UnknownName
from tradewind.store import Registry, Version, Workspace

NAME = "units-W"


def version(day: int = 1) -> Version:
    return Version(
        NAME, 0, datetime(2026, 3, day), "SeasonalNaive()", {"h": 8}, "d1", {"WAPE": 0.4}
    )


def write(folder: Path) -> None:
    (folder / "weights.txt").write_text("3")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with Workspace(tmp_path) as shop:
        yield shop.registry


def add(registry: Registry, count: int) -> None:
    for day in range(1, count + 1):
        registry.add(version(day), write)


def test_versions_count_up_and_keep_their_files(registry: Registry) -> None:
    add(registry, 2)
    assert [v.version for v in registry.versions(NAME)] == [1, 2]
    assert (registry.folder(NAME, 2) / "weights.txt").read_text() == "3"
    assert registry.find(NAME).version == 2  # the newest where none is promoted
    assert registry.find(NAME, 1).metrics == {"WAPE": 0.4}


def test_a_version_that_fails_half_way_is_not_there(registry: Registry) -> None:
    def half(folder: Path) -> None:
        write(folder)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        registry.add(version(), half)
    assert registry.versions() == []
    assert [p.name for p in registry.root.iterdir()] == []


def test_rolling_back_promotes_the_one_before_step_by_step(registry: Registry) -> None:
    add(registry, 3)
    same_moment = datetime(2026, 4, 1)
    for number in (1, 3, 2):
        assert registry.promote(NAME, number, same_moment).version == number
    assert registry.rollback(NAME).version == 3
    assert registry.rollback(NAME).version == 1
    with pytest.raises(DataError, match="no version that was promoted before"):
        registry.rollback(NAME)
    assert registry.find(NAME).version == 1


def test_the_promoted_version_cannot_be_deleted(registry: Registry) -> None:
    add(registry, 2)
    registry.promote(NAME, 2, datetime(2026, 4, 1))
    with pytest.raises(DataError, match="is promoted"):
        registry.delete(NAME, 2)
    registry.delete(NAME, 1)
    assert [v.version for v in registry.versions(NAME)] == [2]
    assert not registry.folder(NAME, 1).exists()


def test_what_is_not_there_is_named(registry: Registry) -> None:
    with pytest.raises(UnknownName, match="no model 'x'; there are none yet"):
        registry.find("x")
    add(registry, 1)
    with pytest.raises(UnknownName, match=r"no version 7; there are \[1\]"):
        registry.promote(NAME, 7, datetime(2026, 4, 1))
    with pytest.raises(DataError, match="must be letters"):
        registry.add(Version("../x", 0, datetime(2026, 1, 1), "", {}, ""), write)


def test_folders_without_a_row_are_told(registry: Registry) -> None:
    add(registry, 1)
    (registry.root / ".writing-abc").mkdir()
    (registry.root / NAME / "9").mkdir()
    assert [p.name for p in registry.leftovers()] == [".writing-abc", "9"]
