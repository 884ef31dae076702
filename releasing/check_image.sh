#!/usr/bin/env bash
# Runs an image as a cluster would, restricted and with a read-only root, and fails at the first thing that is wrong.
# Usage: check_image.sh IMAGE; ENGINE is the program that runs it, by default docker.
set -euo pipefail

image=${1:?the name of an image}
engine=${ENGINE:-docker}
tries=${CHECK_IMAGE_TRIES:-180}
refuses_within_s=${CHECK_IMAGE_REFUSES_WITHIN_S:-120}
ours="uid=1000,gid=1000,mode=0700"
restricted=(--read-only --cap-drop ALL --security-opt no-new-privileges
  --tmpfs /tmp --tmpfs "/var/cache/mfn:$ours" --tmpfs "/var/lib/mfn:$ours")

fail() {
  echo "$image: $*" >&2
  exit 1
}

inspect() { "$engine" image inspect --format "$1" "$image"; }

random_key() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

user=$(inspect '{{.Config.User}}')
[[ $user == 1000:1000 ]] || fail "runs as '$user', must run as 1000:1000"
uid=$("$engine" run --rm --entrypoint id "$image" -u)
[[ $uid == 1000 ]] || fail "its processes have the uid $uid, must have 1000"

healthcheck=$(inspect '{{json .Config.Healthcheck}}')
[[ $healthcheck == *mfn-healthcheck* ]] || fail "its HEALTHCHECK is $healthcheck, must be mfn-healthcheck"

for compiler in cc gcc clang go; do
  if "$engine" run --rm --entrypoint sh "$image" -c "command -v $compiler" >/dev/null; then
    fail "holds a compiler: $compiler"
  fi
done

# `timeout` runs in the container: outside it would end the engine's client alone.
code=0
"$engine" run --rm "${restricted[@]}" "$image" timeout "$refuses_within_s" mfn-server >/dev/null 2>&1 || code=$?
((code == 2)) || fail "without certificate and keys its server ends with code $code, must refuse with 2"

# As behind a proxy that does the encryption: the port is open to the container's network.
MFN_API_KEY=$(random_key) MFN_RESUME_TOKEN_KEY=$(random_key)
export MFN_API_KEY MFN_RESUME_TOKEN_KEY
container=$("$engine" run --detach "${restricted[@]}" \
  --env MFN_TRANSPORT_SECURITY=mesh --env MFN_API_KEY --env MFN_RESUME_TOKEN_KEY "$image")
trap '"$engine" rm --force "$container" >/dev/null' EXIT
for ((tried = 0; ; tried++)); do
  state=$("$engine" inspect --format '{{.State.Status}} {{.State.Health.Status}}' "$container")
  [[ $state == "running healthy" ]] && break
  if [[ $state != "running starting" ]] || ((tried >= tries)); then
    "$engine" logs "$container" >&2
    fail "is $state, must become healthy"
  fi
  sleep 2
done

"$engine" run --rm "${restricted[@]}" --network none "$image" mfn validate >/dev/null ||
  fail "mfn validate fails in it"

echo "$image: non-root, healthy with a read-only root, valid"
