#if canImport(CoreNFC)
    import CoreNFC
    import Foundation

    /// A card or key held to an iPhone. The host runs the `NFCTagReaderSession` and has connected the tag.
    /// The program's Info.plist must name the applets under
    /// `com.apple.developer.nfc.readersession.iso7816.select-identifiers`: F06669646F2D756E6C6F636B (the unlock
    /// applet) and A0000006472F0001 (FIDO). iOS refuses to select others.
    public final class NfcTagPipe: ApduChannel, @unchecked Sendable {
        private let tag: NFCISO7816Tag

        public init(_ tag: NFCISO7816Tag) {
            self.tag = tag
        }

        public func transmit(apdu: Data, timeoutMs: UInt32) throws -> Data {
            guard let command = NFCISO7816APDU(data: apdu) else { throw PipeError.Failed(code: 0) }
            return try waitForReply(timeoutMs: timeoutMs) { done in
                tag.sendCommand(apdu: command) { response, sw1, sw2, error in
                    if let error {
                        done(.failure(self.pipeError(error)))
                    } else {
                        done(.success(response + [sw1, sw2]))
                    }
                }
            }
        }

        public func extendedLength() throws -> Bool {
            true
        }

        // The tag belongs to the program in front.
        public func beginTransaction(timeoutMs: UInt32) throws {}

        public func endTransaction() throws {}

        public func reconnect(timeoutMs: UInt32) throws {
            if !tag.isAvailable { throw PipeError.Gone }
        }

        private func pipeError(_ error: Error) -> PipeError {
            guard let error = error as? NFCReaderError else { return .Failed(code: Int64((error as NSError).code)) }
            switch error.code {
            case .readerTransceiveErrorTagConnectionLost, .readerTransceiveErrorTagNotConnected,
                .readerSessionInvalidationErrorSessionTerminatedUnexpectedly,
                .readerSessionInvalidationErrorUserCanceled, .readerSessionInvalidationErrorSessionTimeout:
                return .Gone
            default:
                return .Failed(code: Int64(error.code.rawValue))
            }
        }
    }
#endif
