//! Step 4: a connection crosses into the container's network.

use std::fs::File;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use crate::error::{Error, Result};
use crate::port::Port;

/// Binds every port on the host, before anything is started: a port in use must
/// be an error while there is still nothing to undo.
///
/// # Errors
/// [`Error::Listen`] with the address.
pub fn listen(ports: &[Port]) -> Result<Vec<(TcpListener, u16)>> {
    ports
        .iter()
        .map(|port| match TcpListener::bind(port.host) {
            Ok(listener) => Ok((listener, port.container)),
            Err(source) => Err(Error::Listen { address: port.host, source }),
        })
        .collect()
}

/// Serves the published ports until the process is ended.
///
/// A socket belongs for life to the network namespace it was *created* in, not
/// to the one its process is in now (network_namespaces(7)). So the listeners,
/// made outside, stay outside, while this process moves in; each connection it
/// opens from then on starts inside, where the container listens on 127.0.0.1.
/// No root, no bridge, no firewall rule.
///
/// `namespace` is an open `/proc/PID/ns/net` of the container. The caller has a
/// process to spare for this, with one thread.
///
/// # Errors
/// setns(2): EPERM if the namespace is not the caller's to enter.
pub fn publish(listeners: Vec<(TcpListener, u16)>, namespace: &File) -> Result<()> {
    // ANCHOR: publish
    let _ = (&listeners, &namespace); // what you have to work with
    todo!("ch6 step 4: carry connections into the container")
    // ANCHOR_END: publish
}

/// Copies both ways until both sides are done. The end of one direction is passed
/// on, so that a client that has sent its request can still read the answer.
pub fn join(outside: &TcpStream, inside: &TcpStream) {
    let one_way = |mut from: &TcpStream, mut to: &TcpStream| {
        // A connection cut short is for its two ends to notice, not for the one between.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    };
    thread::scope(|scope| {
        scope.spawn(|| one_way(outside, inside));
        one_way(inside, outside);
    });
}
