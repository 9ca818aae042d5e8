//! Step 4: a connection crosses into the container's network.

use std::fs::File;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::port::Port;

/// How many connections a published port carries at once. More clients wait in the
/// kernel's queue, see listen(2).
pub const MAX_CONNECTIONS: usize = 100;

/// How long to wait after accept(2) has failed.
pub const RETRY_DELAY: Duration = Duration::from_millis(100);

/// Binds every port on the host, before anything is started: a port in use must
/// be an error while there is still nothing to undo.
///
/// # Errors
/// [`Error::Listen`] with the address.
pub fn listen(ports: &[Port]) -> Result<Vec<(TcpListener, u16)>> {
    let bind = |port: &Port| match TcpListener::bind(port.host) {
        Ok(listener) => Ok((listener, port.container)),
        Err(source) => Err(Error::Listen { address: port.host, source }),
    };
    ports.iter().map(bind).collect()
}

/// Serves the published ports until the process is ended from outside.
///
/// A socket belongs for life to the network namespace that it was *created* in, not to
/// the one its process is in now (network_namespaces(7)). So the listeners, made
/// outside, stay outside while this process moves into `namespace`, an open
/// `/proc/PID/ns/net` of the container. Each connection that it opens from then on
/// starts inside, where the container listens on 127.0.0.1. Where nobody listens, the
/// client is disconnected.
///
/// At most [`MAX_CONNECTIONS`] are carried at once for each port, by [`relay`]. accept(2)
/// fails at once while descriptors have run out (`EMFILE`), and then again: without a
/// pause of [`RETRY_DELAY`] the loop would use a whole processor until one is free.
///
/// # Errors
/// setns(2): `EPERM` if the namespace is not the caller's to enter.
pub fn publish(listeners: Vec<(TcpListener, u16)>, namespace: &File) -> Result<()> {
    // ANCHOR: publish
    use std::net::Ipv4Addr;
    use std::sync::mpsc;

    use nix::sched::{CloneFlags, setns};
    use sys::Context;

    // A thread begins in the namespaces of the thread that made it: all of these are inside.
    setns(namespace, CloneFlags::CLONE_NEWNET).call("setns")?;
    let serve = |listener: TcpListener, port: u16| {
        // To carry a connection takes a ticket; its end gives the ticket back.
        let (give_back, tickets) = mpsc::channel();
        let _ = (0..MAX_CONNECTIONS).try_for_each(|_| give_back.send(()));
        loop {
            let Ok((outside, _)) = listener.accept() else {
                thread::sleep(RETRY_DELAY);
                continue;
            };
            // Waits while all are given out. It cannot fail: this thread has a sender too.
            let _ = tickets.recv();
            let give_back = give_back.clone();
            thread::spawn(move || {
                if let Ok(inside) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
                    relay(&outside, &inside);
                }
                give_back.send(())
            });
        }
    };
    thread::scope(|scope| {
        for (listener, port) in listeners {
            scope.spawn(move || serve(listener, port));
        }
    });
    Ok(())
    // ANCHOR_END: publish
}

/// Copies both ways until both sides are done. The end of one direction is passed
/// on, so that a client that has sent its request can still read the answer.
pub fn relay(outside: &TcpStream, inside: &TcpStream) {
    let one_way = |mut from: &TcpStream, mut to: &TcpStream| {
        // A connection cut short is for its two ends to notice, not for the relay.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    };
    thread::scope(|scope| {
        scope.spawn(|| one_way(outside, inside));
        one_way(inside, outside);
    });
}
