//! What the functions of Parlour share.
