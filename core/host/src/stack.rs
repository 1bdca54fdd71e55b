//! What cryptography leaves on the stack.

use zeroize::zeroize_stack;

/// Bytes of stack that one key agreement, encryption and MAC reach down to, with room to spare: 5 KiB were
/// seen by `p256`, 10 by `graviola`; 15 and 33 without optimisation.
const STACK_BELOW: usize = if cfg!(debug_assertions) { 64 } else { 16 } * 1024;

/// Wipes the stack below the caller's frame, where ciphers that are moved by value leave copies of
/// their round keys, the first of which is the key. For hosts, whose stacks are large; called
/// right after the function that did the cryptography.
#[inline(never)]
pub(crate) fn clear_stack_below() {
    zeroize_stack::<STACK_BELOW>();
}
