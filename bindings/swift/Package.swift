// swift-tools-version: 6.0
import Foundation
import PackageDescription

// The C library: the XCFramework that xcframework.sh put beside this file, or else the one that the linker
// finds (-L).
let framework = "fido_unlockFFI.xcframework"
let isThere = FileManager.default.fileExists(atPath: Context.packageDirectory + "/" + framework)
let library: Target = isThere
    ? .binaryTarget(name: "fido_unlockFFI", path: framework)
    : .systemLibrary(name: "fido_unlockFFI")

// On Linux, with OpenSSL's headers, and with a library and generated sources that have the software
// authenticator: the README says how.
let withMock: [Target] = Context.environment["FIDO_UNLOCK_MOCK"] == nil
    ? []
    : [
        .target(name: "TestCrypto", path: "Tests/TestCrypto", linkerSettings: [.linkedLibrary("crypto")]),
        .testTarget(name: "MockTests", dependencies: ["FidoUnlock", "TestCrypto"]),
    ]

let package = Package(
    name: "FidoUnlock",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [
        .library(name: "FidoUnlock", targets: ["FidoUnlock"])
    ],
    targets: [
        library,
        .target(
            name: "FidoUnlock",
            dependencies: ["fido_unlockFFI"],
            // What the static library of the XCFramework calls: USB keys and smart cards of a Mac.
            linkerSettings: [
                .linkedFramework("CoreFoundation", .when(platforms: [.macOS])),
                .linkedFramework("AppKit", .when(platforms: [.macOS])),
                .linkedFramework("IOKit", .when(platforms: [.macOS])),
                .linkedFramework("PCSC", .when(platforms: [.macOS])),
            ]
        ),
        .testTarget(name: "FidoUnlockTests", dependencies: ["FidoUnlock"]),
    ] + withMock
)
