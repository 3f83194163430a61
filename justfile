# Recipes for `just`. Each calls tests/run or cargo; CONTRIBUTING.md explains them.

# Lists the recipes.
default:
    @{{just_executable()}} --list

# Formatting, clippy, and unit tests of what differs from HEAD.
quick:
    tests/run quick

# Unit tests of one crate, e.g. `just unit engine`.
unit crate:
    tests/run unit {{crate}}

# End-to-end tests, or those whose name contains the filter, e.g. `just e2e docker::`.
e2e *filter:
    tests/run e2e {{filter}}

# Every check and every test.
test:
    tests/run

# Serves with the built-in policies.
run *arguments:
    cargo run --release --locked -- {{arguments}}

# Formats the host's workspace.
fmt:
    cargo fmt

# Benchmarks; tests/bench and the crates' benches.
bench *arguments:
    cargo bench --locked {{arguments}}

# Builds the policies and the test guests, and replaces the committed modules.
policies:
    policies/build
