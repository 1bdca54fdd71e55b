package io.github.fidounlock

import java.math.BigInteger
import java.security.Signature
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

/** The whole unlock over pcscd: a pipe in Kotlin, a card in a virtual reader, a check of the passkey by the JDK. */
class CardTest {
    private fun <R> PcscCard.fido(work: (Device) -> R): R = Device.openApdu(this, Interface.FIDO).use(work)

    private fun signIn(party: MockRelyingParty, card: PcscCard, passkey: MockPasskey, pin: String) {
        val made = card.fido { party.signInOn(it, passkey, pin) }
        val verifier = Signature.getInstance("SHA256withECDSA")
        verifier.initVerify(ecPublicKey(BigInteger(1, passkey.x), BigInteger(1, passkey.y)))
        verifier.update(made.authData + made.clientDataHash)
        assertTrue(verifier.verify(made.signature))
    }

    @ParameterizedTest
    @EnumSource(Suite::class)
    fun `a card in a reader is unlocked and its passkey still signs`(suite: Suite) = PcscCard().use { card ->
        val issuer = IssuerKey.make(suite)
        val party = MockRelyingParty("example.com")
        // The card of the test before is as a new one.
        card.fido { mockReset(it) }
        val enrolled = Enrollment().use { plan ->
            plan.addKey(SLOT, issuer)
            card.fido { plan.run(it, null, null, null) }
        }
        card.fido { mockSetPin(it, OLD_PIN) }
        val passkey = card.fido { party.makePasskeyOn(it, "user-1", OLD_PIN) }
        signIn(party, card, passkey, OLD_PIN)

        val numbers = generateSequence {
            val error = assertThrows<UnlockException> { card.fido { mockTryPin(it, "Winter24") } }
            if (error.number == 103) card.reset()
            error.number
        }.takeWhile { it != 116 }.take(12).toList()
        assertEquals(listOf(115, 115, 103, 115, 115, 103, 115), numbers)

        // The unlock applet, which any process may select; the card is taken out in between.
        val (saved, code) = Device.openApdu(card, Interface.VENDOR).use { device ->
            UnlockSession.begin(device, null, null, null).use { session ->
                assertEquals(Interface.VENDOR, device.activeInterface())
                session.save() to mockRespond(issuer, enrolled.deviceId, enrolled.deviceKey, session.challenge())
            }
        }
        card.reset()
        Device.openApdu(card, Interface.VENDOR).use { device ->
            UnlockSession.restore(saved).use { session ->
                session.unlock(device, code, NEW_PIN, NEW_PIN, null, null, null, null)
                assertEquals(UnlockOutcome.UNLOCKED, session.resolve(device, null, null))
            }
        }
        signIn(party, card, passkey, NEW_PIN)
        refused<UnlockException.Device>(115) { card.fido { mockTryPin(it, OLD_PIN) } }
        Unit
    }

    companion object {
        private lateinit var reader: CardReader

        @JvmStatic
        @BeforeAll
        fun start() {
            reader = CardReader()
        }

        @JvmStatic
        @AfterAll
        fun stop() = reader.close()
    }
}
