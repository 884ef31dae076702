"""Rendered objects, and the questions that checks ask of them."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


@dataclass(frozen=True)
class Workload:
    """A Deployment or StatefulSet of one container."""

    object: Json

    @property
    def name(self) -> str:
        return str(self.object["metadata"]["name"])

    @property
    def spec(self) -> Json:
        return dict(self.object["spec"])

    @property
    def labels(self) -> Json:
        return dict(self.spec["template"]["metadata"]["labels"])

    @property
    def pod(self) -> Json:
        return dict(self.spec["template"]["spec"])

    @property
    def container(self) -> Json:
        return dict(self.pod["containers"][0])

    @property
    def ports(self) -> dict[str, int]:
        return {port["name"]: port["containerPort"] for port in self.container["ports"]}

    @property
    def services(self) -> list[str]:
        """What `--services` says."""
        args = self.container.get("args", [])
        return str(args[args.index("--services") + 1]).split(",") if "--services" in args else []

    @property
    def variables(self) -> dict[str, Json]:
        """The variables of the container itself, not those of ConfigMaps."""
        return {each["name"]: each for each in self.container["env"]}

    @property
    def claims(self) -> dict[str, int]:
        """The bytes of each volume that outlives the pod."""
        templates = self.spec.get("volumeClaimTemplates", [])
        return {each["metadata"]["name"]: size(each["spec"]["resources"]["requests"]["storage"]) for each in templates}


class Manifests:
    """All objects of one rendering."""

    def __init__(self, objects: list[Json]) -> None:
        self.objects = objects

    def copy(self) -> "Manifests":
        """The same, free to be changed."""
        return Manifests(deepcopy(self.objects))

    @property
    def text(self) -> str:
        """The objects as programs read them: JSON, which is YAML too and quicker to write."""
        return "\n---\n".join(map(json.dumps, self.objects))

    def of(self, *kinds: str) -> list[Json]:
        """The objects of these kinds."""
        return [each for each in self.objects if each["kind"] in kinds]

    def names(self, kind: str) -> set[str]:
        """The names of the objects of a kind."""
        return {each["metadata"]["name"] for each in self.of(kind)}

    def one(self, kind: str, name: str) -> Json:
        """The object of this kind and name."""
        (found,) = [each for each in self.of(kind) if each["metadata"]["name"] == name]
        return found

    @property
    def workloads(self) -> list[Workload]:
        """What runs pods."""
        return [Workload(each) for each in self.of("Deployment", "StatefulSet")]

    def workload(self, name: str) -> Workload:
        """The one of this name."""
        (found,) = [each for each in self.workloads if each.name == name]
        return found

    def selected(self, selector: Json) -> list[Workload]:
        """The workloads whose pods have these labels; matchLabels or the plain map of a Service."""
        wanted = selector.get("matchLabels", selector)
        return [each for each in self.workloads if wanted.items() <= each.labels.items()]

    def settings(self, workload: Workload) -> dict[str, str]:
        """The variables whose values stand in the manifests: of its ConfigMaps, and its own over them."""
        found: dict[str, str] = {}
        for source in workload.container.get("envFrom", []):
            if "configMapRef" in source:
                found |= self.one("ConfigMap", source["configMapRef"]["name"])["data"]
        return found | {name: each["value"] for name, each in workload.variables.items() if "value" in each}

    def secrets(self) -> Iterator[tuple[str, str, Json]]:
        """Every reference of a pod to a secret: its name, the key (empty for all keys), the reference itself."""
        for workload in self.workloads:
            for variable in workload.container["env"]:
                if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                    yield reference["name"], reference["key"], reference
            for source in _secret_sources(workload.pod):
                for item in source.get("items", [{"key": ""}]):
                    yield source.get("secretName") or source["name"], item["key"], source


def _secret_sources(pod: Json) -> Iterator[Json]:
    for volume in pod["volumes"]:
        if "secret" in volume:
            yield volume["secret"]
        for source in volume.get("projected", {}).get("sources", []):
            if "secret" in source:
                yield source["secret"]


def size(quantity: str) -> int:
    """Bytes of a quantity such as 4Gi."""
    return int(quantity[:-2]) * UNITS[quantity[-2:]] if quantity[-2:] in UNITS else int(quantity)


def flags(command: list[str]) -> dict[str, str]:
    """The options of a probe's command; one without a value has the empty text."""
    return {name.lstrip("-"): value for name, _, value in (word.partition("=") for word in command[1:])}
