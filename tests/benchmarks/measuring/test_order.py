from benchmarks.measuring.order import FIRST, in_order


def test_named_subjects_keep_their_order_and_the_others_follow_by_name() -> None:
    assert in_order(["zoo", "cancel", "ant", "kernel", "chain"]) == ["kernel", "chain", "cancel", "ant", "zoo"]


def test_no_subject_has_two_places() -> None:
    assert len(set(FIRST)) == len(FIRST)
