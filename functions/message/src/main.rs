//! `$default`: everything a client asks over its socket.

fn main() -> std::process::ExitCode {
    parlour::function::socket::serve::<message::Message>()
}
