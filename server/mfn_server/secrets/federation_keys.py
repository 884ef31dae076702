"""The keys of federations' files, exchanged while the files are in use."""

from pydantic import SecretStr

from mfn_server.config.secret_values import values_in
from mfn_server.federation.storage.keys import KeyRing, key_ring
from mfn_server.secrets.watch_list import WatchList

SETTING = "federation_keys"


def watched_ring(secret: SecretStr | None, watching: WatchList) -> KeyRing | None:
    """The ring of a setting, which takes new keys as they come; None without the setting. Raises ValueError."""
    if secret is None:
        return None
    in_use = key_ring(secret.get_secret_value())

    def parse(text: str) -> KeyRing:
        ring = key_ring(text)
        in_use.require_same(ring)
        watching.judge.admit(SETTING, values_in(SETTING, text))
        return ring

    watching.secret(secret, parse, setting=SETTING, on_reload=in_use.use)
    return in_use
