//! `GET /rooms/{room}/messages`: what was said, in pages.

fn main() -> std::process::ExitCode {
    parlour::function::http::serve::<history::History>()
}
