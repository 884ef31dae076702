"""The credential of a call."""

import pytest

from mfn_server.access.authenticator import Refused
from mfn_server.access.presented import presented
from tests.server.access.calls import call_with


def test_it_may_be_sent_either_way() -> None:
    assert presented(call_with(x_api_key="k")) == "k"
    assert presented(call_with(authorization="Bearer k")) == "k"
    assert presented(call_with(authorization="bearer k")) == "k"


def test_one_that_is_sent_both_ways_is_one() -> None:
    assert presented(call_with(x_api_key="k", authorization="Bearer k")) == "k"


def test_two_different_ones_are_refused_because_nobody_knows_which_is_meant() -> None:
    with pytest.raises(Refused, match="two different credentials"):
        presented(call_with(x_api_key="k", authorization="Bearer l"))


@pytest.mark.parametrize("value", ["", "k", "Basic k", "Bearer", "BearerX k"])
def test_another_scheme_is_refused(value: str) -> None:
    with pytest.raises(Refused, match="Bearer"):
        presented(call_with(authorization=value))


def test_an_empty_one_is_one_and_none_is_none() -> None:
    assert presented(call_with(x_api_key="")) == ""
    assert presented(call_with()) is None
