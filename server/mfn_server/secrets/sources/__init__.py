"""Where a secret may stand: in the settings themselves, in a file, in Vault, in AWS Secrets Manager."""
