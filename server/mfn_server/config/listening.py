"""Where the server listens, how connections are encrypted, and whose word on the caller's address counts."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from mfn_server.config.addresses import host, networks, origin
from mfn_server.config.forms import Names


class TransportSecurity(StrEnum):
    """Who encrypts the connections."""

    TLS = "tls"
    MESH = "mesh"
    LOOPBACK = "loopback"


class ClientAuthentication(StrEnum):
    """Whether callers must show a certificate."""

    NONE = "none"
    REQUIRED = "required"


class Listening(BaseSettings):
    """Addresses, TLS, proxies."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(50051, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    transport_security: TransportSecurity = Field(
        TransportSecurity.TLS,
        description="tls; mesh where a proxy in front encrypts and nothing else reaches the port; "
        "loopback, unencrypted on a loopback address, in dev only",
    )
    tls_cert_file: Path | None = Field(
        None, description="PEM file of the server's certificate chain; read again when it changes"
    )
    tls_key_file: Path | None = Field(None, description="PEM file of the certificate's key; read again when it changes")
    tls_client_ca_file: Path | None = Field(
        None, description="PEM file of the authorities whose client certificates are accepted"
    )
    tls_client_auth: ClientAuthentication = Field(
        ClientAuthentication.NONE,
        description="none, or required: callers must show a certificate of tls_client_ca_file",
    )
    trust_proxy_headers: bool = Field(
        False, description="take the caller's address from x-forwarded-for when a trusted proxy sends it"
    )
    trusted_proxies: Names = Field(
        [], description="networks of those proxies: CIDR blocks between commas, or as a JSON list"
    )
    cors_origins: Names = Field(
        [], description="web origins that may call the HTTP face, between commas or as a JSON list; never *"
    )
    max_connection_age_s: float | None = Field(
        None,
        ge=1,
        description="seconds after which a connection takes no new calls, so that load spreads anew; it is closed with "
        "its last call",
    )

    @field_validator("host")
    @classmethod
    def _address(cls, text: str) -> str:
        return host(text)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, texts: list[str]) -> list[str]:
        return networks(texts)

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, texts: list[str]) -> list[str]:
        return [origin(text) for text in texts]
