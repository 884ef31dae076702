#!/usr/bin/env bash
# Compares the contract with the last tag or, before the first one, with HEAD~1; needs buf on PATH.
# Passes when there is neither. Until v1.0.0 a break passes when CHANGELOG.md has gained a line that says "breaking".
set -euo pipefail
cd "$(dirname "$0")/.."

if ! against=$(git describe --tags --abbrev=0 2>/dev/null || git rev-parse --verify --quiet HEAD~1) ||
  ! git cat-file -e "$against:./protos" 2>/dev/null; then
  echo "contract: no earlier one to compare with"
  exit 0
fi

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
git archive "$against" protos | tar -x -C "$before"
cp buf.yaml "$before"

status=0
buf breaking --against "$before" || status=$?
if [ "$status" -eq 0 ]; then
  echo "contract: compatible with $against"
elif [ "$status" -ne 100 ]; then # 100 is buf's word for breaks, anything else a failure of its own
  exit "$status"
elif [[ "$against" != v[1-9]* ]] && git diff "$against" -- CHANGELOG.md | grep -qi '^+.*breaking'; then
  echo "contract: breaks with $against, as CHANGELOG.md says"
else
  echo "contract: breaks with $against (before v1.0.0 allowed with a line in CHANGELOG.md that says \"breaking\")" >&2
  exit 1
fi
