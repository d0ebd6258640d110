//! `$connect`: lets a socket in, if it shows whose it is.

fn main() -> std::process::ExitCode {
    parlour::function::socket::serve::<connect::Connect>()
}
