#!/bin/sh
# Builds dist/ from src/ and packages of npm, and writes dist.lock, which ties them together. It needs Node 20 and npm.
#
#   crates/server/dashboard/build.sh          build, and put the results beside this script
#   crates/server/dashboard/build.sh --check  build, and fail if the results are not the committed ones
set -eu
cd "$(dirname "$0")"
here=$PWD
say() { echo "dashboard/build.sh: $*" >&2; }
fail() { say "$*"; exit 1; }

for tool in node npm; do
  command -v "$tool" >/dev/null || fail "$tool is missing: install Node 20 or newer"
done
work=${CARGO_TARGET_DIR:-$here/../../../target}/dashboard
mkdir -p "$work"
rm -rf "$work/src" "$work/dist"
cp -R .npmrc package.json package-lock.json build.mjs src "$work"
(cd "$work" && npm ci --silent && node build.mjs) || fail "src/ cannot be bundled"

if [ "${1-}" = --check ]; then
  diff -r "$work/dist" dist >/dev/null ||
    fail "dist/ is not what its sources give: run crates/server/dashboard/build.sh and commit the result"
  say "dist/ is what its sources give"
  exit
fi
rm -rf dist
cp -R "$work/dist" dist
sources=$(find .npmrc build.mjs build.sh package.json package-lock.json src dist -type f | LC_ALL=C sort)
# shellcheck disable=SC2086 # one argument a file; none has a blank in its name
sha256sum $sources >dist.lock
say "wrote dist/ ($(cat dist/* | wc -c) bytes) and dist.lock"
