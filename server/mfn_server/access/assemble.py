"""From settings to the authenticators of a server."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from mfn_server.access.authenticator import Authenticator, UnusableAccess
from mfn_server.access.certificates import ClientCertificates
from mfn_server.access.keys import ApiKeys, SingleKey, entries, told_of
from mfn_server.access.reporting import Audit
from mfn_server.config.access import Access
from mfn_server.config.forms import Document
from mfn_server.secrets.sources.file import FileSource
from mfn_server.secrets.watch_list import WatchList
from mfn_server.secrets.watched import Watched

T = TypeVar("T")


def authenticators(settings: Access, audit: Audit, watching: WatchList) -> list[Authenticator]:
    """One for each kind of credential that is set up, the cheapest first; raises UnusableAccess with every fault."""
    makers: tuple[Callable[[Access, WatchList], Authenticator | None], ...] = (
        _single_key,
        partial(_api_keys, audit),
        _tokens,
        _certificates,
    )
    found, faults = [], []
    for maker in makers:
        try:
            found.append(maker(settings, watching))
        except UnusableAccess as error:
            faults.append(str(error))
    if faults:
        raise UnusableAccess("; ".join(faults))
    return [each for each in found if each is not None]


def _single_key(settings: Access, watching: WatchList) -> Authenticator | None:
    if settings.api_key is None:
        return None
    accepting = SingleKey()
    accepting.use(watching.keys(settings.api_key, setting="api_key", on_reload=accepting.use).current)
    return accepting


def _api_keys(audit: Audit, settings: Access, watching: WatchList) -> Authenticator | None:
    file, pepper = settings.api_keys_file, settings.api_key_pepper
    if file is None:
        return None
    if pepper is None:
        raise UnusableAccess("MFN_API_KEYS_FILE needs MFN_API_KEY_PEPPER")
    keys = _watched(watching, file, entries, "api_keys_file", told_of(audit))
    return ApiKeys(keys, watching.keys(pepper, setting="api_key_pepper"))


def _tokens(settings: Access, watching: WatchList) -> Authenticator | None:
    file, issuer, audience = settings.jwt_jwks_file, settings.jwt_issuer, settings.jwt_audience
    if file is None:
        return None
    if not issuer or not audience:
        raise UnusableAccess("MFN_JWT_JWKS_FILE needs MFN_JWT_ISSUER and MFN_JWT_AUDIENCE")
    from mfn_server.access.tokens import (  # noqa: PLC0415  # its library is optional: settings look for it
        BearerTokens,
        key_set,
    )

    return BearerTokens(_watched(watching, file, key_set, "jwt_jwks_file"), issuer, audience)


def _certificates(settings: Access, watching: WatchList) -> Authenticator | None:
    return ClientCertificates(settings.client_identities) if settings.client_identities else None


def _watched(
    watching: WatchList,
    place: Path | Document,
    parse: Callable[[bytes], T],
    setting: str,
    on_reload: Callable[[T], None] | None = None,
) -> Watched[T]:
    """The content of a file or document, or why it cannot be used."""
    source, first = (FileSource(place), None) if isinstance(place, Path) else (place.held.source, place.held.found)
    try:
        return watching.source(source, parse, setting=setting, first=first, on_reload=on_reload)
    except OSError as error:
        raise UnusableAccess(f"MFN_{setting.upper()}: {error.strerror or error}: {error.filename}") from None
    except ValueError as error:
        raise UnusableAccess(f"MFN_{setting.upper()}: {error}") from None
