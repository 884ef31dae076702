"""What must hold between settings. Each check is told of all settings and yields faults: a setting and a sentence."""

import platform
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from mfn_server.config.addresses import is_loopback
from mfn_server.config.environments import Environment
from mfn_server.config.listening import ClientAuthentication, TransportSecurity
from mfn_server.config.offering import Service
from mfn_server.config.placeholders import is_placeholder
from mfn_server.config.secret_values import MAKE_ONE, SEVERAL, made_up, values_in
from mfn_server.config.tls_files import authority_faults, server_faults

if TYPE_CHECKING:
    from mfn_server.config.settings import Settings

Told = Iterator[tuple[str, str]]
SHARED = "is the same secret as MFN_{other}: who learns one has both; {remedy}"
SHARED_OUT = {
    "max_running": 1,
    "max_streams": 1,
    "max_streams_per_principal": 1,
    "max_state_bytes": 2**20,
    "aggregate_spool_bytes": 2**20,
}
"""What is divided among workers, and the least that one can work with."""
MESH = "MFN_TRANSPORT_SECURITY=mesh if a proxy in front encrypts and nothing else reaches the port"


def faults(settings: "Settings", faulty: Collection[str]) -> list[tuple[str, str]]:
    """The faults that all checks find; one that asks for a setting which is faulty by itself finds nothing more."""
    valid = cast("Settings", _Valid(settings, faulty))
    found: list[tuple[str, str]] = []
    for check in CHECKS:
        try:
            found.extend(check(valid))
        except _ToldAlready:
            continue
    return found


class _ToldAlready(Exception):
    """A check asked for a setting that is faulty by itself."""


class _Valid:
    """The settings, as far as they are valid."""

    def __init__(self, settings: "Settings", faulty: Collection[str]) -> None:
        self._settings, self._faulty = settings, faulty

    def __getattr__(self, name: str) -> Any:
        if name in self._faulty:
            raise _ToldAlready
        return getattr(self._settings, name)


def _loopback_is_for_dev(settings: "Settings") -> Told:
    if settings.transport_security is TransportSecurity.LOOPBACK and settings.env is not Environment.DEV:
        yield (
            "transport_security",
            f"loopback is refused in {settings.env}: set tls with MFN_TLS_CERT_FILE and MFN_TLS_KEY_FILE, or {MESH}",
        )


def _unencrypted_stays_here(settings: "Settings") -> Told:
    if settings.transport_security is TransportSecurity.LOOPBACK and not is_loopback(settings.host):
        yield (
            "host",
            "must be a loopback address with MFN_TRANSPORT_SECURITY=loopback: set 127.0.0.1, or tls or mesh there",
        )


def _strangers_stay_out(settings: "Settings") -> Told:
    if not (is_loopback(settings.host) or settings.api_key_required or _known_callers(settings)):
        yield (
            "host",
            (
                f"is {settings.host}, from where anybody could call everything: set 127.0.0.1, or a credential "
                "to ask for, such as MFN_API_KEY, with MFN_API_KEY_REQUIRED=true"
            ),
        )


def _known_callers(settings: "Settings") -> bool:
    """Whether callers are told apart by anything."""
    return any(_credentials(settings)) or settings.tls_client_auth is ClientAuthentication.REQUIRED


def _credentials(settings: "Settings") -> tuple[object, ...]:
    return settings.api_key, settings.api_keys_file, settings.jwt_jwks_file, settings.client_identities


def _tls_has_its_files(settings: "Settings") -> Told:
    if settings.transport_security is not TransportSecurity.TLS:
        return
    for name in ("tls_cert_file", "tls_key_file"):
        if getattr(settings, name) is None:
            yield name, f"is required with MFN_TRANSPORT_SECURITY=tls: name a PEM file, or set {MESH}"


def _tls_files_hold(settings: "Settings") -> Told:
    if settings.transport_security is TransportSecurity.TLS and settings.tls_cert_file and settings.tls_key_file:
        yield from server_faults(settings.tls_cert_file, settings.tls_key_file)


def _client_certificates_are_checked(settings: "Settings") -> Told:
    if settings.tls_client_auth is not ClientAuthentication.REQUIRED:
        return
    if settings.transport_security is not TransportSecurity.TLS:
        yield "tls_client_auth", "required needs MFN_TRANSPORT_SECURITY=tls: nobody shows this server a certificate"
    if settings.tls_client_ca_file is None:
        yield "tls_client_ca_file", "is required with MFN_TLS_CLIENT_AUTH=required: name a PEM file of authorities"


def _authorities_hold(settings: "Settings") -> Told:
    if settings.tls_client_ca_file is not None:
        yield from authority_faults(settings.tls_client_ca_file)


def _identities_are_asked_for(settings: "Settings") -> Told:
    if settings.client_identities and settings.tls_client_auth is not ClientAuthentication.REQUIRED:
        yield "client_identities", "needs MFN_TLS_CLIENT_AUTH=required and MFN_TLS_CLIENT_CA_FILE: nobody is asked"


def _proxies_are_named(settings: "Settings") -> Told:
    if settings.trust_proxy_headers and not settings.trusted_proxies:
        yield (
            "trusted_proxies",
            "is required with MFN_TRUST_PROXY_HEADERS=true: name the proxies' networks, for instance 10.0.0.0/8",
        )


def _ports_differ(settings: "Settings") -> Told:
    if settings.metrics_port and settings.metrics_port == settings.port:
        yield "metrics_port", f"is MFN_PORT, {settings.port}, too: give each its own"


def _somebody_may_call(settings: "Settings") -> Told:
    if settings.api_key_required and not any(_credentials(settings)):
        yield (
            "api_key_required",
            (
                "is true, but there is no credential to accept: set MFN_API_KEY, MFN_API_KEYS_FILE with "
                "MFN_API_KEY_PEPPER, MFN_JWT_JWKS_FILE or MFN_CLIENT_IDENTITIES"
            ),
        )


def _keys_file_has_its_pepper(settings: "Settings") -> Told:
    if settings.api_keys_file and settings.api_key_pepper is None:
        yield (
            "api_key_pepper",
            f"is required with MFN_API_KEYS_FILE: set the one the keys were made with, or {MAKE_ONE}",
        )


def _tokens_are_bound(settings: "Settings") -> Told:
    for name, what in (("jwt_issuer", "who issues them"), ("jwt_audience", "whom they are for")):
        if settings.jwt_jwks_file and not getattr(settings, name):
            yield name, f"is required with MFN_JWT_JWKS_FILE: tokens must say {what}"
        elif getattr(settings, name) and not settings.jwt_jwks_file:
            yield name, "does nothing without MFN_JWT_JWKS_FILE, and no token is accepted: set that, or unset this"


def _secrets_travel_encrypted(settings: "Settings") -> Told:
    for name in ("vault_address", "aws_endpoint"):
        parts = urlsplit(getattr(settings, name) or "")
        if settings.env is not Environment.DEV and parts.scheme == "http" and not _is_this_machine(parts.hostname):
            yield name, f"is http, which is refused in {settings.env} beyond this machine: secrets must travel by https"


def _is_this_machine(name: str | None) -> bool:
    """Whether a host of a URL is a loopback address; any other name may be anybody's."""
    return name in {"localhost", "127.0.0.1", "::1"}


def _vault_is_entered_one_way(settings: "Settings") -> Told:
    if settings.vault_token is not None and settings.vault_kubernetes_role is not None:
        yield "vault_kubernetes_role", "is set beside MFN_VAULT_TOKEN: unset one, since only one can be used"


def _replicas_open_each_others_tokens(settings: "Settings") -> Told:
    kept = settings.resume_token_key is not None or settings.state_dir is not None
    if settings.env is not Environment.DEV and Service.SIMULATION in settings.services and not kept:
        yield "resume_token_key", f"is required in {settings.env} unless MFN_STATE_DIR is set; {MAKE_ONE}"


def _drawn_at_random(name: str) -> Callable[["Settings"], Told]:
    """A check that this key is no placeholder outside dev."""

    def check(settings: "Settings") -> Told:
        key = getattr(settings, name)
        if settings.env is not Environment.DEV and key is not None and made_up(values_in(name, key.get_secret_value())):
            yield name, f"looks like a placeholder, which is refused in {settings.env}; {MAKE_ONE}"

    return check


def _secrets_differ(settings: "Settings") -> Told:
    seen = dict[str, str]()
    for name in ("federation_keys", *SEVERAL):
        key = getattr(settings, name)
        values = () if key is None else values_in(name, key.get_secret_value())
        shared = {seen.setdefault(value, name) for value in values} - {name}
        yield from ((name, SHARED.format(other=other.upper(), remedy=MAKE_ONE)) for other in sorted(shared))


def _federation_keys_are_drawn_at_random(settings: "Settings") -> Told:
    if settings.env is Environment.DEV:
        return
    keys = settings.federation_keys
    for place in made_up(() if keys is None else values_in("federation_keys", keys.get_secret_value())):
        text = f"the key of entry {place} looks like a placeholder, which is refused in {settings.env}; {MAKE_ONE}"
        yield "federation_keys", text


def _store_password_is_drawn_at_random(settings: "Settings") -> Told:
    password = urlsplit(settings.rate_limit_store.get_secret_value()).password
    if settings.env is not Environment.DEV and password and is_placeholder(password):
        yield "rate_limit_store", f"has a password that looks like a placeholder, refused in {settings.env}; {MAKE_ONE}"


def _one_aggregation_fits(settings: "Settings") -> Told:
    if settings.aggregate_stream_bytes > settings.aggregate_spool_bytes:
        yield (
            "aggregate_stream_bytes",
            (
                f"is more than all calls may hold, MFN_AGGREGATE_SPOOL_BYTES={settings.aggregate_spool_bytes}: lower "
                "this or raise that"
            ),
        )


def _checkpoints_last(settings: "Settings") -> Told:
    if settings.checkpoint_ttl_s <= settings.checkpoint_s:
        yield (
            "checkpoint_ttl_s",
            (
                f"must be longer than MFN_CHECKPOINT_S={settings.checkpoint_s:g}: each checkpoint would be gone before "
                "the next is made"
            ),
        )


def _arrays_outlast_their_upload(settings: "Settings") -> Told:
    if settings.array_ttl_s < settings.upload_idle_s:
        yield (
            "array_ttl_s",
            f"must not be shorter than MFN_UPLOAD_IDLE_S={settings.upload_idle_s:g}, the longest pause of its upload",
        )


def _workers_share_a_port(settings: "Settings") -> Told:
    if settings.workers > 1 and platform.system() != "Linux":
        yield (
            "workers",
            f"must be 1 on {platform.system()}: only Linux spreads the connections of a port over processes",
        )


def _federations_have_one_owner(settings: "Settings") -> Told:
    kept = settings.state_dir is not None or settings.env is Environment.DEV
    if settings.workers > 1 and Service.FEDERATION in settings.services and kept:
        others = ",".join(service for service in settings.services if service is not Service.FEDERATION)
        remedy = f"set MFN_SERVICES={others} here" if others else "set MFN_WORKERS=1"
        yield (
            "workers",
            (
                f"is {settings.workers}, but federations have one process that owns them: {remedy}, and offer "
                "federation in a deployment of its own with MFN_WORKERS=1"
            ),
        )


def _every_worker_has_a_share(settings: "Settings") -> Told:
    for name, least in SHARED_OUT.items():
        whole = getattr(settings, name)
        if whole < least * settings.workers:
            yield (
                name,
                (
                    f"is {whole:,}, of which each of MFN_WORKERS={settings.workers} must get {least:,} at least: "
                    "raise this or lower that"
                ),
            )


CHECKS: list[Callable[["Settings"], Told]] = [
    _loopback_is_for_dev,
    _unencrypted_stays_here,
    _strangers_stay_out,
    _tls_has_its_files,
    _tls_files_hold,
    _client_certificates_are_checked,
    _authorities_hold,
    _identities_are_asked_for,
    _proxies_are_named,
    _ports_differ,
    _somebody_may_call,
    _keys_file_has_its_pepper,
    _tokens_are_bound,
    _secrets_travel_encrypted,
    _vault_is_entered_one_way,
    _replicas_open_each_others_tokens,
    *(_drawn_at_random(name) for name in SEVERAL),
    _secrets_differ,
    _federation_keys_are_drawn_at_random,
    _store_password_is_drawn_at_random,
    _one_aggregation_fits,
    _checkpoints_last,
    _arrays_outlast_their_upload,
    _workers_share_a_port,
    _federations_have_one_owner,
    _every_worker_has_a_share,
]
