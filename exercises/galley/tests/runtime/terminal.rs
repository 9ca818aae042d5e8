//! `-t`: what a program in the container sees of a terminal, and what is left of
//! galley's own afterwards.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sys::PidFd;

use crate::screen::Screen;
use crate::test_env::TestEnv;

#[test]
fn a_program_gets_a_terminal_of_the_right_size() {
    TestEnv::each(|test| {
        let command = test.command("run --rm -it ROOTFS /bin/probe tty size env:TERM exit:7");
        let mut screen = Screen::start(command, 33, 101);
        let text = screen.rest();
        assert!(text.contains("tty /dev/pts/0 controlling"), "{text}");
        assert!(text.contains("size 33x101"), "{text}");
        assert!(text.contains("env:TERM xterm"), "{text}");
        assert_eq!(screen.code(), Some(7));
    });
}

#[test]
fn keys_go_in_unseen_and_the_terminal_is_given_back() {
    TestEnv::each(|test| {
        let nonce = checks::nonce();
        let mut screen = Screen::start(test.command("run --rm -it ROOTFS /bin/probe line await:SIGINT"), 24, 80);
        // The container's terminal shows it once as it is typed; a second echo
        // would be galley's own.
        screen.type_in(&format!("{nonce}\r"));
        screen.wait_for("ready SIGINT");
        assert!(screen.is_raw(), "keys such as ^C must not be galley's");
        screen.type_in("\u{3}");
        let text = screen.rest();
        assert!(text.contains(&format!("line {nonce}")), "{text}");
        assert!(text.contains("received SIGINT"), "{text}");
        assert_eq!(screen.code(), Some(0));
        assert!(!screen.is_raw(), "the terminal was not restored");
    });
}

#[test]
fn a_change_of_size_is_passed_on() {
    TestEnv::each(|test| {
        let mut screen = Screen::start(test.command("run --rm -it ROOTFS /bin/probe resized"), 24, 80);
        screen.wait_for("ready resized");
        screen.resize(50, 132);
        let text = screen.rest();
        assert!(text.contains("resized 50x132"), "{text}");
    });
}

#[test]
fn a_killed_galley_leaves_neither_a_raw_terminal_nor_a_container() {
    TestEnv::each(|test| {
        for option in ["", "--init"] {
            let command = test.command(&format!("run -it {option} ROOTFS /bin/probe hostname hold"));
            let mut screen = Screen::start(command, 24, 80);
            screen.wait_for("hostname ");
            screen.wait_until_raw();
            let container = PidFd::open(child(screen.id(), true)).unwrap().unwrap();
            kill(Pid::from_raw(screen.id().cast_signed()), Signal::SIGKILL).unwrap();
            // Nobody has the terminal any more, neither galley nor its carrier.
            screen.rest();
            assert!(!screen.is_raw(), "the terminal was not restored");
            assert_eq!(screen.code(), None);
            assert!(container.wait(Duration::from_secs(10)).unwrap(), "the container lives on");
        }
    });
}

#[test]
fn a_killed_carrier_hangs_up_and_galley_gives_the_terminal_back() {
    TestEnv::each(|test| {
        // Without the way out, whose helper would be another child beside the container.
        let run = "run --rm -it --network none ROOTFS /bin/probe hostname hold";
        let mut screen = Screen::start(test.command(run), 24, 80);
        screen.wait_for("hostname ");
        screen.wait_until_raw();
        kill(Pid::from_raw(child(screen.id(), false)), Signal::SIGKILL).unwrap();
        screen.rest();
        assert_eq!(screen.code(), Some(0));
        assert!(!screen.is_raw(), "the terminal was not restored");
    });
}

/// The child of galley that is in a pid namespace of its own, or the one that is
/// not: the carrier.
fn child(galley: u32, container: bool) -> i32 {
    let namespace = |pid| checks::kernel::namespace(pid, "pid");
    let mut children = checks::kernel::children(galley).into_iter();
    children.find(|child| (namespace(*child) != namespace(galley)) == container).unwrap().cast_signed()
}

#[test]
fn a_program_that_cannot_start_is_reported_on_the_terminal() {
    TestEnv::each(|test| {
        let mut screen = Screen::start(test.command("run --rm -it ROOTFS /bin/none"), 24, 80);
        let text = screen.rest();
        assert!(text.contains("/bin/none"), "{text}");
        assert_eq!(screen.code(), Some(127));
        assert!(!screen.is_raw());
    });
}

#[test]
fn a_lot_of_output_arrives_whole() {
    TestEnv::each(|test| {
        let requests = "list:/bin ".repeat(2000);
        let mut screen = Screen::start(test.command(&format!("run --rm -t ROOTFS /bin/probe {requests}")), 24, 80);
        assert_eq!(screen.rest().matches("list:/bin probe").count(), 2000);
    });
}

#[test]
fn a_pipe_is_no_terminal() {
    TestEnv::each(|test| {
        let (code, _, words) = test.ends("run --rm -it ROOTFS /bin/probe tty");
        assert_eq!(code, 125);
        assert!(words.contains("not a terminal"), "{words}");
    });
}
