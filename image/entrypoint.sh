#!/bin/sh
# Puts the kernels that came with the image into NUMBA_CACHE_DIR, then becomes the command it is given.
# Numba writes beside what it reads: of a folder that cannot be written it makes no use, and every process would compile
# for itself. So where NUMBA_CACHE_DIR cannot be written, a folder in TMPDIR takes its place.
set -eu

warm=/opt/mfn/share/kernels

usable() {
  mkdir -p "$1" 2>/dev/null && [ -w "$1" ] && [ -x "$1" ]
}

seeded() {
  cmp -s "$warm/made-from" "$1/made-from"
}

# Each module's folder is copied beside its place and then renamed: no process ever reads half a copy. `made-from` goes
# first and comes last, so that whatever ends this in between has the next start do it again. One start at a time: the
# folder itself is locked, and a draft that lies there under the lock is one of a start that was killed.
seed() (
  exec 9<"$1" && flock --wait 60 9 || exit 1
  ! seeded "$1" || exit 0
  trap 'rm -rf "$1"/seed.*' EXIT
  trap 'exit 1' HUP INT TERM
  rm -rf "$1"/seed.* "$1/made-from" || exit 1
  draft=$(mktemp -d "$1/seed.XXXXXX") && mkdir "$draft/old" || exit 1
  cp -R --preserve=timestamps "$warm" "$draft/new" || exit 1
  for folder in "$draft"/new/*/; do
    folder=${folder%/} name=${folder##*/}
    [ ! -e "$1/$name" ] || mv -T "$1/$name" "$draft/old/$name" || exit 1
    mv -T "$folder" "$1/$name" || exit 1
  done
  mv -T "$draft/new/made-from" "$1/made-from"
)

: "${NUMBA_CACHE_DIR:=/var/cache/mfn/kernels}"
usable "$NUMBA_CACHE_DIR" || NUMBA_CACHE_DIR=$(mktemp -d 2>/dev/null) || NUMBA_CACHE_DIR=
if [ -n "$NUMBA_CACHE_DIR" ]; then
  export NUMBA_CACHE_DIR
  seeded "$NUMBA_CACHE_DIR" || seed "$NUMBA_CACHE_DIR" || echo "The image's kernels could not be copied." >&2
else
  unset NUMBA_CACHE_DIR
fi

exec "$@"
