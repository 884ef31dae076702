"""All checks of rendered manifests: each yields one line a fault."""

from collections.abc import Callable, Iterator

from tests.deploy.k8s.checks import capacity, gateways, lifecycles, networks, references, restrictions
from tests.deploy.k8s.manifests import Manifests

Check = Callable[[Manifests], Iterator[str]]

CHECKS: tuple[Check, ...] = (
    references.selectors_find_pods,
    references.all_is_in_one_namespace,
    references.ports_exist,
    references.secrets_are_documented,
    references.config_maps_exist,
    references.claims_exist,
    references.volumes_are_mounted,
    references.targets_exist,
    references.monitors_find_each_pod_once,
    gateways.backends_exist,
    gateways.every_backend_is_verified,
    gateways.callers_show_certificates_to_the_pods_themselves,
    gateways.made_secrets_are_used,
    gateways.issuers_and_stores_exist,
    gateways.listeners_and_authorities_exist,
    restrictions.contexts_are_restricted,
    restrictions.commands_are_explicit,
    restrictions.no_secret_is_held,
    restrictions.tokens_are_for_vault,
    restrictions.no_origin_stands_for_all,
    networks.all_is_denied_first,
    networks.ports_are_for_their_callers,
    networks.ways_out_are_used,
    capacity.requests_are_limits,
    capacity.state_fits_memory,
    capacity.written_places_are_bounded,
    capacity.stored_state_fits_its_volume,
    capacity.uploaded_arrays_fit_their_place,
    capacity.replicas_share_limits,
    lifecycles.probes_ask_what_there_is,
    lifecycles.probes_speak_as_the_port,
    lifecycles.no_certificate_restarts_a_pod,
    lifecycles.probes_have_time,
    lifecycles.drains_have_time,
    lifecycles.updates_roll,
)
