"""The commands of docs/deployment.md, typed in their order, make what the manifests ask for."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from tests.deploy.backup.volume import BACK_UP, RESTORE
from tests.deploy.deployment_page import page
from tests.deploy.deployment_page.session import STORED, Said, Session
from tests.deploy.k8s.config_check import checked
from tests.deploy.k8s.externals import CONFIG_MAPS, SECRETS
from tests.deploy.k8s.local_pod import Pod
from tests.deploy.k8s.manifests import Manifests
from tests.deploy.k8s.rendering import VARIANTS, Rendered

NAMELESS = {"apply", "diff", "label"}
"""Verbs that take the namespace from files, or need none."""
OBJECT = re.compile(r"(?:deployment|statefulset|service|pod)/[\w-]+")
MADE_BY_CLUSTER = {"pod/mfn-federation-0", "pod/mfn-backup"}
"""By the StatefulSet, and by the page's own manifest."""


def test_every_command_succeeds(prepared: Said, finished: Said) -> None:
    assert prepared.code == 0, prepared.err
    assert finished.code == 0, f"{finished.out}{finished.err}"


def test_the_secrets_have_the_keys_that_pods_ask_for_and_no_other(prepared: Said, session: Session) -> None:
    assert prepared.code == 0, prepared.err
    assert {name: set(made) for name, made in session.secrets().items()} == SECRETS
    assert {each.name for each in (session.cluster / "configmaps").iterdir()} <= set(CONFIG_MAPS)


@pytest.mark.parametrize("overlay", ["dev", "staging", "prod"])
def test_the_table_of_secrets_says_which_overlay_needs_which(rendered: Rendered, overlay: str) -> None:
    asked: dict[str, set[str]] = {}
    for name, key, _ in rendered(overlay).secrets():
        asked.setdefault(name, set()).update({key} if key else SECRETS[name])
    column = 2 if overlay == "dev" else 3
    told: dict[str, set[str]] = {}
    for row in page.rows("Secrets", "secret"):
        if row[column] == "needed":
            told.setdefault(row[0].strip("`"), set()).update(page.CODE.findall(row[1]))
    assert told == asked


def test_every_key_that_any_rendering_names_is_in_the_table(rendered: Rendered) -> None:
    asked = {(name, key) for variant in VARIANTS for name, key, _ in rendered(variant).secrets() if key}
    told = {(row[0].strip("`"), key) for row in page.rows("Secrets", "secret") for key in page.CODE.findall(row[1])}
    assert asked <= told == {(name, key) for name, keys in SECRETS.items() for key in keys}


@pytest.mark.parametrize("name", ["mfn-simulation", "mfn-federation"])
def test_a_server_accepts_what_the_commands_made(
    rendered: Rendered, applied: Manifests, contents: dict[str, str], name: str, tmp_path: Path
) -> None:
    for place, found in {"prod": rendered("prod"), "lab": applied}.items():
        said = checked(Pod(found, name, tmp_path / place, contents).variables())
        assert (said.stdout, said.exit_code) == ("ok\n", 0), said.stderr


def test_callers_are_answered(finished: Said) -> None:
    assert finished.out.count("SERVING") == 3, finished.out
    assert "mfn.v1.SimulationService" in finished.out.split()
    assert "-89.0587 mV" in finished.out
    assert '"potential_mv": -89.05' in finished.out


def test_what_kubectl_is_told_names_what_there_is(finished: Said, applied: Manifests, session: Session) -> None:
    assert finished.code == 0, finished.err
    known = {f"{each['kind']}/{each['metadata']['name']}".lower() for each in applied.objects} | MADE_BY_CLUSTER
    calls = session.calls("kubectl") + [words for program, *words in _inline() if program == "kubectl" and words]
    named = {word for words in calls for word in words if OBJECT.fullmatch(word)}
    assert len(named) >= 4
    assert named <= known
    in_namespace = [words for words in calls if "mfn" in _after("-n", words)]
    assert [words for words in calls if words not in in_namespace and words[0] not in NAMELESS] == []


def _inline() -> list[list[str]]:
    return [shlex.split(code) for code in page.CODE.findall(page.prose()) if " -n mfn" in code]


def _after(option: str, words: list[str]) -> list[str]:
    return [word for before, word in pairwise(words) if before == option]


def test_the_labels_are_those_that_policies_look_for(prepared: Said, applied: Manifests, session: Session) -> None:
    policies = applied.of("NetworkPolicy")
    peers = [
        peer
        for policy in policies
        for rule in [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]
        for peer in rule.get("from", rule.get("to", []))
    ]
    asked = {label for peer in peers for label in peer.get("namespaceSelector", {}).get("matchLabels", {})}
    given = {words[3].split("=")[0] for words in session.calls("kubectl") if words[0] == "label"}
    assert {label for label in asked if label.startswith("mfn-grpc/")} == given
    assert prepared.code == 0


def test_the_volume_is_copied_and_put_back_by_the_commands_that_were_tried(finished: Said, session: Session) -> None:
    assert finished.code == 0, finished.err
    typed = [words[words.index("--") + 1 :] for words in session.calls("kubectl") if words[0] == "exec"]
    copied, _, restored = typed
    assert [copied, restored] == [each.format(volume="/var/lib/mfn").split() for each in (BACK_UP, RESTORE)]
    volume = session.cluster / "volume"
    assert (volume / STORED).read_bytes() == b"a model"
    assert sorted(each.name for each in volume.iterdir()) == ["federations", "lost+found"]


def test_the_image_is_built_with_arguments_that_it_has(prepared: Said, session: Session, root: Path) -> None:
    assert prepared.code == 0
    build, *others = session.calls("docker")
    dockerfile = (root / "Dockerfile").read_text(encoding="utf-8")
    names = [value.split("=")[0] for value in _after("--build-arg", build)]
    assert names
    assert all(f"ARG {name}=" in dockerfile for name in names)
    (tag,) = _after("--tag", build)
    assert [tag in words for words in others] == [True, True]
