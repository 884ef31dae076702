from mfn_grpc.core.attacks import ATTACKS


def test_the_attacks_are_those_that_the_rules_are_measured_against() -> None:
    assert list(ATTACKS) == [
        "sign_flip",
        "a_little_is_enough",
        "inner_product",
        "mimic",
        "label_flip",
        "gaussian",
        "not_finite",
        "scaled",
        "colluding_copies",
        "optimised_a_little_is_enough",
        "optimised_inner_product",
    ]


def test_every_attack_has_defaults() -> None:
    assert all(kind() == kind() for kind in ATTACKS.values())
