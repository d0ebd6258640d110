//! What somebody would try who wants what is not theirs. Each of these is refused, and costs nobody else anything.

mod enumeration;
mod floods;
mod operators;
mod sessions;
