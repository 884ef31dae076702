"""The transformer in scikit-learn's hands: its contract, its pipelines, its errors."""

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn._config import config_context
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks

from mfn_client import FEATURE_NAMES, InvalidArgument
from mfn_client._credentials import Credentials
from mfn_client._tls import Tls
from mfn_client.sklearn import FractalFeatures
from tests.client.backend import Seen
from tests.client.test_exported_members import imported_by

FIELDS = np.random.default_rng(6).uniform(-90, 10, (12, 6, 5))
LEVELS = (-60.0, -50.0, -40.0)

# What scikit-learn's own suite asks of any estimator without feeding it: `check_estimator` itself feeds tables
# [samples, columns] to everything else and skips estimators whose tags say, as ours do, that they take none.
APPLICABLE = (
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
)


@pytest.fixture
def features(target: str) -> Any:
    return FractalFeatures(LEVELS, server=target)


def expected(sample: Any) -> list[float]:
    """What the made-up back end measures, in canonical order."""
    history = np.asarray(sample, np.float64)
    last = history[-1] if history.ndim == 3 else history
    found: dict[str, Any] = dict.fromkeys(FEATURE_NAMES, 0.0) | {"d_box": np.nan, "f_active": np.mean(history > -50.0)}
    found |= {"v_min": last.min(), "v_max": last.max(), "v_mean": last.mean(), "v_std": last.std()}
    found["dv_mean"] = np.abs(np.diff(history, axis=0)).mean() if history.ndim == 3 else np.nan
    return [found[name] for name in FEATURE_NAMES]


def test_fields_become_a_table_in_canonical_order(features: Any) -> None:
    table = features.fit_transform(FIELDS)
    assert (table.shape, table.dtype) == ((12, 18), np.float64)
    np.testing.assert_array_equal(table, [expected(field) for field in FIELDS])
    assert features.get_feature_names_out().tolist() == list(FEATURE_NAMES)


def test_samples_may_be_histories_and_of_several_shapes(features: Any) -> None:
    samples = [FIELDS[0], FIELDS[:3, :4], FIELDS[1].astype(np.float32), [[1, 2], [3, 4]]]
    np.testing.assert_allclose(features.transform(samples), [expected(each) for each in samples], rtol=1e-13)
    np.testing.assert_allclose(features.transform(FIELDS.reshape(4, 3, 6, 5))[1], expected(FIELDS[3:6]), rtol=1e-13)


def test_it_works_in_a_pipeline_with_what_imputes_scales_and_regresses(features: Any) -> None:
    model = make_pipeline(features, SimpleImputer(keep_empty_features=True), StandardScaler(), Ridge(1e-6))
    targets = FIELDS.mean(axis=(1, 2)) * 3 + 7
    model.fit(FIELDS, targets)
    # The mean is one of the features, so that only the penalty separates prediction from target.
    np.testing.assert_allclose(model.predict(FIELDS), targets, atol=1e-3)
    assert model[:2].get_feature_names_out().tolist() == list(FEATURE_NAMES)
    assert np.isfinite(cross_val_score(model, FIELDS, targets, cv=3)).all()


def test_its_table_may_be_labelled(features: Any) -> None:
    labelled: Any = features.set_output(transform="pandas").transform(FIELDS)
    assert list(labelled.columns) == list(FEATURE_NAMES)
    np.testing.assert_array_equal(labelled["v_mean"], FIELDS.mean(axis=(1, 2)))


def test_copies_work_as_the_original_does(features: Any) -> None:
    table = features.fit_transform(FIELDS)
    for twin in (clone(features), copy.deepcopy(features), pickle.loads(pickle.dumps(features))):
        assert twin.get_params() == features.get_params()
        np.testing.assert_array_equal(twin.transform(FIELDS), table)


def test_a_row_depends_on_its_own_sample_alone_and_nothing_is_changed(features: Any, tmp_path: Path) -> None:
    table, before = features.transform(FIELDS), vars(features).copy()
    order = np.random.default_rng(1).permutation(len(FIELDS))
    np.testing.assert_array_equal(features.transform(FIELDS[order]), table[order])
    np.testing.assert_array_equal(features.transform(FIELDS[3:5]), table[3:5])
    np.save(tmp_path / "fields.npy", FIELDS)
    mapped = np.load(tmp_path / "fields.npy", mmap_mode="r")
    for same in (np.asfortranarray(FIELDS), FIELDS.tolist(), mapped):
        np.testing.assert_array_equal(features.fit(same, None).transform(same), table)
    assert vars(features) == before


@pytest.mark.parametrize("name", APPLICABLE)
def test_it_passes_what_applies_of_the_checks_of_scikit_learn(name: str) -> None:
    features: Any = FractalFeatures(LEVELS)
    getattr(estimator_checks, name)("FractalFeatures", features)  # raises when it finds a fault
    assert features.get_params() == {"thresholds": LEVELS, "server": None, "api_key": None, "tls": None}


class Talkative(FractalFeatures):
    """Sets more than it is told, which scikit-learn forbids."""

    def __init__(self, thresholds: Any = None) -> None:
        super().__init__(thresholds)
        self.extra = 1


def test_those_checks_find_an_estimator_that_breaks_their_rules() -> None:
    with pytest.raises(AssertionError, match="extra"):
        estimator_checks.check_no_attributes_set_in_init("Talkative", Talkative())


def test_scikit_learns_suite_skips_it_because_it_takes_no_tables() -> None:
    with pytest.warns(UserWarning, match="Can't test estimator FractalFeatures"):
        estimator_checks.check_estimator(FractalFeatures())


@pytest.mark.parametrize(
    ("fields", "kind", "word"),
    [
        (FIELDS[0], ValueError, r"X\[0\] has 1 axes"),
        ([], ValueError, "holds no sample"),
        ([FIELDS[0], FIELDS[None]], ValueError, r"X\[1\] has 4 axes"),
        (FIELDS * 1j, ValueError, "complex128"),
        (FIELDS > 0, ValueError, "bool"),
        (np.where(FIELDS > 0, np.nan, FIELDS), ValueError, r"X\[\d+\] holds NaN"),
        ([FIELDS[0], FIELDS[1] * np.inf], ValueError, r"X\[1\] holds NaN"),
    ],
    ids=["table", "none", "axes", "complex", "bool", "nan", "infinity"],
)
def test_what_are_no_fields_is_a_value_error(features: Any, fields: Any, kind: type[Exception], word: str) -> None:
    for method in (features.fit, features.transform, features.fit_transform):
        with pytest.raises(kind, match=word):
            method(fields)


def test_sparse_matrices_are_refused(features: Any) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="sparse"):
        features.fit(sparse.eye(3))


def test_faults_of_the_thresholds_are_told_by_the_client(target: str) -> None:
    with pytest.raises(InvalidArgument, match=r"options\.thresholds"):
        FractalFeatures(5, server=target).transform(FIELDS)  # type: ignore[arg-type]  # wrong on purpose


def test_server_and_key_may_come_from_the_environment(target: str, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MFN_SERVER", target)
    monkeypatch.setenv("MFN_API_KEY", "from outside")
    features = FractalFeatures(LEVELS)
    assert features.transform(FIELDS[:1]).shape == (1, 18)
    assert seen.metadata[0]["x-api-key"] == "from outside"
    assert b"from outside" not in pickle.dumps(features)
    assert "from outside" not in repr(features)
    FractalFeatures(LEVELS, server=target, api_key="own").transform(FIELDS[:1])  # pragma: allowlist secret
    assert seen.metadata[1]["x-api-key"] == "own"


def test_token_and_encryption_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SERVER": "example.com:1", "TOKEN": "t", "CA_FILE": "ca.pem"}.items():
        monkeypatch.setenv(f"MFN_{name}", value)
    assert FractalFeatures(LEVELS)._client()._credentials == Credentials(token="t", tls=Tls(ca_file="ca.pem"))
    own = FractalFeatures(LEVELS, api_key="own", tls=True)._client()._credentials  # pragma: allowlist secret
    assert own == Credentials(api_key="own", tls=Tls())  # pragma: allowlist secret
    monkeypatch.delenv("MFN_CA_FILE")
    monkeypatch.setenv("MFN_TLS", "1")
    assert FractalFeatures(LEVELS)._client()._credentials.tls == Tls()


def test_without_scikit_learn_the_extra_is_named() -> None:
    code = "import sys; sys.modules['sklearn'] = None\nimport mfn_client.sklearn"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError: mfn_client.sklearn needs scikit-learn" in done.stderr
    assert "pip install 'mfn-grpc[sklearn]'" in done.stderr


def test_the_client_itself_does_not_load_scikit_learn() -> None:
    assert "sklearn" not in imported_by("from mfn_client import Client; Client('localhost:1')")


def test_metadata_routing_finds_nothing_to_route(features: Any) -> None:
    with config_context(enable_metadata_routing=True):
        assert features.get_metadata_routing().fit.requests == {}
