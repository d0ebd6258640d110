//! The command line of `local`.

#[tokio::main]
async fn main() {
    std::process::exit(local::commands::main(std::env::args_os().collect()).await)
}
