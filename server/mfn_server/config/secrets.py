"""Where secrets are read from that are kept outside this machine: HashiCorp Vault, AWS Secrets Manager."""

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from mfn_server.config.addresses import bare_url
from mfn_server.config.files import readable
from mfn_server.config.forms import LocalSecret, Secret
from mfn_server.config.layers import Layered
from mfn_server.secrets.sources.vault_login import SERVICE_ACCOUNT
from mfn_server.secrets.stores import close_stores, own_stores


class Secrets(BaseSettings):
    """Vault, AWS Secrets Manager, and how often they are asked."""

    secrets_refresh_s: float = Field(
        60, ge=1, le=86_400, description="seconds after which secrets in Vault and AWS are looked at again; files: 1"
    )
    vault_address: str | None = Field(None, description="URL of HashiCorp Vault, for settings written vault:PATH#FIELD")
    vault_namespace: str | None = Field(None, min_length=1, description="namespace of Vault Enterprise")
    vault_ca_file: Path | None = Field(
        None, description="PEM file of the authorities that Vault's certificate is checked by; none: the system's"
    )
    vault_token: LocalSecret | None = Field(
        None, description="token of Vault; one in a file, @FILE, is read again when Vault refuses the last"
    )
    vault_kubernetes_role: str | None = Field(
        None, min_length=1, description="role of Vault's Kubernetes method, to log in as this pod's service account"
    )
    vault_kubernetes_mount: str = Field("kubernetes", min_length=1, description="where that method is mounted in Vault")
    vault_kubernetes_token_file: Path = Field(
        SERVICE_ACCOUNT, description="token of the service account; another file for one with an audience of its own"
    )
    aws_region: str | None = Field(
        None, min_length=1, description="region of AWS Secrets Manager; none: AWS_REGION and AWS's own files say"
    )
    aws_endpoint: str | None = Field(
        None, description="URL of AWS Secrets Manager, for a VPC endpoint; none: the region's"
    )

    @field_validator("vault_address", "aws_endpoint")
    @classmethod
    def _url(cls, url: str | None) -> str | None:
        return url and bare_url(url)

    @field_validator("vault_ca_file")
    @classmethod
    def _authorities(cls, path: Path | None) -> Path | None:
        return path and readable(path)


class _Alone(Layered, Secrets):
    """The same with one secret, where the other settings are not known."""

    model_config = SettingsConfigDict(
        env_prefix="MFN_",
        enable_decoding=False,
        extra="ignore",
        validate_default=True,
        hide_input_in_errors=True,
    )
    wanted: Secret


def secret_of_environment(text: str) -> str:
    """The secret that a text is or refers to, by the settings of Vault and AWS; raises ValueError."""
    try:
        given: dict[str, Any] = {"wanted": text}
        with own_stores():
            alone = _Alone(**given)
        close_stores(alone)
        return alone.wanted.get_secret_value()
    except ValidationError as error:
        raise ValueError("; ".join(map(_told, error.errors()))) from None


def _told(fault: ErrorDetails) -> str:
    name, text = str(fault["loc"][0]), fault["msg"].removeprefix("Value error, ")
    return text if name == "wanted" else f"MFN_{name.upper()}: {text}"
