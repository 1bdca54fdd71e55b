//! The device side in an authenticator without an operating system: one C function that a CTAP stack
//! calls for command 0x55. RAM stands for flash here; a board brings its own.
//!
//! Built by `cargo xtask firmware` on every CI run. It has a panic handler of its own, so a dependency
//! that needs std fails the build.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

extern crate alloc;

mod board;

use core::panic::PanicInfo;

use embedded_alloc::LlffHeap;
use fido_unlock_device::{UnlockHandler, Ports};
use fido_unlock_protocol::Interface;

#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // A real board resets here.
    loop {
        core::hint::spin_loop();
    }
}

/// All that the unlock keeps in RAM, and the board it runs on.
struct Firmware {
    unlock: UnlockHandler,
    board: board::Board,
}

/// Runs one command. Returns the answer's length, or 0 where `answer` is too small.
///
/// # Safety
/// `firmware` must come from [`fido_unlock_start`] and not be in use; `request` must be readable for
/// `request_length` bytes and `answer` writable for `answer_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fido_unlock_command(
    firmware: *mut core::ffi::c_void,
    vendor_interface: bool,
    request: *const u8,
    request_length: usize,
    answer: *mut u8,
    answer_size: usize,
) -> usize {
    // SAFETY: the caller promises all three, see above.
    let (firmware, request, answer) = unsafe {
        (
            &mut *firmware.cast::<Firmware>(),
            core::slice::from_raw_parts(request, request_length),
            core::slice::from_raw_parts_mut(answer, answer_size),
        )
    };
    let interface = if vendor_interface {
        Interface::Vendor
    } else {
        Interface::Fido
    };
    let board = &mut firmware.board;
    let mut ports = Ports {
        store: &mut board.flash,
        client_pin: &mut board.client_pin,
        presence: &mut board.button,
        entropy: &mut board.noise,
        counter: None,
    };
    let out = firmware.unlock.handle(interface, request, &mut ports);
    match answer.get_mut(..out.len()) {
        Some(place) => {
            place.copy_from_slice(&out);
            out.len()
        }
        None => 0,
    }
}

/// Gives the library `heap_size` bytes at `heap` and starts it.
///
/// # Safety
/// To be called once; `heap` must be writable for `heap_size` bytes and never used otherwise.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fido_unlock_start(heap: *mut u8, heap_size: usize) -> *mut core::ffi::c_void {
    // SAFETY: the caller promises it, see above.
    unsafe { HEAP.init(heap as usize, heap_size) };
    let firmware = Firmware {
        unlock: UnlockHandler::new(),
        board: board::Board::new(),
    };
    alloc::boxed::Box::into_raw(alloc::boxed::Box::new(firmware)).cast()
}
