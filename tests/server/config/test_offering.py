"""Which services are offered, as an operator writes it."""

import pytest

from mfn_server.config.loading import load_offering, load_settings
from mfn_server.config.offering import Service
from tests.server.config.loading import KEY, loaded, refused


@pytest.mark.parametrize(
    "written",
    ["federation,simulation", '["simulation", "federation"]', " simulation ,federation, simulation"],
)
def test_services_are_told_in_any_order_and_however_often(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    found = loaded(monkeypatch, MFN_ENV="dev", MFN_SERVICES=written).services
    assert found == [Service.SIMULATION, Service.FEDERATION]


def test_all_are_offered_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, MFN_ENV="dev").services == list(Service)


def test_an_unknown_service_is_refused_and_the_known_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = refused(monkeypatch, MFN_ENV="dev", MFN_SERVICES="simulation,Federation,auth")
    assert faults == {
        "MFN_SERVICES": "'Federation', 'auth': no such service; there are electrochemistry, simulation, features, "
        "validation, federation"
    }


@pytest.mark.parametrize("written", ['[["simulation"]]', '[{"simulation": 1}]', "[7]"])
def test_what_is_no_list_of_words_is_refused(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    assert "no such service" in refused(monkeypatch, MFN_ENV="dev", MFN_SERVICES=written)["MFN_SERVICES"]


@pytest.mark.parametrize("written", ["", " , ", "[]"])
def test_a_server_without_services_is_refused(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    assert "at least one" in refused(monkeypatch, MFN_ENV="dev", MFN_SERVICES=written)["MFN_SERVICES"]


def test_what_is_given_to_the_program_goes_before_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MFN_SERVICES", "simulation")
    assert load_settings(env="dev", services="features").services == [Service.FEATURES]
    assert load_offering(services="features").services == [Service.FEATURES]
    assert load_offering().services == [Service.SIMULATION]


def test_only_those_who_give_out_resume_tokens_need_a_key_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"MFN_ENV": "prod", "MFN_TRANSPORT_SECURITY": "mesh", "MFN_API_KEY": KEY}
    assert list(refused(monkeypatch, MFN_SERVICES="simulation", **variables)) == ["MFN_RESUME_TOKEN_KEY"]
    assert loaded(monkeypatch, MFN_SERVICES="federation,features", **variables).resume_token_key is None
