import Foundation
import TestCrypto

/// What OpenSSL refused.
struct CryptoFailed: Error {}

/// `work` fills so many bytes.
private func filled(_ count: Int, _ work: (UnsafeMutablePointer<UInt8>) -> Bool) throws -> Data {
    var bytes = [UInt8](repeating: 0, count: count)
    guard bytes.withUnsafeMutableBufferPointer({ work($0.baseAddress!) }) else { throw CryptoFailed() }
    return Data(bytes)
}

func sha256(_ message: Data) throws -> Data {
    let message = [UInt8](message)
    return try filled(32) { TestCrypto.sha256(message, message.count, $0) }
}

func hmac(key: Data, message: Data) throws -> Data {
    let (key, message) = ([UInt8](key), [UInt8](message))
    return try filled(32) { hmac_sha256(key, key.count, message, message.count, $0) }
}

func aes256(key: Data, block: Data) throws -> Data {
    let (key, block) = ([UInt8](key), [UInt8](block))
    guard key.count == 32, block.count == 16 else { throw CryptoFailed() }
    return try filled(16) { aes256_block(key, block, $0) }
}

/// `signature`: r and s; `point`: SEC 1.
func verify(point: Data, message: Data, signature: Data) -> Bool {
    let (point, message, signature) = ([UInt8](point), [UInt8](message), [UInt8](signature))
    return signature.count == 64 && p256_verify(point, point.count, message, message.count, signature)
}

/// `signature`: DER.
func verify(x: Data, y: Data, message: Data, der: Data) -> Bool {
    let (point, message, der) = ([4] + [UInt8](x) + [UInt8](y), [UInt8](message), [UInt8](der))
    return p256_verify_der(point, point.count, message, message.count, der, der.count)
}

/// The host's HSM: a key that never leaves it.
final class Hsm: @unchecked Sendable {
    private let key: UnsafeMutableRawPointer

    init() {
        guard let key = p256_make() else { fatalError("no P-256 key") }
        self.key = key
    }

    deinit { p256_free(key) }

    /// Compressed.
    func publicKey() throws -> Data { try filled(33) { p256_public_key(key, $0) } }

    func sign(_ message: Data) throws -> Data {
        let message = [UInt8](message)
        return try filled(64) { p256_sign(key, message, message.count, $0) }
    }

    /// Suite 2's: HMAC under the point that this key and the device's share.
    func mac(deviceKey: Data, message: Data) throws -> Data {
        let point = [UInt8](deviceKey)
        guard point.count == 33 else { throw CryptoFailed() }
        return try hmac(key: filled(32) { p256_agree(key, point, $0) }, message: message)
    }
}

extension Data {
    var hex: String { map { String(format: "%02x", $0) }.joined() }

    /// Of an even number of digits.
    init(hex: String) {
        let digits = Array(hex.utf8)
        self.init(
            stride(from: 0, to: digits.count, by: 2).map { UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)! })
    }
}
