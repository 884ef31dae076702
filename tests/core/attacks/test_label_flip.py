import numpy as np

from mfn_grpc.core.attacks import LabelFlip


def test_labels_are_counted_from_the_other_end() -> None:
    assert LabelFlip().labels([0, 1, 9, 4], 10).tolist() == [9, 8, 0, 5]


def test_flipping_twice_changes_nothing() -> None:
    labels = np.arange(7)
    assert np.array_equal(LabelFlip().labels(LabelFlip().labels(labels, 7), 7), labels)
