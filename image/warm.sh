#!/bin/sh
# Bytecode and compiled kernels for /opt/mfn. Runs while the image is built, and needs no network.
# Numba keeps a kernel as long as its source's time and size stay. Layers keep whole seconds, so every file gets one
# before anything is compiled: a second that the sources' digest chooses, so that a cache which outlives its image, in
# a volume, is never taken for another image's. Bytecode would go by that time too, unless told otherwise.
set -eu

cd /opt/mfn
digest=$(find lib -name '*.py' -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum)
second=$((SOURCE_DATE_EPOCH - 0x$(echo "$digest" | cut -c 1-7)))

find . -exec touch --no-dereference --date="@$second" {} +
bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash lib
mkdir -p share/kernels
NUMBA_CACHE_DIR=/opt/mfn/share/kernels bin/mfn-server --compile
echo "${digest%% *}" >share/kernels/made-from
