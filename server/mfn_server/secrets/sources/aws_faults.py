"""What the operator is told when a secret cannot be read from AWS Secrets Manager."""


def told(error: Exception, secret_id: str) -> Exception:
    """OSError or ValueError about it; no text of a library's is in it, since those may repeat content."""
    import botocore.exceptions as broken  # noqa: PLC0415  # the extra may not be installed

    kind = type(error).__name__
    found: type[Exception] = OSError
    match error:
        case broken.ClientError():
            return _refused(error, secret_id)
        case broken.NoRegionError():
            found, text = ValueError, " is not set up: no region is known; set MFN_AWS_REGION"
        case broken.NoCredentialsError() | broken.PartialCredentialsError() | broken.CredentialRetrievalError():
            text = f" cannot be asked: boto3 finds no credentials ({kind})"
        case broken.ParamValidationError() | broken.InvalidRegionError():
            found, text = ValueError, f" is not set up: the region or the secret's name is of no use ({kind})"
        case broken.HTTPClientError() | broken.ConnectionError():
            text = f" does not answer: {kind}"
        case broken.BotoCoreError():
            text = f" cannot be asked: {kind}"
        case _:
            text = f"'s answer cannot be understood: {kind}"
    return found(f"AWS Secrets Manager{text}")


def _refused(error: object, secret_id: str) -> Exception:
    answer = getattr(error, "response", None)
    fault = answer.get("Error") if isinstance(answer, dict) else None
    code = str(fault.get("Code")) if isinstance(fault, dict) else ""
    if code == "ResourceNotFoundException":
        return ValueError(f"AWS Secrets Manager has no secret {secret_id} with a current version")
    named = code if code.isalnum() and code.isascii() and len(code) <= 64 else "for no reason that it names"
    return OSError(
        f"AWS Secrets Manager refuses ({named}): the credentials must hold and allow secretsmanager:GetSecretValue"
    )
