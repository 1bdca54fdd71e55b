//! What is put right in the Kotlin that UniFFI 0.32.2 writes.

use anyhow::{Result, bail};

/// A callback that throws an `Error` (`StackOverflowError`, `NotImplementedError`) must not get past
/// the callback, or Rust goes on with a result that nobody wrote and the process aborts.
const CATCH: (&str, &str) = (
    "        writeReturn(makeCall())\n    } catch(e: kotlin.Exception) {",
    "        writeReturn(makeCall())\n    } catch(e: Throwable) {",
);
/// A closed object that is given as an argument must be refused, as one that is called is: its handle
/// is freed memory.
const ARGUMENT: (&str, &str) = (
    "return value.uniffiCloneHandle()",
    "return value.callWithHandle { it }",
);
/// The host's stack trace and message stay with the host.
const STACK_TRACE: (&str, &str) = (
    "val err = try { e.stackTraceToString() } catch(_: Throwable) { \"\" }",
    "val err = \"\"",
);
/// A text that Rust gave may be a secret: what it lay in is wiped before it is freed, and the array in between.
const LIFT: (&str, &str) = (
    "            value.asByteBuffer()!!.get(byteArr)
            return byteArr.toString(Charsets.UTF_8)
        } finally {
            RustBuffer.free(value)",
    "            value.asByteBuffer()!!.get(byteArr)
            return try { byteArr.toString(Charsets.UTF_8) } finally { byteArr.fill(0) }
        } finally {
            value.data?.clear(value.len)
            RustBuffer.free(value)",
);
/// A text that goes to Rust may be one too; Rust wipes its own copy.
const LOWER: (&str, &str) = (
    "        rbuf.asByteBuffer()!!.put(byteBuf)
        return rbuf",
    "        rbuf.asByteBuffer()!!.put(byteBuf)
        byteBuf.array().fill(0)
        return rbuf",
);

/// Bytes that are borrowed begin where the buffer's position is, as their length does; JNA gives where the
/// memory begins.
const BORROW: (&str, &str) = (
    "com.sun.jna.Native.getDirectBufferPointer(value)",
    "com.sun.jna.Native.getDirectBufferPointer(value).share(value.position().toLong())",
);
/// The same for a text inside of a compound value, and for the memory that any value came in.
const LIFT_COMPOUND: (&str, &str) = (
    "           return item
        } finally {
            RustBuffer.free(rbuf)",
    "           return item
        } finally {
            rbuf.data?.clear(rbuf.len)
            RustBuffer.free(rbuf)",
);
const READ: (&str, &str) = (
    "        buf.get(byteArr)
        return byteArr.toString(Charsets.UTF_8)",
    "        buf.get(byteArr)
        return try { byteArr.toString(Charsets.UTF_8) } finally { byteArr.fill(0) }",
);

/// A text that is written into a compound value leaves no copy, as one that is lowered alone.
const WRITE: (&str, &str) = (
    "        buf.putInt(byteBuf.limit())
        buf.put(byteBuf)",
    "        buf.putInt(byteBuf.limit())
        buf.put(byteBuf)
        byteBuf.array().fill(0)",
);
/// What was written of a value before a part of it was refused.
const REFUSED: (&str, &str) = (
    "        } catch (e: Throwable) {
            RustBuffer.free(rbuf)",
    "        } catch (e: Throwable) {
            rbuf.data?.clear(rbuf.capacity)
            RustBuffer.free(rbuf)",
);

/// Others' plans have no place in what is shipped here.
const PLAN: (&str, &str) = (
    "        // TODO: maybe we should log a warning if called more than once?\n",
    "",
);

/// All of them.
const PAIRS: &[(&str, &str)] = &[
    CATCH,
    ARGUMENT,
    STACK_TRACE,
    LIFT,
    LOWER,
    BORROW,
    LIFT_COMPOUND,
    READ,
    WRITE,
    REFUSED,
    PLAN,
];

/// Puts it right.
///
/// # Errors
/// Where the text is not there, so that a newer UniFFI is looked at again.
pub fn correct(text: &str) -> Result<String> {
    let mut text = text.to_owned();
    for (from, to) in PAIRS {
        if !text.contains(from) {
            bail!("UniFFI writes other Kotlin than it did; look at this again: {from}");
        }
        text = text.replace(from, to);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_the_places_is_refused() {
        assert!(correct("fun nothing() {}").is_err());
        let all: String = PAIRS.iter().map(|(from, _)| format!("{from}\n")).collect();
        let right = correct(&all).unwrap();
        for wrong in ["kotlin.Exception", "value.uniffiCloneHandle", "stackTrace"] {
            assert!(!right.contains(wrong), "{wrong}");
        }
        for (from, to) in PAIRS {
            assert!(right.contains(to), "{to}");
            assert!(correct(&all.replace(from, "")).is_err(), "{from}");
        }
    }
}
