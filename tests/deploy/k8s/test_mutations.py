"""Each check can fail: a small fault in a rendering is found by the check that is there for it."""

import pytest

from tests.deploy.k8s.checks.every import CHECKS
from tests.deploy.k8s.conftest import Rendered
from tests.deploy.k8s.mutations import MUTATIONS, Mutation

BY_NAME = {check.__name__: check for check in CHECKS}


@pytest.mark.parametrize(
    "mutation", [pytest.param(each, id=f"{number}-{each.check}") for number, each in enumerate(MUTATIONS)]
)
def test_a_fault_is_found_by_its_check(rendered: Rendered, mutation: Mutation) -> None:
    found = rendered(mutation.variant)
    mutation.mutate(found)
    assert list(BY_NAME[mutation.check](found))


def test_every_check_is_seen_to_fail() -> None:
    assert {each.check for each in MUTATIONS} == set(BY_NAME)
