// swift-tools-version: 6.0
import PackageDescription

// Not built here: there is no Swift toolchain on the machines that this project is built on.
let package = Package(
    name: "FidoUnlock",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [
        .library(name: "FidoUnlock", targets: ["FidoUnlock"])
    ],
    targets: [
        // The C header that UniFFI writes; the library is found by the linker (-L).
        .systemLibrary(name: "fido_unlockFFI"),
        .target(name: "FidoUnlock", dependencies: ["fido_unlockFFI"]),
        .testTarget(name: "FidoUnlockTests", dependencies: ["FidoUnlock"]),
    ]
)
