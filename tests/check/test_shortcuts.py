"""A property that gives a class away is told; one that varies by chance is not."""

from dataclasses import replace

import numpy as np
import pytest

from tellapart.check.catalogue import gather_evidence
from tellapart.check.finding import Evidence
from tellapart.check.shortcuts import find_shortcuts
from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.sections import ImageSpec

COUNT, CLASSES = 300, 5


@pytest.fixture(scope="module")
def plain(fashion: Dataset) -> Evidence:
    """Return what is known of real pictures, all of one size, in five classes."""
    pixels = fashion.test.take(np.arange(COUNT)).decode(ImageSpec()).pixels
    return gather_evidence(from_arrays({"train": (pixels, np.arange(COUNT) % CLASSES)}))


def with_facts(plain: Evidence, **changes: np.ndarray) -> Evidence:
    facts = replace(plain.survey.facts, **changes)  # type: ignore[arg-type]
    return Evidence(replace(plain.survey, facts=facts), plain.duplicates)


def test_a_camera_of_most_pictures_of_one_class_is_told_with_its_strength(plain: Evidence) -> None:
    generator = np.random.default_rng(0)
    has = np.where(plain.survey.targets == 2, 0.95, 0.05) > generator.random(COUNT)
    [finding] = find_shortcuts(with_facts(plain, cameras=np.where(has, "M 1", "")))
    assert "The camera gives the class 2 away" in finding.message
    assert "Cramér's V 0." in finding.message
    assert finding.severity == "problem"
    assert finding.count == int((has & (plain.survey.targets == 2)).sum())


def test_a_camera_that_one_class_has_more_often_is_a_warning(plain: Evidence) -> None:
    generator = np.random.default_rng(1)
    has = np.where(plain.survey.targets == 0, 0.6, 0.1) > generator.random(COUNT)
    [finding] = find_shortcuts(with_facts(plain, cameras=np.where(has, "M 1", "")))
    assert finding.severity == "warning"


def test_sizes_cameras_and_formats_by_chance_are_no_shortcut(plain: Evidence) -> None:
    for seed in range(30):
        generator = np.random.default_rng(seed)
        noise = with_facts(
            plain,
            widths=generator.integers(20, 24, COUNT),
            heights=generator.integers(20, 24, COUNT),
            cameras=generator.choice(["", "M 1", "M 2", "M 3"], COUNT),
            formats=generator.choice(["JPEG", "PNG"], COUNT, p=[0.8, 0.2]),
        )
        assert find_shortcuts(noise) == ()


def test_sizes_that_all_differ_are_no_shortcut_unless_one_class_has_larger_ones(
    plain: Evidence,
) -> None:
    generator = np.random.default_rng(0)
    widths = generator.integers(100, 1000, COUNT)
    assert find_shortcuts(with_facts(plain, widths=widths, heights=widths + 1)) == ()
    larger = np.where(plain.survey.targets == 4, widths * 8, widths)
    [finding] = find_shortcuts(with_facts(plain, widths=larger, heights=larger + 1))
    assert "The size gives the class 4 away" in finding.message
    assert "pixels" in finding.message


def test_a_strong_association_of_a_few_pictures_is_left_to_chance(plain: Evidence) -> None:
    few = np.zeros(COUNT, np.bool_)
    few[np.flatnonzero(plain.survey.targets == 1)[:3]] = True
    assert find_shortcuts(with_facts(plain, cameras=np.where(few, "M 1", ""))) == ()
