#!/bin/sh
# Asks this container's server for its health, as the settings say that it is reached; 0 when all of it is SERVING.
# MFN_CA_FILE has the server's certificate checked, MFN_CLIENT_CERT and MFN_CLIENT_KEY are shown under mutual TLS: the
# variables of the `mfn` command. Arguments go to grpc_health_probe, for instance -service=liveness.
set -eu

case ${MFN_HOST:-127.0.0.1} in
  0.0.0.0) host=127.0.0.1 ;;
  ::) host="[::1]" ;;
  *:*) host="[$MFN_HOST]" ;;
  *) host=${MFN_HOST:-127.0.0.1} ;;
esac

case ${MFN_TRANSPORT_SECURITY:-${MFN_ENV:-prod}} in
  dev | loopback | mesh) ;;
  *)
    set -- -tls "$@"
    if [ -n "${MFN_CA_FILE:-}" ]; then
      set -- "-tls-ca-cert=$MFN_CA_FILE" "$@"
      [ -z "${MFN_HEALTHCHECK_NAME:-}" ] || set -- "-tls-server-name=$MFN_HEALTHCHECK_NAME" "$@"
    else
      # Nothing to check it against, and nobody stands between a container and itself.
      set -- -tls-no-verify "$@"
    fi
    if [ -n "${MFN_CLIENT_CERT:-}" ]; then
      set -- "-tls-client-cert=$MFN_CLIENT_CERT" "-tls-client-key=${MFN_CLIENT_KEY:-}" "$@"
    fi
    ;;
esac

exec grpc_health_probe "-addr=$host:${MFN_PORT:-50051}" -connect-timeout=2s -rpc-timeout=2s "$@"
