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

/// Puts it right.
///
/// # Errors
/// Where the text is not there, so that a newer UniFFI is looked at again.
pub fn correct(text: &str) -> Result<String> {
    let mut text = text.to_owned();
    for (from, to) in [CATCH, ARGUMENT, STACK_TRACE, LIFT, LOWER] {
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
        let all = format!(
            "{}\n{}\n{}\n{}\n{}\n{}",
            CATCH.0, ARGUMENT.0, STACK_TRACE.0, STACK_TRACE.0, LIFT.0, LOWER.0
        );
        let right = correct(&all).unwrap();
        for wrong in ["kotlin.Exception", "value.uniffiCloneHandle", "stackTrace"] {
            assert!(!right.contains(wrong), "{wrong}");
        }
    }
}
