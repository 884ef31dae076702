"""Federations and aggregation."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from mfn_server.config.addresses import host_and_port
from mfn_server.config.computing import GIB
from mfn_server.config.forms import Secret
from mfn_server.federation.storage.keys import key_ring


class Federating(BaseSettings):
    """Federations: their secrets and limits."""

    federation_keys: Secret | None = Field(
        None,
        description="keys that seal federations' files, newest first: id:key with 32 bytes in hex or base64",
    )
    federation_address: str | None = Field(
        None, min_length=1, max_length=1024, description="where others find this server's federations, as HOST:PORT"
    )
    federation_max_participants: int = Field(
        2048, ge=1, le=65536, description="participants of federations that may be connected"
    )
    federation_max_watches: int = Field(
        1024, ge=1, le=65536, description="WatchFederation streams that may be open, beside max_streams"
    )
    federation_max_model_bytes: int = Field(8 * GIB, ge=2**20, description="bytes of one model of a federation")
    federation_join_timeout_s: float = Field(
        10, ge=0.1, le=3600, description="longest silence of a participant who has not joined yet, in s"
    )
    aggregate_stream_bytes: int = Field(16 * GIB, ge=2**20, description="bytes of updates that an Aggregate call holds")
    aggregate_spool_bytes: int = Field(64 * GIB, ge=2**20, description="bytes of updates that all Aggregate calls hold")

    @field_validator("federation_keys")
    @classmethod
    def _usable_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is not None:
            key_ring(keys.get_secret_value())
        return keys

    @field_validator("federation_address")
    @classmethod
    def _reachable(cls, address: str | None) -> str | None:
        return address and host_and_port(address)
