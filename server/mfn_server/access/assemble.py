"""From settings to the authenticators of a server."""

from collections.abc import Callable
from functools import partial

from mfn_server.access.authenticator import Authenticator, UnusableAccess
from mfn_server.access.certificates import ClientCertificates
from mfn_server.access.keys import ApiKeys, SingleKey
from mfn_server.access.reporting import Audit, Reloads
from mfn_server.config.access import Access


def authenticators(settings: Access, audit: Audit, reloads: Reloads | None = None) -> list[Authenticator]:
    """One for each kind of credential that is set up, the cheapest first; raises UnusableAccess with every fault."""
    makers: tuple[Callable[[Access], Authenticator | None], ...] = (
        _single_key,
        partial(_api_keys, audit, reloads),
        partial(_tokens, reloads),
        _certificates,
    )
    found, faults = [], []
    for maker in makers:
        try:
            found.append(maker(settings))
        except UnusableAccess as error:
            faults.append(str(error))
    if faults:
        raise UnusableAccess("; ".join(faults))
    return [each for each in found if each is not None]


def _single_key(settings: Access) -> Authenticator | None:
    return None if settings.api_key is None else SingleKey(settings.api_key.get_secret_value())


def _api_keys(audit: Audit, reloads: Reloads | None, settings: Access) -> Authenticator | None:
    file, pepper = settings.api_keys_file, settings.api_key_pepper
    if file is None:
        return None
    if pepper is None:
        raise UnusableAccess("MFN_API_KEYS_FILE needs MFN_API_KEY_PEPPER")
    secret = pepper.get_secret_value().encode()
    return _from_file("MFN_API_KEYS_FILE", lambda: ApiKeys(file, secret, audit, reloads))


def _tokens(reloads: Reloads | None, settings: Access) -> Authenticator | None:
    file, issuer, audience = settings.jwt_jwks_file, settings.jwt_issuer, settings.jwt_audience
    if file is None:
        return None
    if not issuer or not audience:
        raise UnusableAccess("MFN_JWT_JWKS_FILE needs MFN_JWT_ISSUER and MFN_JWT_AUDIENCE")
    from mfn_server.access.tokens import BearerTokens  # noqa: PLC0415  # its library is optional: settings look for it

    return _from_file("MFN_JWT_JWKS_FILE", lambda: BearerTokens(file, issuer, audience, reloads))


def _certificates(settings: Access) -> Authenticator | None:
    return ClientCertificates(settings.client_identities) if settings.client_identities else None


def _from_file(variable: str, make: Callable[[], Authenticator]) -> Authenticator:
    """What is made from a file, or why the file cannot be used."""
    try:
        return make()
    except OSError as error:
        raise UnusableAccess(f"{variable}: {error.strerror or error}: {error.filename}") from None
    except ValueError as error:
        raise UnusableAccess(f"{variable}: {error}") from None
