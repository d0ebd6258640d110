//! A part of a broadcast to a large room.

fn main() -> std::process::ExitCode {
    parlour::function::task::serve::<fanout::Fan>()
}
