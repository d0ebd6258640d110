//! `POST /login`, `POST /refresh` and `POST /logout`: the life of a session.

fn main() -> std::process::ExitCode {
    parlour::function::http::serve::<login::Login>()
}
