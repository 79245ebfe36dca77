"""Wrong labels that were planted are found, and their number is estimated."""

import numpy as np

from tellapart.evaluate.suspects import find_suspects

NAMES = ("ant", "bee", "cow", "dog", "elk")
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


def _simulate(samples: int, wrong: int, seed: int = 0) -> Arrays:
    """Return true classes, labels with some wrong ones, and answers of a good network."""
    generator = np.random.default_rng(seed)
    true = generator.integers(0, len(NAMES), samples)
    logits = generator.normal(0, 1, (samples, len(NAMES)))
    logits[np.arange(samples), true] += 5
    answers = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = true.copy()
    where = generator.permutation(samples)[:wrong]
    labels[where] = (labels[where] + generator.integers(1, len(NAMES), wrong)) % len(NAMES)
    return true, labels, answers


def test_planted_wrong_labels_are_nearly_all_found_with_their_true_class_and_counted() -> None:
    true, labels, answers = _simulate(5000, 250)
    found = find_suspects(labels, answers, NAMES, most=250)
    chosen = np.array([one.index for one in found.suspects])
    assert (labels[chosen] != true[chosen]).mean() > 0.95
    assert np.mean([NAMES[true[one.index]] == one.proposed for one in found.suspects]) > 0.93
    assert 200 < found.estimate < 300
    assert found.share == found.estimate / 5000
    assert "About" in str(found)


def test_right_labels_of_a_sure_network_leave_no_suspect() -> None:
    true, _, answers = _simulate(500, 0)
    sure = (answers**20) / (answers**20).sum(axis=1, keepdims=True)
    right = sure.argmax(axis=1) == true
    found = find_suspects(true[right], sure[right], NAMES, most=500)
    assert found.suspects == ()
    assert found.estimate == 0


def test_suspects_come_worst_first_by_rank_and_are_as_many_as_estimated() -> None:
    _, labels, answers = _simulate(2000, 150)
    found = find_suspects(labels, answers, NAMES)
    scores = [one.score for one in found.suspects]
    assert scores == sorted(scores)
    assert [one.rank for one in found.suspects] == list(range(1, len(scores) + 1))
    assert len(scores) <= found.estimate
    assert all(one.given_probability < one.proposed_probability for one in found.suspects)


def test_labels_that_somebody_has_looked_at_are_no_suspects() -> None:
    _, labels, answers = _simulate(2000, 150)
    before = find_suspects(labels, answers, NAMES, most=100)
    settled = np.zeros(2000, np.bool_)
    settled[[one.index for one in before.suspects[:40]]] = True
    after = find_suspects(labels, answers, NAMES, most=60, settled=settled)
    assert [one.index for one in after.suspects] == [one.index for one in before.suspects[40:]]


def test_noise_between_two_classes_is_said_of_these() -> None:
    true, _, answers = _simulate(4000, 0)
    labels = true.copy()
    ants = np.flatnonzero(true == 0)[:200]
    labels[ants] = 3
    found = find_suspects(labels, answers, NAMES)
    dogs = found.classes[3]
    assert dogs.mostly == "ant"
    assert 120 < dogs.wrong < 240
    assert max(one.wrong for one in found.classes if one.name != "dog") < 20
