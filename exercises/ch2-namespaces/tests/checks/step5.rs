use checks::{PausedProgram, kernel};

use super::probe;

#[test]
fn loopback_answers_in_a_network_of_its_own() {
    let mut held = PausedProgram::start(&super::program(), &["loopback-up", probe(), "interfaces", "loopback", "hold"]);
    let mut view = held.report(2);
    view.add("namespaces", kernel::compare_namespaces(held.probe_id()));
    checks::view!("network", view, {
        "interfaces" => "`lo` must be the only interface, and up: read its flags, add IFF_UP, write them back",
        "loopback" => "a connection to 127.0.0.1 fails: `lo` is down in the namespace of the program",
        "namespaces" => "the network namespace, and no other, must be new",
    });
    held.release();
}

#[test]
fn the_flags_are_written_not_only_read() {
    let mut held = PausedProgram::start(&super::program(), &["loopback-up", probe(), "pid", "hold"]);
    held.report(1);
    // Of a network that is down, the kernel has no route to 127.0.0.0/8.
    let routes = kernel::file(held.probe_id(), "net/fib_trie");
    assert!(
        routes.contains("127.0.0.1"),
        "the kernel has no route to 127.0.0.1 in the program's network: `lo` is down"
    );
    held.release();
}
