//! `$disconnect`: a socket has ended; the others hear if it was the last of somebody.

fn main() -> std::process::ExitCode {
    parlour::function::socket::serve::<disconnect::Disconnect>()
}
