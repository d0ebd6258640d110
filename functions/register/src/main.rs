//! `POST /register`: makes an account and signs its owner in.

fn main() -> std::process::ExitCode {
    parlour::function::http::serve::<register::Register>()
}
