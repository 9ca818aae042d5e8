//! Published ports, and what is refused before anything starts.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use crate::test_env::TestEnv;

/// One start in five or so lost its network before there was a handle on it.
const QUICK: usize = 20;

#[test]
fn a_published_port_leads_inside() {
    for test in TestEnv::each() {
        let (id, port) = test.start_published(80, &["serve:80=soup"]);
        test.await_log(&id, "serve listening");
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(b"please").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "soup please");
        assert!(test.row(&id).contains(&format!("127.0.0.1:{port}->80/tcp")), "{}", test.row(&id));
        assert_eq!(test.galley(&["rm", "-f", &id]).code, 0);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the port is still open");
        test.assert_clean(&[id]);
    }
}

/// The network of a program that ends at once is gone as soon: it must have been found
/// before.
#[test]
fn a_program_that_ends_at_once_had_its_port() {
    for test in TestEnv::each() {
        for _ in 0..QUICK {
            let (done, _) = test.run_published(&["--rm", "--network", "none"], 80, &["exit:7"]);
            assert_eq!(done.code, 7, "{}", done.err);
        }
    }
}

#[test]
fn what_is_taken_is_refused_before_anything_starts() {
    for test in TestEnv::each() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let ports = format!("{}:80", held.local_addr().unwrap());
        for mode in [&["-d"][..], &[]] {
            let done = test.run(&[mode, &["-p", &ports]].concat(), &["write:/started=yes"]);
            assert_eq!(done.code, 125);
            assert!(done.err.contains("cannot listen on 127.0.0.1"), "{}", done.err);
        }
        assert!(!test.root.inside("/started").exists(), "the program ran, though its port was taken");
        test.assert_clean(&[]);

        let id = test.start(&["--name", "kitchen"], &["pause:60"]);
        for mode in [&["-d"][..], &[]] {
            let done = test.run(&[mode, &["--name", "kitchen"]].concat(), &["write:/started=yes"]);
            assert_eq!(done.code, 125);
            assert!(done.err.contains("'kitchen' is taken"), "{}", done.err);
        }
        assert!(!test.root.inside("/started").exists(), "the program ran, though its name was taken");
        assert_eq!(test.galley(&["ps", "-aq"]).out.trim(), &id[..12], "only the first is there");
        assert_eq!(test.galley(&["rm", "-f", "kitchen"]).code, 0);
        test.assert_clean(&[id]);
    }
}
