"""What the manifests refer to and a cluster's operator makes; docs/deployment.md tells how."""

SECRETS = {
    "mfn-secrets": {"api-key-pepper", "resume-token-key", "federation-keys", "redis-url"},
    "mfn-api-keys": {"keys.json"},
    "mfn-tls": {"tls.crt", "tls.key", "ca.crt"},
    "mfn-gateway-tls": {"tls.crt", "tls.key"},
    "mfn-client-tls": {"tls.crt", "tls.key", "ca.crt"},
}
CONFIG_MAPS = {"mfn-vault-ca": {"ca.crt"}, "mfn-ca": {"ca.crt"}}
ISSUERS = {"public"}
"""ClusterIssuers."""
PODS_OF_OTHERS = [{"acme.cert-manager.io/http01-solver": "true"}]
"""The labels of pods that others start in the namespace: cert-manager, to prove whose a name is."""
STORES = {"mfn"}
"""ClusterSecretStores."""
