"""Small faults, as in mutations.py, of what components bring: ways out, callers' certificates, shared volumes."""

from tests.deploy.k8s.mutating import Mutation, setting, with_setting, without, without_variable
from tests.deploy.k8s.mutations import FEDERATION, POD, SERVER, SIMULATION

CLAIM = ("PersistentVolumeClaim", "mfn-shared-state")
TO_REDIS, TO_DNS = ("NetworkPolicy", "mfn-to-redis"), ("NetworkPolicy", "mfn-to-dns")

OF_COMPONENTS = [
    Mutation(
        "claims_exist",
        "prod with shared-state",
        "no claim that pods may share for 'shared-state'",
        setting(CLAIM, "spec.accessModes", ["ReadWriteOnce"]),
    ),
    Mutation("claims_exist", "prod with shared-state", "no claim that pods may share", without(*CLAIM)),
    Mutation(
        "selectors_find_pods",
        "prod with cert-manager",
        "NetworkPolicy mfn-acme-solver selects no pod",
        setting(("NetworkPolicy", "mfn-acme-solver"), "spec.podSelector.matchLabels", {"app": "solver"}),
    ),
    Mutation(
        "callers_show_certificates_to_the_pods_themselves",
        "prod with gateway-api",
        "refuses every call of ['mfn']",
        with_setting("MFN_TLS_CLIENT_AUTH", "required"),
    ),
    Mutation(
        "ways_out_are_used",
        "prod",
        "reaches ['dns.operator.openshift.io/daemonset-dns', 'k8s-app', 'mfn-grpc/redis']",
        setting(TO_DNS, "spec.egress.0.to.1"),
    ),
    Mutation("ways_out_are_used", "prod with redis-outside", "needs ['mfn-grpc/redis']", without(*TO_REDIS)),
    Mutation(
        "uploaded_arrays_fit_their_place",
        "base",
        "MFN_ARRAY_TOTAL_BYTES is more than 0.75 of the 4294967296 bytes",
        without_variable("MFN_ARRAY_TOTAL_BYTES"),
    ),
    Mutation(
        "uploaded_arrays_fit_their_place",
        "base",
        "MFN_ARRAY_TOTAL_BYTES is more than 0.75 of the 3221225472 bytes",
        setting(SIMULATION, f"{POD}.volumes.0.emptyDir.sizeLimit", "3Gi"),
    ),
    Mutation(
        "uploaded_arrays_fit_their_place",
        "prod with shared-state",
        "of the 17179869184 bytes",
        setting(CLAIM, "spec.resources.requests.storage", "16Gi"),
    ),
    Mutation(
        "no_certificate_restarts_a_pod",
        "prod with mtls",
        "mfn-federation: livenessProbe ends with a certificate",
        setting(FEDERATION, f"{SERVER}.livenessProbe.httpGet"),
    ),
    Mutation(
        "no_certificate_restarts_a_pod",
        "prod",
        "mfn-simulation: startupProbe ends with a certificate",
        with_setting("MFN_TLS_CLIENT_AUTH", "required"),
    ),
]
