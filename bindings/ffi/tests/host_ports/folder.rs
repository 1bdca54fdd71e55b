//! A desk over a database in a file.

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock_ffi::*;

use super::host::{CalledBack, Hsm, Messages, PASSWORD};
use super::{NEW_PIN, new_device, number, rules, user};
