// swift-tools-version: 6.0
import PackageDescription

// Not built here: there is no Swift toolchain on the machines that this project is built on.
let package = Package(
    name: "agent",
    platforms: [.macOS(.v13)],
    dependencies: [
        .package(path: "../../bindings/swift")
    ],
    targets: [
        .executableTarget(
            name: "agent",
            dependencies: [.product(name: "FidoUnlock", package: "swift")])
    ]
)
