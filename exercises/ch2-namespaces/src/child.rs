//! Step 8: the child's side of a container, between clone and exec.

use std::io::Read;

use sys::Result;

use crate::config::Container;

/// Builds the container around this process, which [`crate::create`] has cloned into its
/// new namespaces. When it returns, all that is left to do is to become the program.
///
/// The process first waits for a byte from `sync_pipe`. Until that comes, the parent does
/// what must be done from outside, such as putting it into a cgroup. If the pipe ends
/// instead, the parent has given up or died, and nothing may be started.
///
/// Then, each where it can still work:
///
/// - a session of its own (setsid(2)), so that ^C at the terminal goes to the parent
///   alone, which forwards it; a mark to be killed when the parent ends
///   (PR_SET_PDEATHSIG(2const)); and the umask 022, whatever the caller's was;
/// - a new cgroup namespace. Its root is the cgroup in which its maker is *at that
///   moment* (cgroup_namespaces(7)), so it cannot come with clone(2);
/// - the hostname;
/// - mounts that no other namespace sees, and among them those that [`mounts::populate`]
///   makes below the rootfs, with device nodes that it takes from the host's `/dev`;
/// - `lo`, if the network is [`crate::Network::Private`];
/// - the new root;
/// - close-on-exec for every descriptor beyond the three standard streams
///   ([`sys::set_cloexec_from`]). Until the exec, the error pipe must still be open.
///
/// # Errors
/// `EIO` if the pipe ends before the byte, and those of the calls.
pub fn container_main(container: &Container, sync_pipe: &mut impl Read) -> Result<()> {
    // ANCHOR: container_main
    let _ = (&container, &sync_pipe); // what you have to work with
    todo!("ch2 step 8: build a container between clone and exec")
    // ANCHOR_END: container_main
}
