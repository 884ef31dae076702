"""Who may call."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from mfn_server.config.forms import DocumentFile, Scopes, Secret
from mfn_server.config.packages import needed
from mfn_server.config.secret_values import keys_in
from mfn_server.rpc.methods import Scope


class Access(BaseSettings):
    """API keys, tokens, client certificates."""

    api_key: Secret | None = Field(
        None,
        description="key with every scope, for a server without a keys file; 32 characters or more; while it is "
        "exchanged, several, newest first, with blanks between",
    )
    api_key_required: bool = Field(True, description="whether callers need a credential; health checks never do")
    api_keys_file: DocumentFile | None = Field(
        None,
        description="file of `mfn keys`: digests, scopes and expiry of many keys; or vault:, aws: for one kept there",
    )
    api_key_pepper: Secret | None = Field(
        None,
        description="secret that the digests of api_keys_file are made with; 32 characters or more; several, newest "
        "first: new keys use the first, all verify",
    )
    jwt_jwks_file: DocumentFile | None = Field(
        None,
        description="file of the JSON Web Key Set whose keys sign accepted tokens; or vault:, aws: for one kept there",
    )
    jwt_issuer: str | None = Field(None, description="issuer that tokens must name")
    jwt_audience: str | None = Field(None, description="audience that tokens must name")
    client_identities: Scopes = Field(
        {}, description="scopes of client certificates, as JSON: name of the certificate (URI, DNS or CN) to scopes"
    )

    @field_validator("api_key", "api_key_pepper")
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        return long_enough(key)

    @field_validator("jwt_jwks_file")
    @classmethod
    def _verifiable(cls, file: DocumentFile | None) -> DocumentFile | None:
        if file is not None:
            needed("joserfc", extra="jwt")
        return file

    @field_validator("client_identities")
    @classmethod
    def _known_scopes(cls, identities: dict[str, list[str]]) -> dict[str, list[str]]:
        unknown = sorted({scope for scopes in identities.values() for scope in scopes} - set(Scope))
        if unknown:
            raise ValueError(f"scopes {unknown} do not exist; there are {', '.join(Scope)}")
        if without := [name for name, scopes in identities.items() if not (name and scopes)]:
            raise ValueError(f"the names {without} are empty or have no scope; give each one at least, or leave it out")
        return identities


def long_enough(key: SecretStr | None) -> SecretStr | None:
    """The key, or several; raises ValueError for one that can be guessed for its shortness."""
    if key is not None:
        keys_in(key.get_secret_value())
    return key
