//! `local` from outside: real processes, real sockets.

mod gateway;
