#if canImport(CryptoTokenKit)
    import CryptoTokenKit
    import Foundation

    /// A card or key in a reader of macOS, or of iOS 16 and newer with a USB-C reader. The host has found
    /// the slot (`TKSmartCardSlotManager`) and made the card; it stays the host's.
    public final class SmartCardPipe: ApduChannel, @unchecked Sendable {
        private let card: TKSmartCard

        public init(_ card: TKSmartCard) {
            self.card = card
        }

        public func transmit(apdu: Data, timeoutMs: UInt32) throws -> Data {
            try waitForReply(timeoutMs: timeoutMs) { done in
                card.transmit(apdu) { response, error in
                    if let response {
                        done(.success(response))
                    } else {
                        done(.failure(self.pipeError(error)))
                    }
                }
            }
        }

        public func extendedLength() throws -> Bool {
            card.slot.maxInputLength > 261
        }

        public func beginTransaction(timeoutMs: UInt32) throws {
            let begun: Bool = try waitForReply(timeoutMs: timeoutMs) { done in
                card.beginSession { begun, error in
                    if let error {
                        done(.failure(self.pipeError(error)))
                    } else {
                        done(.success(begun))
                    }
                }
            }
            if !begun { throw PipeError.Busy }
        }

        public func endTransaction() throws {
            card.endSession()
        }

        public func reconnect(timeoutMs: UInt32) throws {
            // A card that was reset is connected again by the next session.
            if !card.isValid { throw PipeError.Gone }
        }

        private func pipeError(_ error: Error?) -> PipeError {
            if !card.isValid { return .Gone }
            guard let error = error as NSError? else { return .Gone }
            return .Failed(code: Int64(error.code))
        }
    }
#endif
