//! What of the host is seen inside, and what may be written.

use std::fs;
use std::process::Command;

use crate::test_env::TestEnv;

#[test]
fn nothing_is_written_where_it_should_not_be() {
    for test in TestEnv::each() {
        let shelf = test.root.inside("/tmp");
        let mut command = Command::new("mkdir");
        assert!(command.arg(shelf.join("shelf")).status().unwrap().success());
        let shelf = shelf.join("shelf");
        fs::write(shelf.join("jam"), "plum").unwrap();
        if let Some(id) = test.user {
            std::os::unix::fs::chown(&shelf, Some(id), Some(id)).unwrap();
        }
        let volume = |option: &str| format!("{}:/shelf{option}", shelf.display());

        let done = test.run(&["--rm", "-v", &volume("")], &["read:/shelf/jam", "write:/shelf/new=bread"]);
        assert_eq!(done.view().get("read:/shelf/jam"), "plum", "{}", done.err);
        assert_eq!(fs::read_to_string(shelf.join("new")).unwrap(), "bread", "what was written inside is on the host");

        let done = test.run(&["--rm", "-v", &volume(":ro")], &["read:/shelf/jam", "write:/shelf/more=bread"]);
        assert_eq!(done.view().get("read:/shelf/jam"), "plum", "{}", done.err);
        assert!(done.out.contains("Read-only file system"), ":ro was written to: {}", done.out);
        assert!(!shelf.join("more").exists());

        let done = test.run(&["--rm", "--read-only"], &["read:/nonce", "write:/mark=1", "write:/dev/shm/mark=1"]);
        assert_eq!(done.view().get("read:/nonce"), test.root.nonce(), "{}", done.err);
        assert!(done.view().get("write:/mark=1").contains("Read-only"), "--read-only was written to: {}", done.out);
        assert_eq!(done.view().get("write:/dev/shm/mark=1"), "ok", "memory of its own is still writable");
        assert!(!test.root.inside("/mark").exists());

        assert_eq!(test.run(&["--rm", "-v", "/no/such/place:/shelf"], &[]).code, 125, "a missing source");
        test.assert_clean(&[]);
    }
}

#[test]
fn a_tmpfs_is_empty_small_and_gone_afterwards() {
    for test in TestEnv::each() {
        let volume = format!("{}:/scratch/deep/tmp", test.root.inside("/tmp").display());
        let flags = [
            "--rm",
            "-v",
            &volume,
            "--tmpfs",
            "/scratch:size=64k,mode=750",
            "--tmpfs",
            "/bare:exec",
            "--tmpfs",
            "/shut:ro",
        ];
        let requests =
            ["read:/proc/self/mounts", "copy:/bin/probe=/scratch/full", "write:/bare/x=1", "write:/shut/x=1"];
        let done = test.run(&flags, &[&requests[..], &["list:/scratch/deep"]].concat());
        let view = done.view();
        // Each line of the file: the request, then device, path, kind, options.
        let mounts = &done.out;
        let options = |path: &str| {
            let line = mounts.lines().find(|line| line.split(' ').nth(2) == Some(path));
            let line = line.unwrap_or_else(|| panic!("{path} is not mounted: {mounts}{}", done.err));
            line.split(' ').nth(4).unwrap().to_owned()
        };
        assert!(options("/scratch").starts_with("rw,nosuid,nodev,noexec"), "{}", options("/scratch"));
        assert!(options("/scratch").contains("size=64k") && options("/scratch").contains("mode=750"), "{mounts}");
        assert!(options("/bare").starts_with("rw,nosuid,nodev,relatime"), "{}", options("/bare"));
        assert!(view.get("copy:/bin/probe=/scratch/full").contains("No space left"), "{}", done.out);
        assert_eq!(view.get("write:/bare/x=1"), "ok");
        assert!(view.get("write:/shut/x=1").contains("Read-only"), "{}", done.out);
        assert_eq!(view.get("list:/scratch/deep"), "tmp", "a volume further down is seen");
        assert!(!test.root.inside("/scratch/full").exists() && !test.root.inside("/bare/x").exists());
        let done = test.run(&["--rm", "--tmpfs", "/run:size=lots"], &["write:/started=yes"]);
        assert_eq!((done.code, done.err.lines().count()), (125, 1), "{}", done.err);
        assert!(done.err.contains("'lots' is not a value for size"), "{}", done.err);
        assert!(!test.root.inside("/started").exists());
        test.assert_clean(&[]);
    }
}
