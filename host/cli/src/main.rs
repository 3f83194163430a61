//! The `portcullis` program. Everything is in the library, where tests reach it in process.

/// A decision makes and drops some hundred small objects, and its record is dropped by another thread than made it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    portcullis_cli::main()
}
