//! For tests of agents, in this language and in others: the console they ask, its locked key, and what may stand between.
#![allow(dead_code, reason = "no test needs all of it")]

pub mod console;
pub mod key;
pub mod proxy;
pub mod relay;
