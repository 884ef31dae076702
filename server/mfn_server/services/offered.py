"""The services by their short names: their places in the contract, and the kernels that each needs."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from mfn_grpc.v1 import electrochemistry_pb2, features_pb2, federation_pb2, simulation_pb2, validation_pb2
from mfn_server.config.offering import Service
from mfn_server.kernels import Group
from mfn_server.services.electrochemistry import ElectrochemistryService
from mfn_server.services.features import FeatureService
from mfn_server.services.federation import FederationService
from mfn_server.services.simulation import SimulationService
from mfn_server.services.validation import ValidationService

if TYPE_CHECKING:
    from google.protobuf.descriptor import ServiceDescriptor

DESCRIPTORS: "Mapping[Service, ServiceDescriptor]" = {
    Service.ELECTROCHEMISTRY: electrochemistry_pb2.DESCRIPTOR.services_by_name["ElectrochemistryService"],
    Service.SIMULATION: simulation_pb2.DESCRIPTOR.services_by_name["SimulationService"],
    Service.FEATURES: features_pb2.DESCRIPTOR.services_by_name["FeatureService"],
    Service.VALIDATION: validation_pb2.DESCRIPTOR.services_by_name["ValidationService"],
    Service.FEDERATION: federation_pb2.DESCRIPTOR.services_by_name["FederationService"],
}
NEEDS: Mapping[Service, tuple[Group, ...]] = {
    Service.ELECTROCHEMISTRY: ElectrochemistryService.needs,
    Service.SIMULATION: SimulationService.needs,
    Service.FEATURES: FeatureService.needs,
    Service.VALIDATION: ValidationService.needs,
    Service.FEDERATION: FederationService.needs,
}
"""A service serves once these are compiled."""


def kernels_of(services: Collection[Service]) -> tuple[Group, ...]:
    """The kernels that a server with these services needs."""
    needed = {group for service in services for group in NEEDS[service]}
    return tuple(group for group in Group if group in needed)


def elsewhere(offered: Collection[Service]) -> dict[str, str]:
    """What callers are told of the services that are not offered here, by their full names."""
    here = ", ".join(DESCRIPTORS[service].full_name for service in offered)
    names = {service: DESCRIPTORS[service].full_name for service in Service if service not in offered}
    return {
        name: f"this server does not offer {name}: ask one whose MFN_SERVICES names {service}; this one offers {here}"
        for service, name in names.items()
    }
