"""Every check is declared in full, under one name, and each suite holds what it should."""

import math
import re

import pytest

from mfn_grpc.core.validation import OFFERED_SUITES, CheckSpec, Relation, Suite, checks_of

ALL = checks_of(Suite.ALL)
SUBJECTS = [suite for suite in OFFERED_SUITES if suite not in {Suite.QUICK, Suite.ALL}]
each_check = pytest.mark.parametrize("check", ALL, ids=lambda check: check.name)


def test_the_suites_are_those_that_this_engine_can_check() -> None:
    assert OFFERED_SUITES == (
        Suite.QUICK,
        Suite.PHYSICS,
        Suite.REACTION_DIFFUSION,
        Suite.FRACTAL,
        Suite.DYNAMICS,
        Suite.AGGREGATION,
        Suite.LEARNING,
        Suite.ALL,
    )
    assert all(checks_of(suite) for suite in OFFERED_SUITES)


def test_every_suite_is_offered() -> None:
    assert set(OFFERED_SUITES) == set(Suite)


def test_all_is_every_subject_in_turn() -> None:
    assert tuple(check for suite in SUBJECTS for check in checks_of(suite)) == ALL


@pytest.mark.parametrize("suite", SUBJECTS)
def test_a_check_belongs_to_the_suite_that_holds_it(suite: Suite) -> None:
    assert {check.suite for check in checks_of(suite)} == {suite}


def test_quick_holds_checks_of_every_subject_in_the_order_of_all() -> None:
    quick = checks_of(Suite.QUICK)
    assert {check.suite for check in quick} == set(SUBJECTS)
    assert [check for check in ALL if check.in_quick] == list(quick)


def test_no_two_checks_share_a_name() -> None:
    assert len({check.name for check in ALL}) == len(ALL)


@each_check
def test_a_check_is_declared_in_full(check: CheckSpec) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", check.name)
    assert math.isfinite(check.expected)
    assert math.isfinite(check.tolerance)
    assert check.tolerance >= 0
    assert check.unit
    assert len(check.why_this_tolerance) > 5
    assert len(check.reference) > 10
    assert isinstance(check.relation, Relation)


@each_check
def test_a_description_is_one_sentence_that_a_table_can_hold(check: CheckSpec) -> None:
    assert check.description.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", check.description)
    texts = (check.description, check.why_this_tolerance, check.reference, check.unit)
    assert not any("|" in text.replace("ln|det|", "") or "\n" in text for text in texts)
