#!/bin/sh
# Builds engine.wasm from this folder and ../wit, and writes engine.lock, which ties the two together.
#
#   guest/build.sh          build, and put the results beside this script
#   guest/build.sh --check  build, and fail if the result is not the committed engine.wasm
#
# What it builds with is the first of these that is there:
#   1. a Rust toolchain of rustup that has the target wasm32-unknown-unknown, and a clang that knows wasm32
#   2. Debian's packages:
#      apt-get install rustc-web rust-web-src clang-22 lld-22 llvm-22 libclang-22-dev
# The two give engines that behave alike and differ in their bytes; the committed one is built the second way.
#
# The target has no WASI, so the guest cannot import any: QuickJS gets its few libc functions from the libc that
# rquickjs-sys brings for this target, and its clock from src/clock.rs.
set -eu
cd "$(dirname "$0")"
guest=$PWD
llvm=${DAYFLY_LLVM:-22}
say() { echo "guest/build.sh: $*" >&2; }
fail() { say "$*"; exit 1; }

command -v cargo >/dev/null || fail "cargo is missing: install Rust, https://rustup.rs"
target=wasm32-unknown-unknown
if [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ] && command -v clang >/dev/null; then
  say "building with rustup's $target"
  export CC_wasm32_unknown_unknown=clang AR_wasm32_unknown_unknown=llvm-ar
  sysroot=$(rustc --print sysroot) std=
  linker=
else
  for tool in /usr/bin/rustc "clang-$llvm" "llvm-ar-$llvm" "wasm-ld-$llvm"; do
    command -v "$tool" >/dev/null || fail "$tool is missing: add the target $target to rustup, or install the" \
      "Debian packages that the head of this script names"
  done
  [ -d /usr/lib/rustlib/src/rust/library ] || fail "the Rust sources are missing: install rust-web-src"
  say "building with Debian's $(/usr/bin/rustc --version)"
  export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
  export CC_wasm32_unknown_unknown="clang-$llvm" AR_wasm32_unknown_unknown="llvm-ar-$llvm"
  export LIBCLANG_PATH="/usr/lib/llvm-$llvm/lib"
  sysroot=$(/usr/bin/rustc --print sysroot) std=-Zbuild-std=std,panic_abort
  linker="-C linker=wasm-ld-$llvm -C linker-flavor=wasm-ld"
fi

# QuickJS with our patch: the registry's package, whose checksum quickjs/Cargo.lock pins, copied and patched.
# --fuzz=0: a package that is not the one the patch was made for stops the build.
package=$(cd quickjs && cargo metadata --locked --format-version 1 | tr ',' '\n' |
  sed -n 's/.*"manifest_path":"\(.*rquickjs-sys-0\.14[^"]*\)\/Cargo.toml".*/\1/p' | head -n 1)
[ -n "$package" ] || fail "cargo did not say where the package rquickjs-sys 0.14 is"
rm -rf target/rquickjs-sys
mkdir -p target
cp -R "$package" target/rquickjs-sys
chmod -R u+w target/rquickjs-sys
# In this order: what quickjs.patch adds, speed.patch may build on; layout.patch describes what the two leave.
for patch in quickjs.patch speed.patch layout.patch; do
  (cd target/rquickjs-sys && patch --quiet --fuzz=0 -p1 <"$guest/quickjs/$patch") ||
    fail "quickjs/$patch does not fit the package rquickjs-sys"
done

# The globals that are written in JavaScript. Deno's packages are asked for one by one: their scripts are used, and not the
# crates that they are made for. js/sources.sha256 pins each file.
for tool in node npm; do
  command -v "$tool" >/dev/null || fail "$tool is missing: install Node 20 or newer"
done
registry=
for package in deno_core@0.413.0 deno_crypto@0.264.0 deno_fetch@0.284.0 deno_web@0.291.0 deno_webidl@0.260.0; do
  cargo info --quiet --registry crates-io "$package" >/dev/null 2>&1 || fail "cargo cannot fetch $package"
  folder=$(find "${CARGO_HOME:-$HOME/.cargo}/registry/src" -maxdepth 2 -type d -name "$(echo "$package" | tr @ -)")
  [ -n "$folder" ] || fail "cargo did not unpack $package"
  registry=$(dirname "$folder")
done
mkdir -p target/js
cp -R js/. target/js
(cd target/js && npm ci --silent && node build.mjs "$registry" ../web.js) || fail "js/ cannot be bundled"

# The same bytes from any folder: no path of this machine goes in. The shadow stack is the first thing in memory, so
# that what overflows it traps; it is larger than the most that `bounds.js-stack` may ask for.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
flags="-msimd128 -mbulk-memory -O3 -DNDEBUG"
export CFLAGS_wasm32_unknown_unknown="$flags -ffile-prefix-map=$guest=guest -ffile-prefix-map=$cargo_home=cargo"
# bindgen passes over hidden functions, and on this target everything is hidden by default.
export BINDGEN_EXTRA_CLANG_ARGS_wasm32_unknown_unknown=-fvisibility=default
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="$linker -C target-feature=+bulk-memory,+simd128 \
  -C link-arg=--stack-first -C link-arg=-zstack-size=917504 --cfg getrandom_backend=\"custom\" \
  --remap-path-prefix=$guest=guest --remap-path-prefix=$cargo_home=cargo --remap-path-prefix=$sysroot=rust"
# shellcheck disable=SC2086 # $std is one option or none
cargo build --locked --release --target $target $std

# The runtime and its globals are made once, here, and not in each build; with the host's toolchain, whichever it is.
say "preparing the engine"
linked=$guest/target/$target/release/dayfly_guest.wasm
built=$guest/target/engine.wasm
# Built with the workspace, and not by itself, which has fewer features of its dependencies and would compile them again.
(cd .. && env -u RUSTC -u RUSTC_BOOTSTRAP cargo build --locked --quiet --workspace --example prepare)
"${CARGO_TARGET_DIR:-../target}/debug/examples/prepare" "$linked" "$built"
if [ "${1-}" = --check ]; then
  cmp "$built" engine.wasm || fail "engine.wasm is not what its sources give: run guest/build.sh and commit the result"
  say "engine.wasm is what its sources give"
  exit
fi
cp "$built" engine.wasm
sources=$(find ../wit src js quickjs build.sh Cargo.toml Cargo.lock -type f ! -path '*/target/*' ! -path '*/node_modules/*' | LC_ALL=C sort)
# shellcheck disable=SC2086 # one argument a file; none has a blank in its name
sha256sum $sources engine.wasm >engine.lock
say "wrote engine.wasm ($(wc -c <engine.wasm) bytes) and engine.lock"
