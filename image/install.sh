#!/bin/sh
# install.sh LOCK: what the lock holds, then the wheel, into /opt/mfn. Runs while the image is built.
# Digests are demanded and nothing is compiled: a package without a wheel for this machine ends the build.
set -eu

pip() { python3 -m pip --python /opt/mfn/bin/python --no-cache-dir --no-input "$@"; }

pip install --no-compile --require-hashes --only-binary :all: --requirement "$1"
pip install --no-compile --no-index --no-deps /wheels/*.whl
