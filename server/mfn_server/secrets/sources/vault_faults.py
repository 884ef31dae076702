"""What the operator is told when a secret cannot be read from Vault."""


def told(error: Exception, address: str, path: str) -> Exception:
    """OSError or ValueError about it; no text of Vault's or a library's is in it, since those may repeat content."""
    import hvac.exceptions as refusals  # type: ignore[import-untyped]  # noqa: PLC0415  # the extra may not be installed
    import requests.exceptions as broken  # noqa: PLC0415  # as above

    from mfn_server.secrets.sources.vault_session import UnusableAnswer  # noqa: PLC0415  # as above

    if type(error) in {OSError, ValueError}:
        return error  # of ours
    kind = type(error).__name__
    found: type[Exception] = OSError
    match error:
        case UnusableAnswer():
            text = f"Vault at {address} {error}"
        case refusals.InvalidPath():
            found, text = ValueError, f"Vault has no secret at {path} (404); write one with: vault kv put"
        case refusals.Forbidden() | refusals.Unauthorized() | refusals.InvalidRequest():
            text = (
                f"Vault refuses ({_status(kind)}): the token or role must hold, and its policy must let it read {path}"
            )
        case refusals.VaultError():
            text = f"Vault at {address} cannot serve now: {kind}"
        case broken.InvalidHeader() | broken.InvalidURL() | broken.InvalidSchema():
            found, text = ValueError, f"Vault is not set up: its address, namespace or token make no request ({kind})"
        case broken.RequestException():
            text = f"Vault at {address} does not answer: {kind}"
        case _:
            text = f"Vault's answer about {path} cannot be understood: {kind}"
    return found(text)


def _status(kind: str) -> int:
    return {"Forbidden": 403, "Unauthorized": 401}.get(kind, 400)
