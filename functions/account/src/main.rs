//! `/sessions`, `POST /password` and `DELETE /account`: what somebody who is signed in does about that.

fn main() -> std::process::ExitCode {
    parlour::function::http::serve::<account::Account>()
}
