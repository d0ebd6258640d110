//! Once a minute: what was stored and not broadcast, and sockets that ended without a word.

fn main() -> std::process::ExitCode {
    parlour::function::task::serve::<sweep::Sweep>()
}
