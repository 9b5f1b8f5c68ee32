# Sourced by the scripts beside it: where things are, one line a step, and building without noise.
# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
jobs=${ACCORD_JOBS:-$(nproc)}

step() { echo "== $*"; }
fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

# quietly LOG COMMAND...: output goes to LOG; it is shown only when the command fails.
quietly() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    grep -E -A8 'error:|Error|FAILED|fatal' "$log" | head -n 80 >&2 || tail -n 40 "$log" >&2
    fail "failed: $* (all of it: $log)"
  fi
}

# build PRESET [TARGET...]: configures once (CMake does it again by itself when its files change), then ninja.
build() {
  local preset=$1 directory=$root/build/$1
  shift
  if [[ ! -f $directory/build.ninja || CMakePresets.json -nt $directory/build.ninja ]]; then
    quietly "$directory/configure.log" cmake --preset "$preset"
  fi
  quietly "$directory/build.log" cmake --build "$directory" --parallel "$jobs" ${1:+--target "$@"}
}
