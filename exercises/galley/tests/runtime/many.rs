//! Fifty containers at once.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::test_env::{TestEnv, own_address};

const MANY: usize = 50;

/// Far more than it takes; a start that waits for another would not keep to it.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn fifty_containers_start_answer_stop_and_leave_nothing() {
    TestEnv::each(|test| {
        let begun = Instant::now();
        let address = own_address();
        let dishes: Vec<String> = (0..MANY).map(|number| format!("dish{number}")).collect();
        let starting: Vec<Child> = dishes
            .iter()
            .zip(8000..)
            .map(|(dish, port)| {
                let options = format!("-d --rm --name {dish} -p {address}:{port}:80");
                start(test, &format!("run {options} ROOTFS /bin/probe serve:80={dish}"))
            })
            .collect();
        let ids: BTreeSet<String> = starting.into_iter().map(|child| succeeds(child)[..12].to_owned()).collect();
        assert_eq!(ids.len(), MANY);
        assert_eq!(lines(&test.galley("ps -q")), ids);

        for (dish, port) in dishes.iter().zip(8000..) {
            assert_eq!(ask(&address, port), format!("{dish} please"));
        }

        let stopping: Vec<Child> = dishes.iter().map(|dish| start(test, &format!("stop -t 0 {dish}"))).collect();
        stopping.into_iter().for_each(|child| drop(succeeds(child)));
        assert_eq!(test.galley("ps -a -q"), "");
        assert_eq!(test.left_in("containers"), Vec::<String>::new(), "records are left behind");
        assert_eq!(groups(&ids), Vec::<String>::new(), "control groups are left behind");
        assert!(TcpStream::connect((address.as_str(), 8000)).is_err(), "somebody still listens");
        assert!(begun.elapsed() < LIMIT, "that took {:?}", begun.elapsed());
        eprintln!("{MANY} containers: {:?}", begun.elapsed());
    });
}

fn start(test: &TestEnv, arguments: &str) -> Child {
    test.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn succeeds(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

/// A container's program may take its time until it listens: until then the
/// published port closes the connection.
fn ask(address: &str, port: u16) -> String {
    let deadline = Instant::now() + LIMIT;
    loop {
        let mut answer = String::new();
        let mut stream = TcpStream::connect((address, port)).unwrap();
        let _ = stream.write_all(b"please").and_then(|()| stream.shutdown(Shutdown::Write));
        let _ = stream.read_to_string(&mut answer);
        if !answer.is_empty() || Instant::now() > deadline {
            return answer;
        }
    }
}

/// The directories below the control groups whose name is one of the ids.
fn groups(ids: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![Path::new("/sys/fs/cgroup").to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(entry.path());
                if ids.contains(&*entry.file_name().to_string_lossy()) {
                    found.push(entry.path().display().to_string());
                }
            }
        }
    }
    found
}
