"""Each check can fail: a small fault in a rendering is found by the check that is there for it."""

import pytest

from tests.deploy.k8s.checks.all_checks import CHECKS
from tests.deploy.k8s.mutating import Mutation
from tests.deploy.k8s.mutations import MUTATIONS
from tests.deploy.k8s.mutations_of_components import OF_COMPONENTS
from tests.deploy.k8s.rendering import Rendered

FAULTS = [*MUTATIONS, *OF_COMPONENTS]
BY_NAME = {check.__name__: check for check in CHECKS}


@pytest.mark.parametrize(
    "mutation", [pytest.param(each, id=f"{number}-{each.check}") for number, each in enumerate(FAULTS)]
)
def test_a_fault_is_found_by_its_check(rendered: Rendered, mutation: Mutation) -> None:
    found = rendered(mutation.variant)
    mutation.mutate(found)
    said = list(BY_NAME[mutation.check](found))
    assert any(mutation.said in each for each in said), said


def test_every_check_is_seen_to_fail() -> None:
    assert {each.check for each in FAULTS} == set(BY_NAME)
