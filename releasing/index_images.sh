#!/usr/bin/env bash
# Gives the pushed images of one version that differ in the processor only a common name.
# Usage: index_images.sh REPOSITORY VERSION; the server gets the name REPOSITORY:VERSION, edge REPOSITORY:VERSION-edge.
set -euo pipefail

repository=${1:?the repository of the images} version=${2:?the version}
for target in server edge; do
  name=$repository:$version-$target
  docker buildx imagetools create --tag "${name%-server}" "$name-X64" "$name-ARM64"
done
