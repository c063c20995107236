//! The registrar against services that fail: every call of a deployment, with everything that can go wrong with it.
//!
//! The commands run as a library, in this process and in virtual time: the runtime's clock is paused and moves on when
//! everybody waits, so that ten minutes of patience cost nothing. A real local AWS answers, in real time, on loopback.
//! What lies between spoils calls and records them.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops, and says why")]

mod bench;
mod cell;
mod cloud;
mod connector;
mod fault;
mod matrix;
mod operation;
mod refused;
mod rollback;
mod row;
mod rows_of_appflow;
mod rows_of_lambda;
mod scenes;
mod scenes_of_others;
mod tally;
mod wire;
