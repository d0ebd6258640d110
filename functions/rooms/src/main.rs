//! `/rooms …`: the rooms that are mine, those that anybody may enter, and who is in them.

fn main() -> std::process::ExitCode {
    parlour::function::http::serve::<rooms::Rooms>()
}
