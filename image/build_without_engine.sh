#!/usr/bin/env bash
# build_without_engine.sh OUT [TARGET...]: builds targets of the Dockerfile (default: server) where no container engine
# runs and no registry of images can be reached. For each target, OUT/TARGET/rootfs is the image's file system and
# OUT/TARGET/image.json what `buildah inspect` tells of it.
# Needs root, buildah, debootstrap, Go and a Python with pip. The base images are made by debootstrap from the packages
# of this machine's own Debian mirror; pip and Go ask the registries that this machine is set up for. What is made on
# the way, about 2 GB, is deleted at the end, whatever the end is.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=${1:?usage: build_without_engine.sh OUT [TARGET...]}
shift
(($#)) || set -- server

((EUID == 0)) || { echo "Only root may make a base system." >&2; exit 1; }
for program in buildah debootstrap go python3; do
  command -v "$program" >/dev/null || { echo "$program is missing." >&2; exit 1; }
done

mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d "$out/work.XXXXXX")
driver=

b() {
  buildah --root "$work/storage" --runroot "$work/run" --storage-driver "$driver" "$@"
}

clean_up() {
  [[ -z $driver ]] || b umount --all >/dev/null 2>&1 || true
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT
export TMPDIR="$work/tmp" BUILDAH_ISOLATION=chroot
mkdir "$TMPDIR"

# Layers are mounted over one another where that is permitted, as on an ordinary disk; else each is a copy of all below.
find_driver() {
  mkdir "$TMPDIR"/{lower,upper,scratch,merged}
  if mount -t overlay overlay -o "lowerdir=$TMPDIR/lower,upperdir=$TMPDIR/upper,workdir=$TMPDIR/scratch" \
    "$TMPDIR/merged" 2>/dev/null; then
    umount "$TMPDIR/merged"
    echo overlay
  else
    echo vfs
  fi
}

say() {
  printf '%3d s  %s\n' "$SECONDS" "$*"
}

# What `python:3.11-slim-bookworm` is: Debian with an interpreter, and pip beside it in /usr/local. It lasts no longer
# than this script, so dpkg need not wait for the disk, nor unpack what nobody reads.
fill_base() {
  local base=${1:?} mirror
  local hasty=$base/etc/dpkg/dpkg.cfg.d/hasty
  mkdir -p "${hasty%/*}"
  printf '%s\n' force-unsafe-io path-exclude=/usr/share/{doc,man,locale,info}/\* >"$hasty"
  # shellcheck disable=SC2016  # apt-get expands it
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
  debootstrap --variant=minbase --include=python3,ca-certificates bookworm "$base" ${mirror:+"$mirror"} \
    >"$work/debootstrap.log" ||
    { tail "$work/debootstrap.log" >&2; return 1; }
  python3 -m pip --quiet install --root-user-action ignore --target "$base/usr/local/lib/python3.11/dist-packages" pip
  rm -rf "$hasty" "$base"/var/cache/apt/* "$base"/var/lib/apt/lists/* "$base"/usr/share/{doc,man,locale,info}/*
}

make_base() {
  local container base
  container=$(b from scratch)
  base=$(b mount "$container")
  fill_base "$base"
  b umount "$container" >/dev/null
  b config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  b commit --quiet --rm "$container" localhost/mfn-python >/dev/null
}

# Go and its caches are mounted, see build: only the ways to them are new.
make_go_image() {
  local container base
  container=$(b from localhost/mfn-python)
  base=$(b mount "$container")
  ln -s ../go/bin/go "${base:?}/usr/local/bin/go"
  b umount "$container" >/dev/null
  b config --env GOMODCACHE=/var/cache/go/modules --env GOCACHE=/var/cache/go/builds "$container"
  b commit --quiet --rm "$container" localhost/mfn-go >/dev/null
}

# This machine's settings of pip, without those that name its folders.
write_pip_conf() {
  echo "[global]"
  python3 -m pip config list |
    sed -n "s/^.*\.\(index-url\|extra-index-url\|trusted-host\|proxy\|timeout\|default-timeout\)='\(.*\)'$/\1 = \2/p" |
    awk -F ' = ' '!seen[$1]++'
  echo "cert = /etc/ssl/certs/ca-certificates.crt"
}

build() {
  b bud --layers=false --format docker --target "$1" --tag "mfn-grpc:$1" \
    --build-arg PYTHON_IMAGE=localhost/mfn-python --build-arg GO_IMAGE=localhost/mfn-go \
    --build-arg GOPROXY="$(go env GOPROXY)" \
    --volume "$(go env GOROOT):/usr/local/go:ro" \
    --volume "$(go env GOMODCACHE):/var/cache/go/modules" \
    --volume "$(go env GOCACHE):/var/cache/go/builds" \
    --secret "id=pip.conf,src=$work/pip.conf" --secret "id=ca-certificates,src=$certificates" \
    "$root" >"$work/$1.log" 2>&1 || { tail -n 40 "$work/$1.log" >&2; return 1; }
}

# unpack TARGET: its files and its description into OUT.
unpack() {
  local container made
  container=$(b from "localhost/mfn-grpc:$1")
  made=$(b mount "$container")
  rm -rf "${out:?}/$1"
  mkdir -p "$out/$1"
  cp -a "${made:?}" "$out/$1/rootfs"
  b inspect --type image "localhost/mfn-grpc:$1" >"$out/$1/image.json"
  b umount "$container" >/dev/null
  b rm "$container" >/dev/null
}

certificates=${PIP_CERT:-${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}}
write_pip_conf >"$work/pip.conf"
driver=$(find_driver)
mkdir -p "$(go env GOMODCACHE)" "$(go env GOCACHE)"
say "making a base system, layers by $driver"
make_base
make_go_image
for target; do
  say "building $target"
  build "$target"
  unpack "$target"
  say "$target: $(du -sm "$out/$target/rootfs" | cut -f 1) MiB in $out/$target/rootfs"
done
