#!/usr/bin/env bash
# Prints what the jobs of a release hand on, as GitHub reads outputs: the version, and the arguments of every build.
# Fails where the tag, a `v` and the version, or any place that carries the version says another.
# Usage: outputs.sh TAG
set -euo pipefail

tag=${1:?the tag of the release}
version=$("${PYTHON:-.venv/bin/python}" -m releasing.versions "$tag")
echo "version=$version"
echo "arguments<<END"
echo "VERSION=$version"
echo "REVISION=$(git rev-parse HEAD)"
echo "CREATED=$(TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd)"
echo "END"
