//! The command line of `local` as `cargo local`, which is how it is called where the shell takes `local` for itself.

#[tokio::main]
async fn main() {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    // Cargo hands on the name of the subcommand; whoever calls `cargo-local` does not.
    if arguments.get(1).is_some_and(|first| first == "local") {
        arguments.remove(1);
    }
    std::process::exit(local::commands::main(arguments).await)
}
