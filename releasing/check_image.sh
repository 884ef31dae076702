#!/usr/bin/env bash
# Runs an image as a cluster would, restricted and with a read-only root, and fails at the first thing that is wrong.
# Usage: check_image.sh IMAGE; ENGINE is the program that runs it, by default docker.
set -euo pipefail

image=${1:?the name of an image}
engine=${ENGINE:-docker}
tries=${CHECK_IMAGE_TRIES:-180}
ours="uid=1000,gid=1000,mode=0700"
restricted=(--read-only --cap-drop ALL --security-opt no-new-privileges
  --tmpfs /tmp --tmpfs "/var/cache/mfn:$ours" --tmpfs "/var/lib/mfn:$ours")

fail() {
  echo "$image: $*" >&2
  exit 1
}

inspect() { "$engine" image inspect --format "$1" "$image"; }

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

if "$engine" run --rm "${restricted[@]}" "$image" >/dev/null 2>&1; then
  fail "starts without certificate and keys outside MFN_ENV=dev"
fi

container=$("$engine" run --detach "${restricted[@]}" --env MFN_ENV=dev "$image")
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

"$engine" run --rm "${restricted[@]}" --network none "$image" mfn validate >/dev/null || fail "mfn validate fails in it"

echo "$image: non-root, healthy with a read-only root, valid"
