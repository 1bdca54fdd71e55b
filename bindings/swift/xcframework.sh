#!/bin/sh
# Makes fido_unlockFFI.xcframework beside Package.swift, for iOS, its simulator and macOS. Needs a Mac with Xcode
# and rustup. Never run on the machines that this project is built on: they are no Macs.
set -eu

name=fido_unlockFFI
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out="$root/target/xcframework"
cd "$root"

# build TARGET [FEATURES]: the static library; its path is printed.
build() {
    rustup target add "$1" >&2
    cargo rustc --locked --profile ship -p fido-unlock-ffi --crate-type staticlib --target "$1" --features "${2:-default}" >&2
    echo "$root/target/$1/ship/libfido_unlock_ffi.a"
}

# join NAME LIBRARY...: one library for several processors; its path is printed.
join() {
    mkdir -p "$out/$1"
    to="$out/$1/libfido_unlock_ffi.a"
    shift
    lipo -create "$@" -output "$to"
    echo "$to"
}

rm -rf "$out" "$here/$name.xcframework"
headers="$out/headers/$name"
mkdir -p "$headers"
cp "$here/Sources/$name/$name.h" "$headers/"
# Without `link`: the framework says by itself what is linked.
grep -v '^ *link ' "$here/Sources/$name/module.modulemap" >"$headers/module.modulemap"

ios=$(build aarch64-apple-ios)
sim_arm=$(build aarch64-apple-ios-sim)
sim_intel=$(build x86_64-apple-ios)
mac_arm=$(build aarch64-apple-darwin hid,pcsc)
mac_intel=$(build x86_64-apple-darwin hid,pcsc)

simulator=$(join simulator "$sim_arm" "$sim_intel")
mac=$(join macos "$mac_arm" "$mac_intel")

xcodebuild -create-xcframework \
    -library "$ios" -headers "$out/headers" \
    -library "$simulator" -headers "$out/headers" \
    -library "$mac" -headers "$out/headers" \
    -output "$here/$name.xcframework"
