//! The command line of `local`.

fn main() {}
