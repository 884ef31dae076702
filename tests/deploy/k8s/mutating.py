"""What a fault is, and how one is put into a rendering."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.deploy.k8s.manifests import Json, Manifests

GONE = object()


class Mutation(NamedTuple):
    """A fault. check: the name of the one that finds it. variant: what is rendered. said: a part of what it says."""

    check: str
    variant: str
    said: str
    mutate: Callable[[Manifests], None]


def setting(object_: tuple[str, str], path: str, value: Any = GONE) -> Callable[[Manifests], None]:
    """Set what stands at the path of an object, or take it away; a number in the path is a place in a list."""

    def mutate(found: Manifests) -> None:
        *way, last = path.split(".") if "|" not in path else path.split("|")
        place: Any = found.one(*object_)
        for step in way:
            place = place[int(step) if isinstance(place, list) else step]
        key = int(last) if isinstance(place, list) else last
        if value is GONE:
            del place[key]
        else:
            place[key] = value

    return mutate


def without(kind: str, name: str) -> Callable[[Manifests], None]:
    """Without this object."""
    return lambda found: found.objects.remove(found.one(kind, name))


def with_object(object_: Json) -> Callable[[Manifests], None]:
    """With an object more."""
    return lambda found: found.objects.append(object_)


def without_variable(name: str) -> Callable[[Manifests], None]:
    """Without this variable of every workload."""

    def mutate(found: Manifests) -> None:
        for workload in found.workloads:
            environment = workload.container["env"]
            environment[:] = [each for each in environment if each["name"] != name]

    return mutate


def with_setting(name: str, value: str) -> Callable[[Manifests], None]:
    """With this setting for every workload."""

    def mutate(found: Manifests) -> None:
        (settings,) = (each for each in found.of("ConfigMap") if each["metadata"]["name"].startswith("mfn-config"))
        settings["data"][name] = value

    return mutate
